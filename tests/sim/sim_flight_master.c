/* The master: does what src/pool and src/call do with the fleet and the plans, without sources and sinks. Events are
 * told to the plans as they come; what the plans want done is asked for in rounds, in which calls take turns. */
#include "sim_flight.h"

#include <math.h>

#include "plan/plan_state.h"

#define ROUND_S 10e-6 /* from an event to the next round, ... */
#define LOOK_S  50e-9 /* and so much for each call */
#define SLEEP_S 1e-3  /* longest, while something runs */

/* ---- what has come ---- */

static void done(flight_world *w, const flight_event *e) {
    flight_call *call = &w->c->calls[e->call];
    dmap__piece piece = {.begin = e->begin, .end = e->end, .bytes = 0, .tag = w};
    if (e->begin < e->end && dmap__plan_piece(call->plan, e->lease, &piece) != DMAP_OK)
        flight_fail(w, "out of memory");
    call->ended += e->end - e->begin;
    dmap__plan_done(call->plan, w->now, e->lease, e->end - e->begin, e->seconds);
}

static void returned(flight_world *w, const flight_event *e) {
    dmap__plan *plan = w->c->calls[e->call].plan;
    dmap__range range = {e->begin, e->end};
    if (dmap__plan_returned(plan, e->lease, &range, e->begin < e->end) != DMAP_OK)
        flight_fail(w, "out of memory");
}

static void arrives(flight_world *w, const flight_event *e) {
    const flight_case *c = w->c;
    flight_call *call = &c->calls[e->call];
    dmap__plan_config config = {.branches = c->branches,
                                .workers = c->workers,
                                .fleet = w->fleet,
                                .share = &call->share,
                                .task = call->task,
                                .weight = call->weight,
                                .count = call->items};
    call->plan = dmap__plan_create(&config);
    if (!call->plan)
        flight_fail(w, "out of memory");
    w->running++;
    w->to_come--;
    if (isfinite(call->leaves_s))
        flight_post(w, call->leaves_s, (flight_event){.kind = FLIGHT_LEAVES, .call = e->call});
}

static void leaves(flight_world *w, const flight_event *e) {
    flight_call *call = &w->c->calls[e->call];
    call->gone = call->plan != NULL;
    if (call->gone)
        dmap__plan_limit(call->plan, 0);
}

/* As in src/call/arrive.c and src/pool/lost.c. Of one loss, nobody is to blame. */
static void lose(flight_world *w, int branch) {
    const flight_case *c = w->c;
    w->crews[branch].is_lost = true;
    for (int i = 0; i < c->n_calls; i++) {
        dmap__plan *plan = c->calls[i].plan;
        for (uint32_t k = 0; plan && k < dmap__plan_leases(plan); k++) {
            const dmap__lease *lease = dmap__plan_lease(plan, k);
            if (!lease || lease->branch != branch)
                continue;
            if (dmap__plan_lost(plan, k) != DMAP_OK)
                flight_fail(w, "out of memory");
            dmap__plan_done(plan, w->now, k, 0, 0);
        }
        if (plan && !dmap__plan_lose(plan, branch))
            flight_fail(w, "no branch is left");
    }
    dmap__fleet_lose(w->fleet, branch);
    c->workers[branch] = 0; /* to calls that begin later */
}

static void sample(flight_world *w) {
    for (int i = 0; i < w->c->n_calls; i++)
        w->c->calls[i].sampled_s = w->c->calls[i].had_s;
}

/* ---- rounds ---- */

static void follow(flight_world *w, int number, const dmap__step *step) {
    flight_event event = {.branch = step->branch, .call = number, .lease = step->lease};
    if (step->kind == DMAP__STEP_GRANT) {
        event.kind = FLIGHT_GRANT;
        event.begin = step->begin;
        event.end = step->end;
        w->c->chunks++;
    } else if (step->kind == DMAP__STEP_RECALL) {
        event.kind = FLIGHT_RECALL;
        event.begin = step->want;
    } else {
        event.kind = FLIGHT_LIMIT;
        for (event.branch = 0; event.branch < w->c->branches; event.branch++)
            if (!w->crews[event.branch].is_lost)
                flight_send_to_branch(w, event);
        return;
    }
    if (w->crews[step->branch].is_lost)
        flight_fail(w, "a step for branch %d, which is lost", step->branch);
    flight_send_to_branch(w, event);
}

/* Delivers, and ends it if it is over. */
static void deliver(flight_world *w, flight_call *call) {
    dmap__piece piece;
    const char *broken = NULL;
    while (dmap__plan_take(call->plan, &piece) || dmap__plan_drop(call->plan, &piece))
        continue;
    if (!dmap__plan_over(call->plan))
        return;
    if (w->c->branches <= 100 && w->c->n_calls <= 100)
        broken = dmap__plan_check(call->plan);
    if (broken)
        flight_fail(w, "%s", broken);
    if (!call->gone && call->ended != call->items)
        flight_fail(w, "%llu of %llu items ran", (unsigned long long)call->ended, (unsigned long long)call->items);
    call->ended_s = w->now;
    w->c->makespan_s = w->now;
    dmap__plan_destroy(call->plan);
    call->plan = NULL;
    w->running--;
}

static void dispatch(flight_world *w) {
    double until_s;
    dmap__step step;
    dmap__fleet_share *share;
    for (dmap__fleet_round(w->fleet); (share = dmap__fleet_next(w->fleet, &until_s));) {
        flight_call *call = (flight_call *)(void *)((char *)share - offsetof(flight_call, share));
        bool has_more = true;
        while (has_more && share->had_s <= until_s)
            if ((has_more = dmap__plan_next(call->plan, w->now, &step)))
                follow(w, (int)(call - w->c->calls), &step);
        if (!has_more)
            dmap__fleet_pass(w->fleet, share);
    }
}

static void plan_round(flight_world *w, double after_s) {
    double at_s = w->now + after_s;
    if (at_s >= w->round_s)
        return;
    w->round_s = at_s;
    flight_post(w, at_s, (flight_event){.kind = FLIGHT_ROUND});
}

static void round_of_all(flight_world *w) {
    if (w->now < w->round_s)
        return; /* another one was posted instead */
    w->round_s = INFINITY;
    dispatch(w);
    for (int i = 0; i < w->c->n_calls; i++)
        if (w->c->calls[i].plan)
            deliver(w, &w->c->calls[i]);
    if (w->running)
        plan_round(w, SLEEP_S);
}

void flight_master_event(flight_world *w, const flight_event *event) {
    if (event->kind <= FLIGHT_PROGRESS && w->crews[event->branch].is_lost)
        return;
    switch (event->kind) {
    case FLIGHT_DONE:
        done(w, event);
        break;
    case FLIGHT_RETURNED:
        returned(w, event);
        break;
    case FLIGHT_PROGRESS:
        dmap__plan_progress(w->c->calls[event->call].plan, w->now, event->lease, event->begin);
        break;
    case FLIGHT_ARRIVES:
        arrives(w, event);
        break;
    case FLIGHT_LEAVES:
        leaves(w, event);
        break;
    case FLIGHT_LOST:
        lose(w, event->branch);
        break;
    case FLIGHT_SAMPLE:
        sample(w);
        break;
    default:
        round_of_all(w);
        return;
    }
    if (event->kind != FLIGHT_SAMPLE)
        plan_round(w, ROUND_S + w->running * LOOK_S);
}
