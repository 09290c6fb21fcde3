/* A rank: its workers take the items of its leases in order, each the next one as soon as it is free (list scheduling).
 *
 * A lease's schedule is computed when it comes: no event per item. An event at its end has the version of the schedule;
 * a recall or a limit that takes items away makes a new one. Items begin in order, so what has not begun is the end of
 * a lease, and then nothing of the lease behind has begun either: both are computed again from the state before. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

/* Replaces the lowest of a heap of n and returns it. */
static void replace_lowest(double *heap, int n, double value) {
    int place = 0;
    for (;;) {
        int child = 2 * place + 1;
        if (child >= n)
            break;
        child += child + 1 < n && heap[child + 1] < heap[child];
        if (value <= heap[child])
            break;
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = value;
}

typedef struct counts {
    uint64_t begun, ended;
} counts;

/* Runs the lease's items on the workers' heap; counts those begun and ended at `at_s`. */
static counts walk(const sim_world *w, const sim_rank *r, sim_lease *lease, double *heap, double at_s) {
    counts n = {0, 0};
    lease->end_s = lease->arrival_s;
    lease->busy_s = 0;
    lease->killer_s = -1;
    for (uint64_t i = lease->begin; i < lease->end; i++) {
        double begin_s = heap[0] > lease->arrival_s ? heap[0] : lease->arrival_s;
        double took_s = w->c->times[i] * r->slowness;
        double end_s = begin_s + took_s;
        replace_lowest(heap, r->workers, end_s);
        if (i == w->c->killer)
            lease->killer_s = begin_s;
        lease->busy_s += took_s;
        lease->end_s = end_s > lease->end_s ? end_s : lease->end_s;
        n.begun += begin_s <= at_s;
        n.ended += end_s <= at_s;
    }
    return n;
}

static void schedule(sim_world *w, int rank, sim_lease *lease) {
    sim_rank *r = &w->ranks[rank];
    memcpy(lease->before, r->free_s, (size_t)r->workers * sizeof *r->free_s);
    walk(w, r, lease, r->free_s, w->now);
    lease->version = ++w->versions;
    double end_s = lease->end_s > w->now ? lease->end_s : w->now;
    if (rank && lease->killer_s >= 0) {
        double at_s = lease->killer_s > w->now ? lease->killer_s : w->now;
        sim_post(w, at_s, (sim_event){.kind = SIM_DIES, .rank = rank, .lease = lease->id, .begin = lease->version});
    }
    sim_post(w, end_s, (sim_event){.kind = SIM_LEASE_END, .rank = rank, .lease = lease->id, .begin = lease->version});
}

/* Changes nothing of the lease: what walk() computes again comes out the same. */
static counts count(const sim_world *w, const sim_rank *r, sim_lease *lease) {
    double heap[64];
    memcpy(heap, lease->before, (size_t)r->workers * sizeof *heap);
    return walk(w, r, lease, heap, w->now);
}

/* The lease ends earlier; what comes behind it moves up. */
static void shorten(sim_world *w, int rank, int place, uint64_t end) {
    sim_rank *r = &w->ranks[rank];
    r->order[place]->end = end;
    memcpy(r->free_s, r->order[place]->before, (size_t)r->workers * sizeof *r->free_s);
    for (int i = place; i < r->n_order; i++)
        schedule(w, rank, r->order[i]);
}

/* The last of the order; NULL if memory is out. */
static sim_lease *add(sim_rank *r) {
    if (r->n_order == r->order_capacity) {
        int capacity = 2 * r->order_capacity + 2;
        sim_lease **order = realloc(r->order, (size_t)capacity * sizeof(sim_lease *));
        if (!order)
            return NULL;
        r->order = order;
        r->order_capacity = capacity;
    }
    sim_lease *lease = calloc(1, sizeof *lease + (size_t)r->workers * sizeof *lease->before);
    if (lease)
        r->order[r->n_order++] = lease;
    return lease;
}

static void drop(sim_rank *r, int place) {
    free(r->order[place]);
    memmove(&r->order[place], &r->order[place + 1], (size_t)(--r->n_order - place) * sizeof(sim_lease *));
}

void sim_rank_fini(sim_rank *r) {
    while (r->n_order)
        drop(r, r->n_order - 1);
    free(r->order);
}

static void granted(sim_world *w, const sim_event *e) {
    sim_rank *r = &w->ranks[e->rank];
    sim_lease *lease = add(r);
    if (!lease) {
        sim_fail(w, "out of memory");
        return;
    }
    lease->id = e->lease;
    lease->attempt = e->attempt;
    lease->begin = e->begin;
    lease->end = e->end;
    lease->arrival_s = w->now;
    schedule(w, e->rank, lease);
    if (w->c->progress_s > 0) {
        sim_post(w, w->now + w->c->progress_s,
                 (sim_event){.kind = SIM_REPORT_DUE, .rank = e->rank, .lease = e->lease, .begin = e->begin});
    }
}

static int place_of(const sim_rank *r, uint32_t lease) {
    for (int i = 0; i < r->n_order; i++)
        if (r->order[i]->id == lease)
            return i;
    return -1;
}

static void recalled(sim_world *w, const sim_event *e) {
    sim_rank *r = &w->ranks[e->rank];
    int place = place_of(r, e->lease);
    if (place < 0)
        return;
    sim_lease *lease = r->order[place];
    uint64_t waiting = lease->end - lease->begin - count(w, r, lease).begun;
    uint64_t given = e->begin < waiting ? e->begin : waiting;
    sim_event answer = {.kind = SIM_RETURNED, .rank = e->rank, .lease = e->lease, .end = lease->end};
    answer.begin = lease->end - given;
    sim_send_to_master(w, answer);
    if (given)
        shorten(w, e->rank, place, answer.begin);
}

static void limited(sim_world *w, const sim_event *e) {
    sim_rank *r = &w->ranks[e->rank];
    for (int i = 0; i < r->n_order; i++) {
        sim_lease *lease = r->order[i];
        uint64_t begun = lease->begin + count(w, r, lease).begun;
        uint64_t end = lease->end < e->begin ? lease->end : e->begin;
        end = end > begun ? end : begun;
        if (end < lease->end)
            shorten(w, e->rank, i, end);
    }
}

static void ended(sim_world *w, const sim_event *e) {
    sim_rank *r = &w->ranks[e->rank];
    int place = place_of(r, e->lease);
    if (place < 0 || r->order[place]->version != e->begin)
        return;
    sim_lease *lease = r->order[place];
    sim_event done = {.kind = SIM_DONE, .rank = e->rank, .lease = e->lease, .attempt = lease->attempt};
    done.begin = lease->begin;
    done.end = lease->end;
    done.seconds = lease->busy_s;
    drop(r, place);
    sim_send_to_master(w, done);
}

static void report_due(sim_world *w, const sim_event *e) {
    sim_rank *r = &w->ranks[e->rank];
    int place = place_of(r, e->lease);
    if (place < 0 || r->order[place]->begin != e->begin)
        return;
    uint64_t items = count(w, r, r->order[place]).ended;
    sim_send_to_master(w, (sim_event){.kind = SIM_PROGRESS, .rank = e->rank, .lease = e->lease, .begin = items});
    sim_post(w, w->now + w->c->progress_s, *e);
}

static void dies(sim_world *w, const sim_event *e) {
    int place = e->begin ? place_of(&w->ranks[e->rank], e->lease) : -1;
    if (e->begin && (place < 0 || w->ranks[e->rank].order[place]->version != e->begin))
        return;
    w->killed += e->begin > 0;
    sim_lost_rank_event(w, e);
}

void sim_rank_event(sim_world *w, const sim_event *event) {
    static void (*const handlers[])(sim_world *, const sim_event *) = {
        [SIM_GRANT] = granted,
        [SIM_RECALL] = recalled,
        [SIM_LIMIT] = limited,
        [SIM_LEASE_END] = ended,
        [SIM_REPORT_DUE] = report_due,
        [SIM_DIES] = dies,
        [SIM_STOPS] = sim_lost_rank_event,
    };
    if (!sim_lost_is_awake(w, event))
        return;
    handlers[event->kind](w, event);
}
