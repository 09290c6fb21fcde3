/* One run: an event queue, branches, a master. It ends when the queue is empty. Messages between a branch and the
 * master keep their order, each way. Branch 0 is the master's own: its messages take no time. */
#include "sim_flight.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define MOST_EVENTS 200000000u

void flight_fail(flight_world *w, const char *format, ...) {
    if (w->c->failure[0])
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(w->c->failure, sizeof w->c->failure, format, args);
    va_end(args);
}

void flight_post(flight_world *w, double at_s, flight_event event) {
    memcpy(&event.key, &at_s, sizeof event.key);
    if (!dmap__heap_reserve(&w->events, 1)) {
        flight_fail(w, "out of memory");
        return;
    }
    dmap__heap_push(&w->events, &event);
}

static double arrival(flight_world *w, int branch, double *last_s) {
    double latency_s = branch ? w->c->latency_s * (1 + 0.2 * sim_unit(&w->c->state)) : 0;
    double at_s = w->now + latency_s;
    *last_s = at_s > *last_s ? at_s : nextafter(*last_s, INFINITY);
    return *last_s;
}

void flight_send_to_branch(flight_world *w, flight_event event) {
    flight_post(w, arrival(w, event.branch, &w->crews[event.branch].to_branch_s), event);
}

void flight_send_to_master(flight_world *w, flight_event event) {
    flight_post(w, arrival(w, event.branch, &w->crews[event.branch].to_master_s), event);
}

static bool make(flight_world *w, flight_case *c) {
    *w = (flight_world){.c = c, .round_s = INFINITY, .to_come = c->n_calls};
    dmap__heap_init(&w->events, sizeof(flight_event));
    w->fleet = dmap__fleet_create(c->workers, c->branches);
    w->crews = calloc((size_t)c->branches, sizeof *w->crews);
    w->accounts = calloc((size_t)c->branches * (size_t)c->n_calls, sizeof *w->accounts);
    for (int i = 0; w->crews && i < c->branches; i++)
        w->crews[i] = (flight_crew){.workers = c->workers[i], .idle = c->workers[i], .slowness = c->slowness[i]};
    return w->fleet && w->crews && w->accounts;
}

static void fini(flight_world *w) {
    for (int i = 0; i < w->c->n_calls; i++)
        dmap__plan_destroy(w->c->calls[i].plan);
    for (int i = 0; w->crews && i < w->c->branches; i++)
        free(w->crews[i].grants);
    dmap__fleet_destroy(w->fleet);
    dmap__heap_fini(&w->events);
    free(w->crews);
    free(w->accounts);
}

static void loop(flight_world *w) {
    const flight_case *c = w->c;
    for (int i = 0; i < c->n_calls; i++)
        flight_post(w, c->calls[i].arrives_s, (flight_event){.kind = FLIGHT_ARRIVES, .call = i});
    for (int i = 0; c->lost_s && i < c->branches; i++)
        if (isfinite(c->lost_s[i]))
            flight_post(w, c->lost_s[i], (flight_event){.kind = FLIGHT_LOST, .branch = i});
    if (c->sample_s > 0)
        flight_post(w, c->sample_s, (flight_event){.kind = FLIGHT_SAMPLE});
    for (uint64_t n = 0; w->events.count && !c->failure[0]; n++) {
        flight_event event;
        dmap__heap_pop(&w->events, &event);
        memcpy(&w->now, &event.key, sizeof w->now);
        (event.kind <= FLIGHT_REPORT ? flight_crew_event : flight_master_event)(w, &event);
        if (n == MOST_EVENTS || w->now > 1e6)
            flight_fail(w, "no end after %u events or 1e6 s", MOST_EVENTS);
    }
    if (!c->failure[0] && w->running)
        flight_fail(w, "%d calls have not ended", w->running);
}

void flight_run(flight_case *c) {
    flight_world w;
    if (make(&w, c))
        loop(&w);
    else
        flight_fail(&w, "out of memory");
    fini(&w);
    flight_fluid(c);
}
