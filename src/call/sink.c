/* Sinks. The user's function is called from the caller's thread, for at most about SLICE_S at a time, so that a slow
 * sink does not keep the ranks from being fed. */
#include "call/sink.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "call/results.h"
#include "call/source_kind.h"
#include "proc/copy.h"

#define SLICE_S 500e-6

static uint64_t index_of(const dmap__sink *sink, uint64_t position) {
    return sink->order ? sink->order->index_of[position] : position;
}

static bool is_fold(const dmap__sink *sink) {
    return sink->given.kind == DMAP__SINK_FOLD || sink->given.kind == DMAP__SINK_FOLD_BLOB;
}

dmap_status dmap__sink_open(dmap__sink *sink, uint64_t count) {
    sink->pace = 1;
    dmap__fold_init(&sink->fold, sink->task, 0);
    if (sink->given.kind != DMAP__SINK_COLLECT)
        return DMAP_OK;
    *sink->given.results = dmap__results_create(count, sink->task->result_size);
    return *sink->given.results ? DMAP_OK : DMAP_ENOMEM;
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
    if (sink->given.kind == DMAP__SINK_DISCARD)
        return DMAP__WANT_NOTHING;
    return is_fold(sink) && !sink->has_order && !sink->order ? DMAP__WANT_FOLD : DMAP__WANT_RESULTS;
}

static bool wants_order(const dmap__sink *sink) {
    return is_fold(sink) || (sink->given.kind == DMAP__SINK_EACH && !sink->unordered);
}

bool dmap__sink_is_ordered(const dmap__sink *sink) {
    return wants_order(sink) && !sink->order;
}

void *dmap__sink_place(const dmap__sink *sink, uint64_t begin) {
    if (sink->given.kind == DMAP__SINK_COLLECT && !sink->order)
        return dmap__results_place(*sink->given.results, begin);
    if (sink->given.kind != DMAP__SINK_INTO || sink->order || !sink->given.data)
        return NULL;
    return (unsigned char *)sink->given.data + (size_t)begin * sink->task->result_size;
}

static void copy_into(const dmap__sink *sink, const dmap__segment *part) {
    size_t size = sink->task->result_size, n = (size_t)(part->end - part->begin);
    unsigned char *place = dmap__sink_place(sink, part->begin);
    if (!size || !part->fixed || part->fixed == place)
        return;
    if (place) {
        memcpy(place, part->fixed, n * size);
        return;
    }
    for (size_t i = 0; i < n; i++)
        memcpy((unsigned char *)sink->given.data + (size_t)index_of(sink, part->begin + i) * size,
               part->fixed + i * size, size);
}

void dmap__sink_next(const dmap__sink *sink, dmap__segment *part, char *text, dmap_item_result *r) {
    const dmap__failure *failure;
    dmap_blob result;
    *r = (dmap_item_result){
        .index = index_of(sink, part->next), .rank = part->buffer->rank, .attempt = part->buffer->attempt};
    dmap__segment_step(part, sink->task->result_size, &result, &failure, &r->seconds);
    r->data = result.data;
    r->size = result.size;
    if (failure) {
        sink->describe(sink->arg, r->rank, r->index, failure, text, DMAP__SINK_TEXT);
        r->error = text;
        r->status = (dmap_item_status)failure->status;
        r->code = failure->code;
        r->signal = failure->signal;
        r->attempt = failure->attempt;
        r->seconds = failure->seconds;
    }
}

/* Hands the item at part->next to the user's function. */
static int call_each(const dmap__sink *sink, dmap__segment *part) {
    char text[DMAP__SINK_TEXT];
    dmap_item_result result;
    dmap__sink_next(sink, part, text, &result);
    int code = sink->given.each(sink->given.arg, &result);
    dmap__copy_leave();
    return code;
}

static bool time_is_over(dmap__sink *sink, double began_s, double *last_s) {
    double now = dmap__clock_now(), took = now - *last_s;
    if (took < 20e-6 && sink->pace < 4096)
        sink->pace *= 2;
    else if (took > 100e-6)
        sink->pace = sink->pace > 4 ? sink->pace / 4 : 1;
    *last_s = now;
    return now - began_s > SLICE_S;
}

/* Longest first, what lies at or above the crew's limit is among the rest, run or not. */
static bool is_unwanted(const dmap__sink *sink, const dmap__segment *part) {
    return sink->order && index_of(sink, part->next) >= part->buffer->outcome.limit;
}

static dmap__sink_said deliver_each(dmap__sink *sink, dmap__segment *part) {
    double began = dmap__clock_now(), last = began;
    for (uint32_t n = 0; part->next < part->end;) {
        if (is_unwanted(sink, part))
            dmap__segment_seek(part, part->next + 1);
        else if (call_each(sink, part))
            return DMAP__SINK_STOPPED;
        if (++n < sink->pace)
            continue;
        n = 0;
        if (time_is_over(sink, began, &last) && part->next < part->end)
            return DMAP__SINK_MORE;
    }
    return DMAP__SINK_DONE;
}

static const char *sentence(void *arg, const dmap__failure *failure) {
    static _Thread_local char text[DMAP__SINK_TEXT];
    const dmap__segment *part = ((void **)arg)[1];
    const dmap__sink *sink = ((void **)arg)[0];
    sink->describe(sink->arg, part->buffer->rank, index_of(sink, failure->position), failure, text, sizeof text);
    return text;
}

static dmap__sink_said defer(dmap__sink *sink, dmap__segment *part) {
    if (!dmap__memory_grow(&sink->deferred, &sink->deferred_capacity, sink->n_deferred + 1, sizeof *sink->deferred))
        return DMAP__SINK_NO_MEMORY;
    sink->deferred[sink->n_deferred++] = part;
    return DMAP__SINK_DONE;
}

dmap__sink_said dmap__sink_deliver(dmap__sink *sink, dmap__segment *part) {
    dmap__sink_said said = DMAP__SINK_DONE;
    void *both[2] = {sink, part};
    if (sink->order && wants_order(sink)) {
        said = defer(sink, part);
        if (said == DMAP__SINK_DONE)
            return said;
    } else if (sink->given.kind == DMAP__SINK_INTO) {
        copy_into(sink, part);
    } else if (sink->given.kind == DMAP__SINK_COLLECT) {
        const uint64_t *indices = sink->order ? sink->order->index_of : NULL;
        if (!dmap__results_add(*sink->given.results, part, indices, sentence, both))
            said = DMAP__SINK_NO_MEMORY;
    } else if (sink->given.kind == DMAP__SINK_EACH) {
        said = deliver_each(sink, part);
    } else if (is_fold(sink) && part->fold) {
        said = dmap__fold_append(&sink->fold, part->fold) ? said : DMAP__SINK_NO_MEMORY;
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

static dmap__sink_said fold_one(dmap__sink *sink, dmap__segment *part) {
    const dmap__failure *failure = NULL;
    dmap_blob result = {NULL, 0};
    double seconds;
    if (part)
        dmap__segment_step(part, sink->task->result_size, &result, &failure, &seconds);
    bool kept;
    if (!result.data)
        kept = dmap__fold_skip(&sink->fold);
    else if (sink->given.kind == DMAP__SINK_FOLD_BLOB)
        kept = dmap__fold_push_blob(&sink->fold, result);
    else /* the buffer is ours by now, and its results are looked at once: they may be folded where they lie */
        kept = dmap__fold_push(&sink->fold, (void *)result.data, 1);
    return kept ? DMAP__SINK_DONE : DMAP__SINK_NO_MEMORY;
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
        if (is_fold(sink))
            said = fold_one(sink, part);
        else if (part)
            said = call_each(sink, part) ? DMAP__SINK_STOPPED : DMAP__SINK_DONE;
    }
    return said;
}

dmap__sink_said dmap__sink_finish(dmap__sink *sink, uint64_t count, uint64_t limit) {
    dmap__sink_said said = DMAP__SINK_DONE;
    if (sink->n_deferred)
        said = deliver_deferred(sink, limit);
    if (said == DMAP__SINK_NO_MEMORY && is_fold(sink))
        return said;
    if (sink->given.kind == DMAP__SINK_FOLD)
        dmap__fold_finish(&sink->fold, sink->given.data);
    if (sink->given.kind == DMAP__SINK_FOLD_BLOB &&
        !dmap__fold_finish_blob(&sink->fold, sink->given.data, sink->given.arg))
        return DMAP__SINK_NO_MEMORY;
    if (sink->given.kind == DMAP__SINK_COLLECT && !dmap__results_finish(*sink->given.results, count, limit))
        return DMAP__SINK_NO_MEMORY;
    return said;
}
