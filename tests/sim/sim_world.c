/* One run: an event queue, ranks, a master that drives the plan. Ends when the queue is empty.
 *
 * Messages between a rank and the master keep their order, each way. A tick asks the plan now and then, as the job's
 * own loop does, while anything else is under way; with nothing else under way and the plan not over, it is a
 * deadlock. */
#include "sim.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_EVENTS 50000000u

void sim_fail(sim_world *w, const char *format, ...) {
    if (w->failure[0])
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(w->failure, sizeof w->failure, format, args);
    va_end(args);
}

void sim_post(sim_world *w, double at_s, sim_event event) {
    memcpy(&event.key, &at_s, sizeof event.key);
    if (!dmap__heap_reserve(&w->events, 1)) {
        sim_fail(w, "out of memory");
        return;
    }
    dmap__heap_push(&w->events, &event);
    w->busy_events += event.kind != SIM_TICK;
}

static double results_in(const sim_event *event) {
    return event->kind == SIM_DONE ? (double)(event->end - event->begin) : 0;
}

/* The master's thread takes its time for a message of another rank's; returns when it has done. */
static double serve(sim_world *w, const sim_event *event) {
    sim_case *c = w->c;
    double from_s = w->free_s > w->now ? w->free_s : w->now;
    double takes_s = c->message_s + c->copy_s * results_in(event);
    if (event->rank == 0 || takes_s <= 0)
        return w->now;
    w->free_s = from_s + takes_s;
    c->busy_s += takes_s;
    c->messages++;
    return w->free_s;
}

static double arrival(sim_world *w, double from_s, double *last_s) {
    double jitter = w->c->latency_s * 0.2 * sim_unit(&w->c->state);
    double at_s = from_s + w->c->latency_s + jitter;
    *last_s = at_s > *last_s ? at_s : nextafter(*last_s, INFINITY);
    return *last_s;
}

void sim_send_to_rank(sim_world *w, sim_event event) {
    sim_post(w, arrival(w, serve(w, &event), &w->ranks[event.rank].to_rank_s), event);
}

void sim_send_to_master(sim_world *w, sim_event event) {
    sim_rank *r = &w->ranks[event.rank];
    double from_s = w->now > r->link_free_s ? w->now : r->link_free_s;
    if (w->c->link_s)
        r->link_free_s = from_s = from_s + w->c->link_s[event.rank] * results_in(&event);
    sim_post(w, arrival(w, from_s, &r->to_master_s), event);
}

static bool make_ranks(sim_world *w) {
    const sim_case *c = w->c;
    size_t doubles = 0;
    w->ranks = calloc((size_t)c->ranks, sizeof *w->ranks);
    for (int i = 0; i < c->ranks; i++)
        doubles += (size_t)c->workers[i];
    w->memory = calloc(doubles, sizeof *w->memory);
    if (!w->ranks || !w->memory)
        return false;
    double *next = w->memory;
    for (int i = 0; i < c->ranks; i++) {
        sim_rank *r = &w->ranks[i];
        r->workers = c->workers[i];
        r->slowness = c->slowness[i];
        r->free_s = next;
        next += r->workers;
    }
    return true;
}

static bool make_world(sim_world *w, sim_case *c, bool verbose) {
    w->c = c;
    w->verbose = verbose;
    dmap__heap_init(&w->events, sizeof(sim_event));
    w->plan = dmap__plan_create(&c->config);
    w->attempts = calloc(c->items + 1, 1);
    w->ended = calloc(c->items + 1, 1);
    w->delivered = calloc(c->items + 1, 1);
    w->out_at = calloc(c->items + 1, sizeof *w->out_at);
    w->losses = calloc(c->items + 1, 1);
    w->blamed = UINT64_MAX;
    return w->plan && w->attempts && w->ended && w->delivered && w->out_at && w->losses && make_ranks(w);
}

static void fini_world(sim_world *w) {
    dmap__plan_destroy(w->plan);
    dmap__heap_fini(&w->events);
    free(w->attempts);
    free(w->ended);
    free(w->delivered);
    free(w->out_at);
    free(w->losses);
    for (int i = 0; w->ranks && i < w->c->ranks; i++)
        sim_rank_fini(&w->ranks[i]);
    free(w->ranks);
    free(w->memory);
}

/* A message is looked at when the master's thread has had its time for it. */
static bool waits_for_master(sim_world *w, sim_event *event) {
    if (event->kind < SIM_DONE || event->kind > SIM_PROGRESS || event->served)
        return false;
    double at_s = serve(w, event);
    event->served = true;
    if (at_s <= w->now)
        return false;
    sim_post(w, at_s, *event);
    return true;
}

static void step(sim_world *w, double tick_s) {
    sim_event event;
    dmap__heap_pop(&w->events, &event);
    memcpy(&w->now, &event.key, sizeof w->now);
    w->busy_events -= event.kind != SIM_TICK;
    if (event.kind <= SIM_STOPS) {
        sim_rank_event(w, &event);
        return;
    }
    if (waits_for_master(w, &event))
        return;
    if (event.kind == SIM_TICK && (w->busy_events || (w->c->hesitates && !dmap__plan_over(w->plan))))
        sim_post(w, w->now + tick_s, event);
    else
        sim_master_event(w, &event);
    sim_master_turn(w);
}

static void loop(sim_world *w) {
    double tick_s = sim_case_bound(w->c) / 100 + w->c->latency_s + 1e-6;
    if (w->c->limit_at_s >= 0)
        sim_post(w, w->c->limit_at_s, (sim_event){.kind = SIM_LIMIT_NOW});
    if (w->c->drain_at_s >= 0)
        sim_post(w, w->c->drain_at_s, (sim_event){.kind = SIM_DRAIN_NOW});
    sim_lost_post(w);
    sim_post(w, tick_s, (sim_event){.kind = SIM_TICK});
    sim_master_turn(w);
    for (uint64_t n = 0; w->events.count && !w->failure[0]; n++) {
        if (n == MOST_EVENTS)
            sim_fail(w, "no end after %u events", MOST_EVENTS);
        step(w, tick_s);
    }
    if (!w->failure[0])
        sim_verify_end(w);
}

void sim_run(sim_case *c, bool verbose, char failure[256], double *makespan_s) {
    sim_world w = {0};
    if (make_world(&w, c, verbose))
        loop(&w);
    else
        sim_fail(&w, "out of memory");
    *makespan_s = w.makespan_s;
    memcpy(failure, w.failure, sizeof w.failure);
    fini_world(&w);
}
