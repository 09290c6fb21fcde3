/* Turns. In each round of the loop every running call looks at the clock, dispatches, and delivers. What is free at the
 * branches goes, lease by lease, to the call that has had least of the workers' time, by its weight. A call that begins
 * has had what the least served one has: it does not make up for the time before.
 *
 * A user's function may make calls and free them. New ones wait; one that is freed while it runs is cancelled, and goes
 * when it has ended. So the list changes at the end of a round only. */
#include "pool/master.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pool/branch.h"
#include "pool/calls.h"
#include "pool/collect.h"
#include "pool/loop.h"
#include "pool/lost.h"
#include "pool/stopping.h"

#define DELIVER_S     2e-3   /* that all calls together deliver in a round, about */
#define BRIEFLY_S     0.2e-3 /* as long as that goes on, if they have more */
#define SLEEP_RANKS_S 1e-3   /* longest sleep while other ranks may send */
#define SLEEP_RUNG_S  0.02   /* where the bell rings for that: a rank that is lost does not ring */
#define SLEEP_IDLE_S  0.25   /* while no call runs */
#define SLEEP_LATER_S 5e-3   /* while a source has nothing yet */
#define SWEEP_S       20e-3  /* between looks at the time of calls that wait */

#define SLOT_BITS 10
_Static_assert(DMAP__CALLS_RUNNING == 1 << SLOT_BITS, "a number's low bits are a slot");

/* ---- beginning ---- */

static uint64_t number(dmap__calls *calls) {
    uint64_t slot = calls->begun % DMAP__CALLS_RUNNING;
    while (calls->slots[slot])
        slot = (slot + 1) % DMAP__CALLS_RUNNING;
    return ++calls->begun << SLOT_BITS | slot;
}

static void begin(dmap_pool *pool, dmap__call *call) {
    dmap__calls *calls = &pool->calls;
    call->next = NULL;
    call->world.all_workers = pool->all_workers; /* ranks may have been lost since it was made */
    dmap__call_number(call, number(calls));
    calls->slots[call->id % DMAP__CALLS_RUNNING] = call;
    calls->running[calls->n_running++] = call;
    if (pool->comm)
        dmap__comm_bytes(pool->comm, &call->bytes_sent, &call->bytes_received);
    if (pool->broken != DMAP_OK)
        dmap__call_fail(call, &pool->error);
    dmap__stopping_refuse(pool, call);
    calls->inside = call; /* a cost hint is asked */
    dmap_status status = dmap__call_begin(call);
    calls->inside = NULL;
    if (status != DMAP_OK)
        return;
    call->is_begun = true;
    for (int branch = 0; branch < pool->ranks; branch++)
        if (dmap__branch_ops_of(pool, branch))
            dmap__branch_ops_of(pool, branch)->begin(pool, branch, call);
}

/* A cost hint is the owner's to ask: the helper begins the others. */
static dmap__call *next_to_begin(const dmap_pool *pool) {
    dmap__call *call = pool->calls.first;
    while (call && pool->is_helped && call->options.cost)
        call = call->next;
    return call;
}

static bool begin_all(dmap_pool *pool) {
    dmap__calls *calls = &pool->calls;
    dmap__call *call;
    bool moved = false;
    for (; calls->n_running < DMAP__CALLS_RUNNING && (call = next_to_begin(pool)); moved = true) {
        dmap__calls_unlink_waiting(pool, call);
        begin(pool, call);
    }
    return moved;
}

/* ---- ending ---- */

static void count_bytes(dmap_pool *pool, dmap__call *call) {
    uint64_t sent, received;
    if (!pool->comm)
        return;
    dmap__comm_bytes(pool->comm, &sent, &received);
    call->report.bytes_sent += sent - call->bytes_sent;
    call->report.bytes_received += received - call->bytes_received;
}

/* Of memory for results little is kept for the next call. */
static void trim_memory(dmap_pool *pool) {
    size_t kept = dmap__buffer_cache_trim(&pool->buffers, DMAP__SPARE_BYTES);
    if (pool->crew)
        dmap__crew_trim(pool->crew, DMAP__SPARE_BYTES - kept);
}

static void end(dmap_pool *pool, dmap__call *call) {
    count_bytes(pool, call);
    call->report.lost_ranks = pool->n_lost;
    dmap__call_end(call);
    for (int branch = 0; call->is_begun && branch < pool->ranks; branch++)
        if (dmap__branch_ops_of(pool, branch))
            dmap__branch_ops_of(pool, branch)->end(pool, branch, call);
    if (call->id)
        pool->calls.slots[call->id % DMAP__CALLS_RUNNING] = NULL;
    pool->report = call->report;
    memcpy(pool->rank_reports, call->shares, (size_t)pool->ranks * sizeof *call->shares);
    if (call->worker_reports) {
        free(pool->worker_reports);
        pool->worker_reports = call->worker_reports;
        call->worker_reports = NULL;
    }
    trim_memory(pool);
    if (call->done)
        call->done(call);
    if (call->is_orphan)
        dmap__call_destroy(call);
}

/* One at a time is taken out before it is told of, as functions of the program's may not return. */
static bool end_all(dmap_pool *pool) {
    dmap__calls *calls = &pool->calls;
    size_t had = calls->n_running;
    for (size_t i = calls->n_running; i-- > 0;) {
        dmap__call *call = calls->running[i];
        if (!dmap__call_is_over(call) || (pool->is_helped && dmap__call_tells(call)))
            continue;
        calls->inside = call;
        dmap__call_finish(call);
        calls->inside = NULL;
        calls->n_running--;
        memmove(&calls->running[i], &calls->running[i + 1], (calls->n_running - i) * sizeof *calls->running);
        end(pool, call);
    }
    return calls->n_running < had;
}

/* Calls that wait end without having begun, once they are cancelled or over their time. */
static bool sweep_waiting(dmap_pool *pool, double now) {
    dmap__call *next;
    bool moved = false;
    pool->calls.swept_s = now;
    for (dmap__call *call = pool->calls.first; call; call = next) {
        next = call->next;
        call->cancelled = atomic_load(&call->is_to_cancel);
        dmap__call_look_at_clock(call, now);
        if (!call->cancelled && !call->timed_out)
            continue;
        dmap__calls_unlink_waiting(pool, call);
        end(pool, call);
        moved = true;
    }
    return moved;
}

static bool cancel_due(dmap_pool *pool, double now) {
    dmap__calls *calls = &pool->calls;
    bool has_any = atomic_load_explicit(&calls->has_cancelled, memory_order_relaxed) &&
                   atomic_exchange(&calls->has_cancelled, false);
    for (size_t i = 0; has_any && i < calls->n_running; i++)
        if (atomic_load(&calls->running[i]->is_to_cancel) && !calls->running[i]->cancelled)
            dmap__calls_cancel_now(calls->running[i]);
    bool is_time = calls->first && now - calls->swept_s > SWEEP_S;
    return has_any || is_time ? sweep_waiting(pool, now) : false;
}

/* ---- turns ---- */

static bool prepare(dmap_pool *pool, dmap__call *call, double now) {
    bool moved = false;
    if (pool->is_helped) {
        dmap__call_look_at_time(call, now);
        return false;
    }
    pool->calls.inside = call;
    dmap__call_look_at_clock(call, now); /* before the rest: it may be what stops the call */
    if (call->plan)
        while (call->options.ahead < 0 && !call->by_hand && dmap__call_deliver(call))
            moved = true; /* it may be a reason to begin no other item */
    pool->calls.inside = NULL;
    return moved;
}

static bool dispatch_for(dmap_pool *pool, dmap__call *call, double now, double until_s, bool *is_done) {
    *is_done = true;
    bool is_owners = dmap__call_asks(call) && !dmap__call_is_ended_early(call); /* that is told without asking */
    if (!call->plan || (pool->is_helped && is_owners))
        return false;
    pool->calls.inside = pool->is_helped ? NULL : call;
    bool moved = dmap__dispatch(pool, call, now, until_s, is_done);
    pool->calls.inside = NULL;
    return moved;
}

static dmap__call *call_of(dmap__fleet_share *share) {
    return (dmap__call *)(void *)((char *)share - offsetof(dmap__call, share));
}

static bool dispatch_all(dmap_pool *pool, double now) {
    double until_s;
    bool moved = false, is_done;
    dmap__fleet_share *share;
    if (pool->calls.n_running == 1)
        return dispatch_for(pool, pool->calls.running[0], now, INFINITY, &is_done);
    for (dmap__fleet_round(pool->fleet); (share = dmap__fleet_next(pool->fleet, &until_s));) {
        moved = dispatch_for(pool, call_of(share), now, until_s, &is_done) || moved;
        if (is_done)
            dmap__fleet_pass(pool->fleet, share);
    }
    return moved;
}

static bool deliver(dmap_pool *pool, dmap__call *call) {
    if (!call->plan || call->by_hand || (pool->is_helped && dmap__call_tells(call)))
        return false;
    pool->calls.inside = pool->is_helped ? NULL : call;
    bool moved = dmap__call_deliver(call);
    pool->calls.inside = NULL;
    return moved;
}

/* In the order of their turns: where there is no time for all, those that have had most wait. */
static bool deliver_once(dmap_pool *pool, double until_s) {
    dmap__fleet_share *first = dmap__fleet_shares(pool->fleet);
    bool moved = false;
    for (dmap__fleet_share *s = first; s && (s == first || dmap__clock_now() < until_s); s = s->next)
        moved = deliver(pool, call_of(s)) || moved;
    return moved;
}

/* A part of each call's results, and others as long as that takes little time: else more would come in each round than
 * goes, as a round grants several leases, and what waits holds its items. */
static bool deliver_all(dmap_pool *pool) {
    double began_s = dmap__clock_now();
    bool moved = deliver_once(pool, began_s + DELIVER_S);
    for (bool again = moved; again && dmap__clock_now() < began_s + BRIEFLY_S;)
        again = deliver_once(pool, began_s + BRIEFLY_S);
    return moved;
}

/* What asks a function of the program's, or tells one, is not for the helper: it waits for the owner. */
static bool take_turns(dmap_pool *pool, double now) {
    dmap__calls *calls = &pool->calls;
    bool moved = false;
    for (size_t i = 0; i < calls->n_running; i++)
        moved = prepare(pool, calls->running[i], now) || moved;
    moved = dispatch_all(pool, now) || moved;
    return deliver_all(pool) || moved;
}

static bool turn(dmap_pool *pool, double now) {
    dmap__calls *calls = &pool->calls;
    if (calls->in_turn)
        return false;
    calls->in_turn = true;
    if (calls->on_turn)
        calls->on_turn(pool);
    bool moved = dmap__lost_look(pool, now);
    moved = cancel_due(pool, now) || moved;
    moved = dmap__stopping_look(pool, now) || moved;
    moved = begin_all(pool) || moved;
    moved = take_turns(pool, now) || moved;
    for (size_t i = 0; i < calls->n_running; i++)
        moved = dmap__dispatch_best(pool, calls->running[i]) || moved;
    if (pool->crew)
        dmap__collect_progress(pool, now);
    dmap__monitor_look(pool->monitor, now);
    moved = end_all(pool) || moved;
    dmap__stopping_arm(pool);
    calls->in_turn = false;
    return moved;
}

/* An item runs in the loop's thread. Who cancels it is another thread, or the clock. */
static void hear(dmap_pool *pool, double now) {
    dmap__calls *calls = &pool->calls;
    bool closes = (pool->close_at_s > 0 && now > pool->close_at_s) || dmap__stopping_is_over(pool, now);
    if (calls->on_turn && atomic_load(&pool->has_cancelled_items))
        calls->on_turn(pool);
    for (size_t i = 0; i < calls->n_running; i++) {
        dmap__call *call = calls->running[i];
        if (closes && !call->cancelled)
            dmap__call_cancel(call, DMAP__FATE_MOMENT);
        bool is_over = closes || atomic_load(&call->is_to_cancel) || dmap__call_is_over_time(call, now);
        dmap__call_look_at_time(call, now); /* that of submitted items, too */
        if (is_over)
            dmap__crew_limit(pool->crew, &call->at_crew, 0);
    }
}

/* ---- sleep ---- */

/* For whoever looks on: what is waited for. Of several calls, the one that lacks something says it. */
static dmap__doing waits_for(const dmap_pool *pool) {
    const dmap__calls *calls = &pool->calls;
    dmap__doing doing = calls->n_running ? DMAP__DOING_LAST : DMAP__DOING_LOOP;
    for (size_t i = 0; i < calls->n_running; i++) {
        const dmap__call *call = calls->running[i];
        if (!call->plan)
            continue;
        if (call->source.later)
            return DMAP__DOING_SOURCE;
        dmap__plan_wait wait = dmap__plan_waits_for(call->plan);
        if (wait == DMAP__PLAN_WAIT_WINDOW)
            return DMAP__DOING_WINDOW;
        if (wait == DMAP__PLAN_WAIT_BRANCHES)
            doing = DMAP__DOING_WAIT;
    }
    return doing;
}

/* While a worker has nothing to do, of this rank or of another, what the others have left is to be looked at soon:
 * somebody may take from it. */
static double longest_sleep(dmap_pool *pool, double now, bool *looks) {
    const dmap__calls *calls = &pool->calls;
    bool is_starved = pool->crew && dmap__crew_is_starved(pool->crew);
    double sleep_s = calls->first ? SWEEP_S : calls->n_running ? SLEEP_RUNG_S : SLEEP_IDLE_S;
    *looks = false;
    if (calls->first && calls->n_running < DMAP__CALLS_RUNNING)
        return 0;
    for (size_t i = 0; i < calls->n_running; i++) {
        const dmap__call *call = calls->running[i];
        is_starved = is_starved || (call->plan && dmap__plan_is_uneven(call->plan));
        bool is_later = call->source.later && !call->source.rings;
        *looks = *looks || is_later;
        sleep_s = dmap__call_until_due(call, now, is_later ? fmin(sleep_s, SLEEP_LATER_S) : sleep_s);
    }
    bool is_soon = calls->n_running && pool->comm && (!pool->is_rung || is_starved);
    return dmap__lost_sleep(pool, is_soon ? fmin(sleep_s, SLEEP_RANKS_S) : sleep_s);
}

/* ---- a function of the program's that does not return ---- */

static void unwind(dmap_pool *pool) {
    dmap__call *call = pool->calls.inside;
    dmap__collect_unwind(pool);
    pool->calls.inside = NULL;
    pool->calls.in_turn = false;
    if (call && call->state != DMAP__CALL_ENDED)
        dmap__call_break_off(call);
}

const dmap__side dmap__master_side = {.message = dmap__collect_message,
                                      .chunk = dmap__collect_chunk,
                                      .emission = dmap__collect_emission,
                                      .hear = hear,
                                      .turn = turn,
                                      .longest_sleep = longest_sleep,
                                      .waits_for = waits_for,
                                      .unwind = unwind,
                                      .broke = dmap__collect_break};
