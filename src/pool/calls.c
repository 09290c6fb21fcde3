/* The table of calls in flight: those that run, by number, and those that wait, in their order. */
#include "pool/calls.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pool/branch.h"
#include "pool/collect.h"
#include "pool/loop.h"

static const char *host_of(const void *arg, int rank) {
    return dmap__pool_host(arg, rank);
}

dmap_status dmap__calls_open(dmap_pool *pool, dmap__error *error) {
    pool->fleet = dmap__fleet_create(pool->workers, pool->ranks);
    pool->calls.slots = calloc(DMAP__CALLS_RUNNING, sizeof *pool->calls.slots);
    pool->calls.running = calloc(DMAP__CALLS_RUNNING, sizeof *pool->calls.running);
    if (dmap__monitor_wants_any(&pool->monitor_options) &&
        !(pool->monitor = dmap__monitor_create(&pool->monitor_options, pool->ranks, pool->workers, host_of, pool)))
        return dmap__fail(error, DMAP_ENOMEM, "out of memory for looking on");
    if (pool->monitor && dmap__monitor_open(pool->monitor, error) != DMAP_OK)
        return error->status;
    if (!pool->fleet || !pool->calls.slots || !pool->calls.running)
        return dmap__fail(error, DMAP_ENOMEM, "out of memory for the calls of a pool");
    return DMAP_OK;
}

void dmap__calls_close(dmap_pool *pool) {
    free(pool->calls.slots);
    free(pool->calls.running);
    dmap__monitor_destroy(pool->monitor);
    dmap__fleet_destroy(pool->fleet);
}

size_t dmap__calls_in_flight(const dmap_pool *pool) {
    return pool->calls.n_running + pool->calls.n_waiting;
}

dmap__call *dmap__calls_find(const dmap_pool *pool, uint64_t id) {
    dmap__call *call = pool->calls.slots ? pool->calls.slots[id % DMAP__CALLS_RUNNING] : NULL;
    return call && call->id == id ? call : NULL;
}

/* ---- beginning ---- */

dmap__call *dmap__calls_add(dmap_pool *pool, const dmap__call_request *request, bool is_first) {
    if (request->options->explain && !pool->monitor) /* if memory is out for that, nobody looks on */
        pool->monitor = dmap__monitor_create(&pool->monitor_options, pool->ranks, pool->workers, host_of, pool);
    dmap__call_world world = {.branches = pool->ranks,
                              .workers = pool->workers,
                              .all_workers = pool->all_workers,
                              .fleet = pool->fleet,
                              .buffers = &pool->buffers,
                              .monitor = pool->monitor,
                              .keeps = &pool->keeps,
                              .host = host_of,
                              .arg = pool};
    dmap__call *call = dmap__call_create(&world, request, dmap__clock_now());
    dmap__calls *calls = &pool->calls;
    pool->keeps.bell = pool->bell;
    if (!call) {
        dmap__fail_memory(&pool->error, sizeof *call, "a call");
        return NULL;
    }
    if (is_first || !calls->first) {
        call->next = calls->first;
        calls->last = calls->first ? calls->last : call;
        calls->first = call;
    } else {
        calls->last->next = call;
        calls->last = call;
    }
    calls->n_waiting++;
    return call;
}

void dmap__calls_unlink_waiting(dmap_pool *pool, const dmap__call *call) {
    dmap__calls *calls = &pool->calls;
    dmap__call *before = NULL;
    for (dmap__call *c = calls->first; c != call; c = c->next)
        before = c;
    *(before ? &before->next : &calls->first) = call->next;
    if (calls->last == call)
        calls->last = before;
    calls->n_waiting--;
}

void dmap__calls_forget(dmap_pool *pool, dmap__call *call) {
    call->done = NULL;
    call->is_orphan = true;
    if (call->state == DMAP__CALL_RUNS) {
        dmap__calls_cancel_now(call);
        dmap__bell_ring(pool->bell);
        return;
    }
    if (call->state == DMAP__CALL_WAITS)
        dmap__calls_unlink_waiting(pool, call);
    dmap__call_destroy(call);
}

/* ---- cancelling ---- */

/* Two branches may have it at the end. */
void dmap__calls_cancel_item(dmap_pool *pool, dmap__call *call, uint64_t position) {
    for (uint32_t lease = 0; lease < dmap__call_leases(call); lease++) {
        dmap__call_lease *out = dmap__call_find_lease(call, lease);
        if (out && out->lease.begin <= position && position < out->lease.end)
            dmap__branch_ops_of(pool, out->lease.branch)->cancel(pool, call, out, lease, position, call->options.kill);
    }
}

void dmap__calls_cancel(dmap_pool *pool, dmap__call *call) {
    atomic_store(&call->is_to_cancel, true);
    atomic_store(&pool->calls.has_cancelled, true);
}

void dmap__calls_cancel_now(dmap__call *call) {
    dmap__call_cancel(call, call->options.kill ? DMAP__FATE_MOMENT : DMAP__FATE_RUNS);
}

void dmap__calls_cancel_streams(dmap_pool *pool) {
    for (size_t i = 0; i < pool->calls.n_running; i++)
        if (pool->calls.running[i]->by_hand)
            dmap__call_cancel(pool->calls.running[i], DMAP__FATE_MOMENT);
    for (dmap__call *call = pool->calls.first; call; call = call->next)
        if (call->by_hand)
            dmap__calls_cancel(pool, call);
}

void dmap__calls_cancel_all(dmap_pool *pool, dmap__fate fate) {
    for (size_t i = 0; i < pool->calls.n_running; i++) {
        dmap__call *call = pool->calls.running[i];
        if (!call->owner)
            call->is_orphan = true; /* dmap_map was left by longjmp */
        if (!call->has_nothing)
            dmap__call_cancel(call, fate);
    }
    for (dmap__call *call = pool->calls.first; call; call = call->next)
        dmap__calls_cancel(pool, call);
}
