/* The fluid bound: work flows. At each moment every call that is in flight has a rate: its part, by weight, of the
 * speed of all workers, but no more than as many workers as it has items left could do; what one cannot use goes to the
 * others. Rates change when a call comes, ends or leaves, and so the bound is made step by step. */
#include "sim_flight.h"

#include <math.h>
#include <stdlib.h>

typedef struct flow {
    double left_s; /* work */
    double rate;
    bool runs, is_full; /* it has all that it can use */
} flow;

static double speed_of(const flight_case *c) {
    double speed = 0;
    for (int i = 0; i < c->branches; i++)
        speed += c->workers[i] / c->slowness[i];
    return speed;
}

static void set_rates(const flight_case *c, flow *flows, double speed) {
    bool changed = true;
    for (int i = 0; i < c->n_calls; i++)
        flows[i].is_full = false;
    while (changed) {
        double weights = 0, free = speed;
        changed = false;
        for (int i = 0; i < c->n_calls; i++) {
            weights += flows[i].runs && !flows[i].is_full ? c->calls[i].weight : 0;
            free -= flows[i].is_full ? flows[i].rate : 0;
        }
        for (int i = 0; i < c->n_calls; i++) {
            flow *f = &flows[i];
            if (!f->runs || f->is_full)
                continue;
            f->rate = free * c->calls[i].weight / weights;
            f->is_full = f->rate > (double)c->calls[i].items;
            f->rate = f->is_full ? (double)c->calls[i].items : f->rate;
            changed = changed || f->is_full;
        }
    }
}

/* When the rates are to be set again. */
static double next_change(const flight_case *c, const flow *flows, double now) {
    double next_s = c->sample_s > now ? c->sample_s : INFINITY;
    for (int i = 0; i < c->n_calls; i++) {
        const flight_call *call = &c->calls[i];
        if (call->arrives_s > now)
            next_s = fmin(next_s, call->arrives_s);
        if (flows[i].runs)
            next_s = fmin(next_s, fmin(now + flows[i].left_s / flows[i].rate, call->leaves_s));
    }
    return next_s;
}

static void flow_on(flight_case *c, flow *flows, double now, double next_s) {
    for (int i = 0; i < c->n_calls; i++) {
        flight_call *call = &c->calls[i];
        flow *f = &flows[i];
        if (f->runs) {
            double work_s = f->rate * (next_s - now);
            f->left_s -= work_s;
            call->fluid_sampled_s += now < c->sample_s ? work_s : 0;
            if (f->left_s <= 1e-9 * call->item_s * (double)call->items || call->leaves_s <= next_s) {
                f->runs = false;
                call->fluid_ended_s = next_s;
                c->fluid_s = next_s;
            }
        } else if (f->left_s > 1e-9 * call->item_s * (double)call->items && call->arrives_s <= next_s &&
                   call->fluid_ended_s <= 0) {
            f->runs = true;
        }
    }
}

void flight_fluid(flight_case *c) {
    flow *flows = calloc((size_t)c->n_calls, sizeof *flows);
    double speed = speed_of(c), now = -1;
    for (int i = 0; flows && i < c->n_calls; i++)
        for (uint64_t k = 0; k < c->calls[i].items; k++)
            flows[i].left_s += flight_item_s(c, i, k);
    while (flows) {
        set_rates(c, flows, speed);
        double next_s = next_change(c, flows, now);
        if (!isfinite(next_s))
            break;
        flow_on(c, flows, now, next_s);
        now = next_s;
    }
    free(flows);
}

double flight_share(const flight_case *c) {
    double had_s = 0, should_s = 0;
    for (int i = 0; i < c->n_calls; i++) {
        had_s += fmin(c->calls[i].sampled_s, c->calls[i].fluid_sampled_s);
        should_s += c->calls[i].fluid_sampled_s;
    }
    return should_s > 0 ? had_s / should_s : 0;
}

double flight_jain(const flight_case *c) {
    double sum = 0, squares = 0;
    for (int i = 0; i < c->n_calls; i++) {
        double part = c->calls[i].sampled_s / c->calls[i].weight;
        sum += part;
        squares += part * part;
    }
    return squares > 0 ? sum * sum / (c->n_calls * squares) : 0;
}
