/* The leases of a call: items go out with them, and memory for their results. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "call/call.h"

dmap__out *dmap__call_out(dmap__call *call, uint64_t lease) {
    return lease < call->outs_capacity && call->outs[lease].out ? &call->outs[lease] : NULL;
}

static dmap__out *open_lease(dmap__call *call, const dmap__step *step) {
    size_t had = call->outs_capacity;
    if (!dmap__memory_grow(&call->outs, &call->outs_capacity, step->lease + 1, sizeof *call->outs))
        return NULL;
    for (size_t i = had; i < call->outs_capacity; i++)
        call->outs[i] = (dmap__out){0};
    dmap__out *out = &call->outs[step->lease];
    *out = (dmap__out){
        .out = true, .branch = step->branch, .begin = step->begin, .end = step->end, .attempt = step->attempt};
    return out;
}

void dmap__call_close_lease(dmap__call *call, dmap__out *out) {
    if (out->items) {
        dmap__items_close(&call->source, out->items, out->end - out->begin - out->kept);
        dmap__items_leave(&call->source, out->items);
    }
    free(out->grant);
    dmap__buffer_cache_put(call->world.buffers, out->memory);
    *out = (dmap__out){0};
}

/* The plan must not wait for the lease. */
void dmap__call_take_lease_back(dmap__call *call, uint32_t lease, dmap__out *out) {
    dmap__error error;
    dmap__fail(&error, DMAP_ENOMEM, "out of memory for a chunk of items");
    dmap__call_fail(call, &error);
    dmap__plan_done(call->plan, dmap__clock_now(), lease, 0, 0);
    if (out)
        dmap__call_close_lease(call, out);
}

static bool shorten(dmap__call *call, const dmap__step *step, dmap__out *out) {
    out->end = out->items->end;
    if (out->end < step->end)
        dmap__plan_trim(call->plan, step->lease, out->end);
    if (call->source.ended && !call->source_told) {
        dmap__plan_source_end(call->plan);
        call->source_told = true;
    }
    if (call->source.later)
        dmap__plan_hold(call->plan, true);
    return out->end > out->begin;
}

dmap__out *dmap__call_lease(dmap__call *call, const dmap__step *step, size_t bytes) {
    dmap__error error;
    dmap__out *out = open_lease(call, step);
    bool whole = !dmap__plan_may_trim(call->plan, step->lease);
    dmap__items *items = NULL;
    if (!out || dmap__items_get(&call->source, step->begin, step->end, whole, bytes, &items, &error) != DMAP_OK) {
        dmap__call_take_lease_back(call, step->lease, out);
        return NULL;
    }
    out = &call->outs[step->lease];
    out->items = items;
    if (shorten(call, step, out))
        return out;
    dmap__call_close_lease(call, out);
    return NULL;
}

void *dmap__call_results_of(dmap__call *call, dmap__out *out) {
    void *place = dmap__sink_place(&call->sink, out->begin);
    uint64_t n = out->end - out->begin;
    size_t size = call->task->result_size;
    if (!place && (!size || n <= SIZE_MAX / 2 / size))
        out->memory = dmap__buffer_cache_take(call->world.buffers, (size_t)n * size);
    return place ? place : out->memory.memory;
}

void dmap__call_break_off(dmap__call *call, double now) {
    call->is_left = true;
    dmap__call_stop(call);
    for (size_t i = 0; i < call->outs_capacity; i++) {
        dmap__out *out = &call->outs[i];
        if (!out->out || out->items)
            continue; /* else its source threw an exception while it was being made */
        dmap__plan_done(call->plan, now, (uint32_t)i, 0, 0);
        dmap__call_close_lease(call, out);
    }
    if (!call->delivering)
        return;
    dmap__segment_destroy(call->delivering);
    call->delivering = NULL;
    dmap__plan_release(call->plan, call->delivering_bytes);
}
