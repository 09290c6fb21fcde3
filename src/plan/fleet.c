/* What is known of a task is one record for each branch: memory for as many tasks as were called, none for a call.
 *
 * A call that begins is level with the others when it has had what they have had in the mean, by weight: that is the
 * virtual time of generalized processor sharing, which goes on while there is work, whoever comes. The least that one
 * of them has had would not do. It stands still while calls come faster than each can be served once, and who is ahead
 * of it by a chunk waits for all of those. One that has no items to be had does not count, else the level would stay
 * where that one has stopped; as it goes on, it is lifted to the level.
 *
 * Invariants: weights is the sum over the shares; awake and awake_had_s are sums over those that do not rest, the
 * latter but for what differences of doubles add up to, until all rest; big and small of a branch are the leases out of
 * all calls. */
#include "plan/fleet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TURN 0.2 /* 50 ms: more calls than have a chunk of LEAST_S in that are level later, see chunk.c */

typedef struct load {
    int workers;
    dmap__fleet_queue queue;
    int next, prev;   /* in it; -1: none */
    int big, small;   /* leases out */
    uint64_t items;   /* in them that have not ended, by the last progress reports */
    uint64_t weights; /* of the calls that have some */
    uint64_t changes; /* of these calls, so far */
    int suspects;     /* leases out of items that branches were lost with, ... */
    int alone;        /* and of these, those that are to be alone: 0 or 1 */
} load;

typedef struct list {
    int first, last; /* -1: empty */
    int count;
} list;

struct dmap__fleet {
    int branches;
    load *loads;
    list queues[DMAP__FLEET_QUEUES];
    uint64_t all_workers;
    dmap__fleet_share *first, *last; /* of the calls, by what they had as the round began */
    dmap__fleet_share *turn;         /* those before it have passed */
    uint64_t weights;                /* theirs */
    uint64_t awake;                  /* of those that do not rest, ... */
    double awake_had_s;              /* ... and what they have had, times their weights */
    double level_s;                  /* the last one, while all rest */
    dmap__speeds **speeds;           /* of each task; NULL: nothing was asked of it */
    uint32_t n_speeds;
};

static void leave_queue(dmap__fleet *fleet, const load *l) {
    if (l->queue == DMAP__NO_ROOM)
        return;
    list *q = &fleet->queues[l->queue];
    *(l->prev >= 0 ? &fleet->loads[l->prev].next : &q->first) = l->next;
    *(l->next >= 0 ? &fleet->loads[l->next].prev : &q->last) = l->prev;
    q->count--;
}

static void enter_queue(dmap__fleet *fleet, int branch, dmap__fleet_queue to) {
    load *l = &fleet->loads[branch];
    l->queue = to;
    if (to == DMAP__NO_ROOM)
        return;
    list *q = &fleet->queues[to];
    l->next = -1;
    l->prev = q->last;
    *(q->last >= 0 ? &fleet->loads[q->last].next : &q->first) = branch;
    q->last = branch;
    q->count++;
}

dmap__fleet *dmap__fleet_create(const int *workers, int branches) {
    dmap__fleet *fleet = calloc(1, sizeof *fleet);
    if (!fleet)
        return NULL;
    fleet->branches = branches;
    fleet->loads = calloc((size_t)branches, sizeof *fleet->loads);
    if (!fleet->loads) {
        free(fleet);
        return NULL;
    }
    for (int i = 0; i < DMAP__FLEET_QUEUES; i++)
        fleet->queues[i] = (list){-1, -1, 0};
    for (int i = 0; i < branches; i++) {
        fleet->loads[i].workers = workers[i];
        fleet->loads[i].queue = DMAP__NO_ROOM;
        if (workers[i])
            enter_queue(fleet, i, DMAP__FREE);
        fleet->all_workers += (uint64_t)workers[i];
    }
    return fleet;
}

void dmap__fleet_destroy(dmap__fleet *fleet) {
    if (!fleet)
        return;
    for (uint32_t i = 0; i < fleet->n_speeds; i++)
        free(fleet->speeds[i]);
    free(fleet->speeds);
    free(fleet->loads);
    free(fleet);
}

static bool has_place(dmap__fleet *fleet, uint32_t task) {
    if (task < fleet->n_speeds)
        return true;
    dmap__speeds **speeds = realloc(fleet->speeds, (task + UINT64_C(1)) * sizeof *speeds);
    if (!speeds)
        return false;
    memset(speeds + fleet->n_speeds, 0, (task + UINT64_C(1) - fleet->n_speeds) * sizeof *speeds);
    fleet->speeds = speeds;
    fleet->n_speeds = task + 1;
    return true;
}

dmap__speeds *dmap__fleet_speeds(dmap__fleet *fleet, uint32_t task) {
    if (!has_place(fleet, task))
        return NULL;
    dmap__speeds *speeds = fleet->speeds[task];
    if (speeds)
        return speeds;
    speeds = calloc(1, sizeof *speeds + (size_t)fleet->branches * sizeof speeds->of[0]);
    if (speeds)
        dmap__speed_all_init(&speeds->all, fleet->all_workers, fleet->branches);
    return fleet->speeds[task] = speeds;
}

static double level(dmap__fleet *fleet) {
    if (fleet->awake)
        fleet->level_s = fleet->awake_had_s / (double)fleet->awake;
    return fleet->level_s;
}

static void count_awake(dmap__fleet *fleet, const dmap__fleet_share *share) {
    fleet->awake += share->weight;
    fleet->awake_had_s += share->had_s * share->weight;
}

static void count_resting(dmap__fleet *fleet, const dmap__fleet_share *share) {
    level(fleet);
    fleet->awake -= share->weight;
    fleet->awake_had_s = fleet->awake ? fleet->awake_had_s - share->had_s * share->weight : 0;
}

void dmap__fleet_charge(dmap__fleet *fleet, dmap__fleet_share *share, double seconds) {
    share->had_s += seconds;
    if (!share->rests)
        fleet->awake_had_s += seconds * share->weight;
}

void dmap__fleet_rest(dmap__fleet *fleet, dmap__fleet_share *share) {
    if (share->rests)
        return;
    share->rests = true;
    count_resting(fleet, share);
}

void dmap__fleet_wake(dmap__fleet *fleet, dmap__fleet_share *share) {
    if (!share->rests)
        return;
    double level_s = level(fleet);
    share->had_s = share->had_s > level_s ? share->had_s : level_s;
    share->rests = false;
    count_awake(fleet, share);
}

static void unlink_share(dmap__fleet *fleet, dmap__fleet_share *share) {
    *(share->prev ? &share->prev->next : &fleet->first) = share->next;
    *(share->next ? &share->next->prev : &fleet->last) = share->prev;
}

/* NULL: as the last one. */
static void link_before(dmap__fleet *fleet, dmap__fleet_share *share, dmap__fleet_share *next) {
    share->next = next;
    share->prev = next ? next->prev : fleet->last;
    *(share->prev ? &share->prev->next : &fleet->first) = share;
    *(next ? &next->prev : &fleet->last) = share;
}

void dmap__fleet_join(dmap__fleet *fleet, dmap__fleet_share *share, uint32_t weight) {
    *share = (dmap__fleet_share){.had_s = level(fleet), .weight = weight};
    link_before(fleet, share, NULL); /* of those that have had as much the last */
    fleet->weights += weight;
    count_awake(fleet, share);
}

void dmap__fleet_leave(dmap__fleet *fleet, dmap__fleet_share *share) {
    if (fleet->turn == share)
        fleet->turn = share->next;
    unlink_share(fleet, share);
    fleet->weights -= share->weight;
    if (!share->rests)
        count_resting(fleet, share);
}

dmap__fleet_share *dmap__fleet_shares(const dmap__fleet *fleet) {
    return fleet->first;
}

/* ---- rounds ---- */

/* Insertion: the order of the last round is nearly that of this one. */
void dmap__fleet_round(dmap__fleet *fleet) {
    dmap__fleet_share *next;
    for (dmap__fleet_share *share = fleet->first; share; share = next) {
        dmap__fleet_share *before = share->prev;
        next = share->next;
        while (before && before->had_s > share->had_s)
            before = before->prev;
        if (before == share->prev)
            continue;
        unlink_share(fleet, share);
        link_before(fleet, share, before ? before->next : fleet->first);
    }
    fleet->turn = fleet->first;
}

dmap__fleet_share *dmap__fleet_next(dmap__fleet *fleet, double *until_s) {
    dmap__fleet_share *share = fleet->turn, *next = share ? share->next : NULL;
    while (next && next->had_s < share->had_s)
        next = next->next;
    if (share && next != share->next) {
        fleet->turn = share->next;
        unlink_share(fleet, share);
        link_before(fleet, share, next);
    }
    share = fleet->turn;
    *until_s = share && share->next ? share->next->had_s : INFINITY;
    return share;
}

void dmap__fleet_pass(dmap__fleet *fleet, dmap__fleet_share *share) {
    fleet->turn = share->next;
}

/* ---- parts ---- */

static double lesser(double a, double b) {
    return a < b ? a : b;
}

/* A branch that serves several calls takes that much longer for a chunk of each. And while many calls share few
 * branches, chunks are so small that each call gets one somewhere in TURN of the time of a chunk. */
double dmap__fleet_part(const dmap__fleet *fleet, const dmap__fleet_share *share, int branch, bool is_there) {
    const load *l = &fleet->loads[branch];
    double weight = share->weight, here = weight / (double)(l->weights + (is_there ? 0 : share->weight));
    double turn = TURN * (double)fleet->all_workers / l->workers * weight / (double)fleet->weights;
    return share->weight < fleet->weights ? lesser(here, turn) : 1;
}

double dmap__fleet_part_here(const dmap__fleet *fleet, const dmap__fleet_share *share, int branch) {
    return (double)share->weight / (double)fleet->loads[branch].weights;
}

uint64_t dmap__fleet_changes(const dmap__fleet *fleet, int branch) {
    return fleet->loads[branch].changes;
}

void dmap__fleet_arrive(dmap__fleet *fleet, const dmap__fleet_share *share, int branch) {
    fleet->loads[branch].weights += share->weight;
    fleet->loads[branch].changes++;
}

void dmap__fleet_depart(dmap__fleet *fleet, const dmap__fleet_share *share, int branch) {
    fleet->loads[branch].weights -= share->weight;
    fleet->loads[branch].changes++;
}

uint64_t dmap__fleet_room(const dmap__fleet *fleet, int branch) {
    const load *l = &fleet->loads[branch];
    if (!l->workers || l->small >= 2 * l->workers + DMAP__SPARE)
        return 0; /* the next one may be small */
    return l->big < DMAP__BIG_LEASES ? UINT64_MAX : DMAP__SMALL_LEASE;
}

/* ---- queues ---- */

dmap__fleet_queue dmap__fleet_queue_of(const dmap__fleet *fleet, int branch) {
    return fleet->loads[branch].queue;
}

int dmap__fleet_count(const dmap__fleet *fleet, dmap__fleet_queue queue) {
    return fleet->queues[queue].count;
}

int dmap__fleet_first(const dmap__fleet *fleet, dmap__fleet_queue queue) {
    return fleet->queues[queue].first;
}

int dmap__fleet_after(const dmap__fleet *fleet, int branch) {
    return fleet->loads[branch].next;
}

static void move(dmap__fleet *fleet, int branch, bool was_served) {
    const load *l = &fleet->loads[branch];
    dmap__fleet_queue to = DMAP__NO_ROOM;
    if (dmap__fleet_room(fleet, branch) > 0)
        to = l->items < (uint64_t)l->workers ? DMAP__FREE : DMAP__ROOM;
    if (to == l->queue && !was_served)
        return;
    leave_queue(fleet, l);
    enter_queue(fleet, branch, to);
}

void dmap__fleet_lose(dmap__fleet *fleet, int branch) {
    load *l = &fleet->loads[branch];
    fleet->all_workers -= (uint64_t)l->workers;
    l->workers = 0;
    move(fleet, branch, false);
}

void dmap__fleet_suspect(dmap__fleet *fleet, int branch, bool is_alone, int change) {
    fleet->loads[branch].suspects += change;
    fleet->loads[branch].alone += is_alone ? change : 0;
}

int dmap__fleet_suspects(const dmap__fleet *fleet, int branch) {
    return fleet->loads[branch].suspects;
}

bool dmap__fleet_may_suspect(const dmap__fleet *fleet, int branch, bool is_alone) {
    const load *l = &fleet->loads[branch];
    return is_alone ? l->suspects == 0 : l->alone == 0;
}

void dmap__fleet_grant(dmap__fleet *fleet, int branch, bool is_big, uint64_t items) {
    load *l = &fleet->loads[branch];
    *(is_big ? &l->big : &l->small) += 1;
    l->items += items;
    move(fleet, branch, true);
}

void dmap__fleet_load(dmap__fleet *fleet, int branch, uint64_t before, uint64_t now) {
    fleet->loads[branch].items += now - before;
    move(fleet, branch, false);
}

void dmap__fleet_end(dmap__fleet *fleet, int branch, bool is_big, uint64_t left) {
    load *l = &fleet->loads[branch];
    *(is_big ? &l->big : &l->small) -= 1;
    l->items -= left;
    move(fleet, branch, false);
}
