/* What the journal has is delivered where its turn comes: when all positions before it were granted, it becomes a piece
 * of the plan's as if it had come from a branch. So the order window, the limit and the sink see no difference. With an
 * order by cost it comes first of all.
 *
 * Items of a pull source are asked for all the same, as nobody knows otherwise which they are: one that is what it was
 * is let go at once. */
#include "call/journal.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#define WINDOW ((uint64_t)64 << 20) /* of bytes that wait for a sink, where the call says nothing */

/* ---- beginning ---- */

static uint64_t hash_of(const void *arg, uint64_t index) {
    const dmap__call *call = arg;
    dmap_blob item = call->source.ops->item_at(&call->source, index);
    return dmap__record_hash(item.data, item.size);
}

dmap_status dmap__journal_open(dmap__call *call) {
    const dmap_map_options *o = &call->options;
    bool is_stream = call->source.ops->is_stream, has_bytes = call->source.ops->has_bytes;
    if (!o->journal)
        return DMAP_OK;
    dmap__keep_request request = {.path = o->journal,
                                  .name = o->journal_name ? o->journal_name : "",
                                  .task = call->task,
                                  .seed = o->seed,
                                  .shape = {.want = dmap__sink_want(&call->sink),
                                            .result_size = call->task->result_size,
                                            .has_hashes = has_bytes},
                                  .first = has_bytes ? 0 : call->source.source.begin,
                                  .count = is_stream ? UINT64_MAX : dmap__items_count(&call->source),
                                  .hash = call->source.ops->item_at ? hash_of : NULL,
                                  .arg = call};
    if (!is_stream && request.count > INT64_MAX)
        return dmap__fail(&call->trouble, DMAP_EINVAL, "a journal has room for 2^63 items, and there are %" PRIu64,
                          request.count);
    call->journal = calloc(1, sizeof *call->journal);
    if (!call->journal)
        return dmap__fail_memory(&call->trouble, sizeof *call->journal, "a journal");
    if (dmap__keep_open(call->world.keeps, &request, &call->journal->map, &call->trouble) != DMAP_OK)
        return call->trouble.status;
    const dmap__past *past = dmap__keep_past(call->journal->map);
    call->journal->at = past->n ? past->ranges[0].begin : 0;
    return DMAP_OK;
}

void dmap__journal_close(dmap__call *call) {
    if (!call->journal)
        return;
    dmap__record_destroy(call->journal->record);
    dmap__keep_close(call->journal->map);
    free(call->journal);
    call->journal = NULL;
}

bool dmap__journal_has_any(const dmap__call *call) {
    return call->journal && dmap__keep_past(call->journal->map)->n;
}

/* Costs of the caller's that are infinite come after what the journal has. */
double dmap__journal_cost(void *arg, uint64_t index) {
    const dmap__call *call = arg;
    dmap__journal *j = call->journal;
    const dmap__past *past = dmap__keep_past(j->map);
    while (j->costed < past->n && past->ranges[j->costed].end <= index)
        j->costed++;
    if (j->costed < past->n && past->ranges[j->costed].begin <= index)
        return INFINITY;
    return fmin(call->options.cost(call->options.cost_arg, index), DBL_MAX);
}

/* ---- delivering what it has ---- */

static uint64_t next_position(const dmap__call *call) {
    return call->order ? call->journal->position : call->journal->at;
}

uint64_t dmap__journal_gap(const dmap__call *call) {
    const dmap__journal *j = call->journal;
    if (!j || j->range == dmap__keep_past(j->map)->n)
        return UINT64_MAX;
    return next_position(call) - call->source.offered;
}

/* Items up to `end` of the range are done with. */
static void move_on(dmap__journal *j, uint64_t end) {
    const dmap__past *past = dmap__keep_past(j->map);
    j->position += end - j->at;
    j->at = end;
    if (end < past->ranges[j->range].end)
        return;
    dmap__record_destroy(j->record);
    j->record = NULL;
    j->range++;
    if (j->range < past->n)
        j->at = past->ranges[j->range].begin;
}

/* Pulls the items of the range, one by one, up to one that is not what it was, or until there is none now. Returns the
 * index of the first that was not seen to be the same. */
static uint64_t pull_same(dmap__call *call, uint64_t end, bool *is_changed) {
    dmap__source *source = &call->source;
    const dmap__record *row = call->journal->record;
    uint64_t at = call->journal->at;
    *is_changed = false;
    source->later = false;
    for (; at < end; at++) {
        if (!source->ops->offer(source, 1, SIZE_MAX)) {
            dmap__call_fail_memory(call);
            return at;
        }
        if (source->offered == at)
            return at;
        dmap_blob item = dmap__journal_item(call, source->filled, at);
        *is_changed = dmap__record_hash(item.data, item.size) != dmap__record_number(row->hashes, at - row->begin);
        if (*is_changed)
            return at;
        dmap__items *same = source->filled;
        source->filled = NULL;
        dmap__items_close(source, same, 1);
    }
    return at;
}

static bool have(dmap__call *call, uint64_t end) {
    dmap__journal *j = call->journal;
    uint64_t position = next_position(call), n = end - j->at;
    dmap__segment *part = dmap__journal_segment(call, j->record, j->at, end, position);
    dmap__piece piece = {position, position + n, 0, part};
    if (part)
        piece.bytes = dmap__segment_bytes(part, call->task->result_size);
    if (!part || dmap__plan_have(call->plan, &piece) != DMAP_OK) {
        dmap__segment_destroy(part);
        dmap__call_fail_memory(call);
        return false;
    }
    if (call->report.first_s <= 0)
        call->report.first_s = dmap__clock_now() - call->began_s;
    call->arrived += n;
    call->report.from_journal += n;
    move_on(j, end);
    return true;
}

/* One that has changed is offered to be run. Returns false if there is nothing more now. */
static bool have_pulled(dmap__call *call) {
    dmap__journal *j = call->journal;
    dmap__source *source = &call->source;
    bool is_changed;
    uint64_t range_end = dmap__keep_past(j->map)->ranges[j->range].end, end = pull_same(call, range_end, &is_changed);
    if (call->trouble.status != DMAP_OK || (end > j->at && !have(call, end)))
        return false;
    if (is_changed)
        move_on(j, end + 1);
    if (is_changed || source->ended)
        dmap__plan_offer(call->plan, source->offered, source->ended);
    return end == range_end;
}

/* Returns false if there is nothing more now. */
static bool replay_one(dmap__call *call) {
    dmap__journal *j = call->journal;
    uint64_t end = dmap__keep_past(j->map)->ranges[j->range].end;
    if (!j->record) {
        if (!dmap__keep_take(j->map, &j->record))
            return false;
        if (!j->record) { /* damaged: its items are to be run */
            move_on(j, end);
            return true;
        }
    }
    if (call->source.ops->is_stream)
        return have_pulled(call);
    if (!have(call, end))
        return false;
    call->source.offered = dmap__plan_granted(call->plan);
    return true;
}

void dmap__journal_replay(dmap__call *call) {
    const dmap__journal *j = call->journal;
    uint64_t window = call->options.window ? call->options.window : WINDOW;
    size_t n = dmap__keep_past(j->map)->n;
    while (j->range < n && next_position(call) == dmap__plan_granted(call->plan) && !call->source.ended &&
           !call->drained && !dmap__call_is_ended_early(call) && dmap__plan_held(call->plan) < window)
        if (!replay_one(call))
            return;
}

/* ---- what has ended ---- */

static uint64_t index_at(const dmap__call *call, uint64_t position) {
    return call->order ? call->order->index_of[position] : position;
}

/* One past the positions from `begin` on whose indices are consecutive. */
static uint64_t run_end(const dmap__call *call, uint64_t begin, uint64_t end) {
    uint64_t at = begin + 1;
    if (!call->order)
        return end;
    while (at < end && call->order->index_of[at] == call->order->index_of[at - 1] + 1)
        at++;
    return at;
}

void dmap__journal_keep(dmap__call *call, const dmap__call_lease *out, const dmap__segment *part) {
    uint64_t at = part->begin;
    while (at < part->end) {
        uint64_t run = run_end(call, at, part->end), n = dmap__journal_row_size(call, part, at, run);
        dmap__record *row = n ? dmap__journal_row(call, out->items, part, at, at + n, index_at(call, at)) : NULL;
        if (n && (!row || !dmap__keep_put(call->journal->map, row))) {
            dmap__call_fail_memory(call);
            return;
        }
        at += n ? n : 1;
    }
}

void dmap__journal_keep_failure(dmap__call *call, int rank, uint64_t index, const dmap__failure *failure) {
    if (!dmap__keep_put_failure(call->journal->map, index, failure, rank, call->world.host(call->world.arg, rank)))
        dmap__call_fail_memory(call);
}

/* ---- looking on ---- */

bool dmap__journal_is_full(const dmap__call *call) {
    return call->journal && dmap__keep_is_full(call->journal->map) && !dmap__call_is_ended_early(call);
}

bool dmap__journal_is_written(const dmap__call *call) {
    return !call->journal || !call->journal->map || dmap__keep_is_written(call->journal->map);
}

void dmap__journal_look(dmap__call *call) {
    dmap__error error;
    if (call->journal && call->journal->map && dmap__keep_status(call->journal->map, &error) != DMAP_OK)
        dmap__call_fail(call, &error);
}
