/* Down: what is to be done next, and the leases of a call: items go out with them, and memory for their results. */
#include <stdlib.h>

#include "base/clock.h"
#include "call/call.h"
#include "call/journal.h"
#include "call/source_spawned.h"

/* Of items of a source that offers them, about: so a chunk of large ones is small. */
#define OFFER_BYTES ((size_t)4 << 20)
#define FILLED_PART 8 /* of what a rank may hold, a chunk fills one in so many */

dmap__call_lease *dmap__call_find_lease(const dmap__call *call, uint64_t number) {
    return call->plan ? (dmap__call_lease *)dmap__plan_lease(call->plan, number) : NULL;
}

uint32_t dmap__call_leases(const dmap__call *call) {
    return call->plan ? dmap__plan_leases(call->plan) : 0;
}

void dmap__call_close_lease(dmap__call *call, dmap__call_lease *out, double now, uint64_t items, double busy_s) {
    if (out->items) {
        dmap__items_close(&call->source, out->items, out->lease.end - out->lease.begin - dmap__call_lease_kept(out));
        dmap__items_leave(&call->source, out->items);
    }
    free(out->grant);
    dmap__buffer_cache_put(call->world.buffers, out->memory);
    *out = (dmap__call_lease){.lease = out->lease};
    dmap__plan_done(call->plan, now, out->lease.number, items, busy_s);
}

static void fail(dmap__call *call) {
    dmap__error error;
    dmap__fail(&error, DMAP_ENOMEM, "out of memory for a chunk of items");
    dmap__call_fail(call, &error);
}

/* The plan must not wait for the lease. */
void dmap__call_take_lease_back(dmap__call *call, dmap__call_lease *out) {
    fail(call);
    dmap__call_close_lease(call, out, dmap__clock_now(), 0, 0);
}

static bool offer_from(dmap__source *source, uint64_t n, size_t bytes) {
    if (source->ops->offer)
        return source->ops->offer(source, n, bytes);
    uint64_t left = dmap__items_count(source) - source->offered;
    source->offered += n < left ? n : left;
    return true;
}

/* Where items make items, a rank that was granted much would be full at once, and give it all back. */
static size_t most_bytes(const dmap__call *call) {
    size_t most = call->spawned ? call->spawned->most / FILLED_PART : OFFER_BYTES;
    return most < OFFER_BYTES ? most : OFFER_BYTES;
}

/* The source is asked for what would be granted next, and only then: an item that cannot be granted stays with it. */
static void offer(dmap__call *call) {
    dmap__source *source = &call->source;
    if (call->spawned)
        dmap__plan_found(call->plan, dmap__spawned_waiting(call->spawned));
    uint64_t wanted = source->later || source->ended ? 0 : dmap__plan_wanted(call->plan);
    uint64_t gap = dmap__journal_gap(call);
    wanted = wanted < gap ? wanted : gap;
    if (!wanted)
        return;
    dmap__doing before = dmap__monitor_turn(call->world.monitor, DMAP__DOING_SOURCE);
    bool is_offered = offer_from(source, wanted, most_bytes(call));
    dmap__monitor_turn(call->world.monitor, before);
    if (is_offered)
        dmap__plan_offer(call->plan, source->offered, source->ended);
    else
        fail(call);
}

bool dmap__call_next_step(dmap__call *call, double now, dmap__step *step) {
    if (call->tell_limit < UINT64_MAX) {
        *step = (dmap__step){.kind = DMAP__STEP_LIMIT, .branch = -1, .begin = call->tell_limit, .end = UINT64_MAX};
        call->tell_limit = UINT64_MAX;
        return true;
    }
    bool has_past = dmap__journal_has_any(call);
    if (dmap__journal_is_full(call))
        return false;
    if (has_past)
        dmap__journal_replay(call);
    if (call->source.ops->offer || has_past)
        offer(call);
    return dmap__plan_next(call->plan, now, step);
}

dmap__call_lease *dmap__call_open_lease(dmap__call *call, const dmap__step *step) {
    dmap__call_lease *out = dmap__call_find_lease(call, step->lease);
    out->items = call->source.ops->get(&call->source, step->begin, step->end);
    if (call->tally)
        out->granted_s = dmap__clock_now();
    if (out->items)
        return out;
    dmap__call_take_lease_back(call, out);
    return NULL;
}

void *dmap__call_results_of(dmap__call *call, dmap__call_lease *out) {
    void *place = dmap__sink_place(&call->sink, out->lease.begin);
    uint64_t n = out->lease.end - out->lease.begin;
    size_t size = call->task->result_size;
    if (!place && (!size || n <= SIZE_MAX / 2 / size))
        out->memory = dmap__buffer_cache_take(call->world.buffers, (size_t)n * size);
    return place ? place : out->memory.memory;
}
