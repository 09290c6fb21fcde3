/* The kinds of sinks, by the number in a dmap_sink; and what they have in common: longest first, one that wants order
 * gets all parts at the end. */
#include "call/sink.h"

#include <stdlib.h>

#include "base/memory.h"

static const dmap__sink_ops *const kinds[] = {
    [DMAP__SINK_INTO] = &dmap__sink_into,       [DMAP__SINK_COLLECT] = &dmap__sink_collect,
    [DMAP__SINK_EACH] = &dmap__sink_each,       [DMAP__SINK_FOLD] = &dmap__sink_fold,
    [DMAP__SINK_DISCARD] = &dmap__sink_discard, [DMAP__SINK_FOLD_BLOB] = &dmap__sink_fold_blob};

const dmap__sink_ops *dmap__sink_ops_of(int kind) {
    return kind > 0 && (size_t)kind < sizeof kinds / sizeof kinds[0] ? kinds[kind] : NULL;
}

dmap_status dmap__sink_open(dmap__sink *sink, uint64_t count) {
    sink->pace = 1;
    dmap__fold_init(&sink->fold, sink->task, 0);
    return sink->ops->open ? sink->ops->open(sink, count) : DMAP_OK;
}

void dmap__sink_close(dmap__sink *sink) {
    dmap__fold_fini(&sink->fold);
    for (size_t i = 0; i < sink->n_deferred; i++)
        dmap__segment_destroy(sink->deferred[i]);
    free(sink->position_of);
    free(sink->deferred);
    sink->position_of = NULL;
    sink->deferred = NULL;
    sink->n_deferred = 0;
}

dmap__want dmap__sink_want(const dmap__sink *sink) {
    bool is_scattered = sink->has_order || sink->order;
    return sink->ops->want == DMAP__WANT_FOLD && is_scattered ? DMAP__WANT_RESULTS : sink->ops->want;
}

static bool wants_order(const dmap__sink *sink) {
    return sink->ops->is_ordered && !(sink->ops->may_be_unordered && sink->unordered);
}

bool dmap__sink_is_ordered(const dmap__sink *sink) {
    return wants_order(sink) && !sink->order;
}

void *dmap__sink_place(const dmap__sink *sink, uint64_t begin) {
    return sink->ops->place && !sink->order ? sink->ops->place(sink, begin) : NULL;
}

static dmap__sink_said defer(dmap__sink *sink, dmap__segment *part) {
    if (!dmap__memory_grow(&sink->deferred, &sink->deferred_capacity, sink->n_deferred + 1, sizeof *sink->deferred))
        return DMAP__SINK_NO_MEMORY;
    sink->deferred[sink->n_deferred++] = part;
    return DMAP__SINK_DONE;
}

dmap__sink_said dmap__sink_deliver(dmap__sink *sink, dmap__segment *part) {
    dmap__sink_said said = DMAP__SINK_DONE;
    if (sink->order && wants_order(sink)) {
        said = defer(sink, part);
        if (said == DMAP__SINK_DONE)
            return said;
    } else if (sink->ops->deliver) {
        said = sink->ops->deliver(sink, part);
    }
    if (said != DMAP__SINK_MORE)
        dmap__segment_destroy(part);
    return said;
}

/* ---- longest first, for a sink that wants order: by index, once all have come ---- */

static int by_begin(const void *a, const void *b) {
    uint64_t x = (*(dmap__segment *const *)a)->begin, y = (*(dmap__segment *const *)b)->begin;
    return (x > y) - (x < y);
}

static dmap__segment *part_of(const dmap__sink *sink, uint64_t position) {
    size_t low = 0, high = sink->n_deferred;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sink->deferred[middle]->end <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sink->n_deferred && sink->deferred[low]->begin <= position ? sink->deferred[low] : NULL;
}

static dmap__sink_said deliver_deferred(dmap__sink *sink, uint64_t limit) {
    uint64_t *position_of = dmap__order_invert(sink->order);
    sink->position_of = position_of;
    if (!position_of)
        return DMAP__SINK_NO_MEMORY;
    dmap__sink_said said = DMAP__SINK_DONE;
    qsort(sink->deferred, sink->n_deferred, sizeof *sink->deferred, by_begin);
    uint64_t end = limit < sink->order->count ? limit : sink->order->count;
    for (uint64_t i = 0; i < end && said == DMAP__SINK_DONE; i++) {
        dmap__segment *part = part_of(sink, position_of[i]);
        if (part)
            dmap__segment_seek(part, position_of[i]);
        said = sink->ops->deliver_one(sink, part);
    }
    return said;
}

dmap__sink_said dmap__sink_finish(dmap__sink *sink, uint64_t count, uint64_t limit) {
    dmap__sink_said said = DMAP__SINK_DONE;
    if (sink->n_deferred)
        said = deliver_deferred(sink, limit);
    if (said == DMAP__SINK_NO_MEMORY)
        return said;
    if (sink->ops->finish && !sink->ops->finish(sink, count, limit))
        return DMAP__SINK_NO_MEMORY;
    return said;
}
