/* What is known of a task is one record for each branch: memory for as many tasks as were called, none for a call.
 *
 * Invariants: weights is the sum over the shares; big and small of a branch are the leases out of all calls. */
#include "plan/fleet.h"

#include <stdlib.h>
#include <string.h>

typedef struct load {
    int workers;
    int big, small; /* leases out */
} load;

struct dmap__fleet {
    int branches;
    load *loads;
    uint64_t all_workers;
    dmap__fleet_share *first; /* of the calls, in no order */
    uint64_t weights;         /* theirs */
    dmap__speeds **speeds;    /* of each task; NULL: nothing was asked of it */
    uint32_t n_speeds;
};

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
    for (int i = 0; i < branches; i++) {
        fleet->loads[i].workers = workers[i];
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

static double least_had(const dmap__fleet *fleet) {
    double least_s = fleet->first ? fleet->first->had_s : 0;
    for (const dmap__fleet_share *s = fleet->first; s; s = s->next)
        least_s = s->had_s < least_s ? s->had_s : least_s;
    return least_s;
}

void dmap__fleet_join(dmap__fleet *fleet, dmap__fleet_share *share, uint32_t weight) {
    *share = (dmap__fleet_share){.had_s = least_had(fleet), .weight = weight, .next = fleet->first};
    if (fleet->first)
        fleet->first->prev = share;
    fleet->first = share;
    fleet->weights += weight;
}

void dmap__fleet_leave(dmap__fleet *fleet, dmap__fleet_share *share) {
    *(share->prev ? &share->prev->next : &fleet->first) = share->next;
    if (share->next)
        share->next->prev = share->prev;
    fleet->weights -= share->weight;
}

double dmap__fleet_part(const dmap__fleet *fleet, const dmap__fleet_share *share) {
    return (double)share->weight / (double)fleet->weights;
}

uint64_t dmap__fleet_room(const dmap__fleet *fleet, int branch) {
    const load *l = &fleet->loads[branch];
    if (l->small >= 2 * l->workers + DMAP__SPARE)
        return 0; /* the next one may be small */
    return l->big < DMAP__BIG_LEASES ? UINT64_MAX : DMAP__SMALL_LEASE;
}

void dmap__fleet_grant(dmap__fleet *fleet, int branch, bool is_big) {
    load *l = &fleet->loads[branch];
    *(is_big ? &l->big : &l->small) += 1;
}

void dmap__fleet_end(dmap__fleet *fleet, int branch, bool is_big) {
    load *l = &fleet->loads[branch];
    *(is_big ? &l->big : &l->small) -= 1;
}
