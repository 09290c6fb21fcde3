/* Invariants: weights is the sum over the plans that were made with this fleet; big and small of a branch are the
 * leases out of all of them. What a plan itself would allow a call that is alone is never more than the fleet does: see
 * room() in plan.c. */
#include "plan/fleet.h"

#include <stdlib.h>

typedef struct load {
    int workers;
    int big, small; /* leases out */
} load;

struct dmap__fleet {
    int branches;
    load *loads;
    uint64_t weights; /* of all calls */
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
    for (int i = 0; i < branches; i++)
        fleet->loads[i].workers = workers[i];
    return fleet;
}

void dmap__fleet_destroy(dmap__fleet *fleet) {
    if (!fleet)
        return;
    free(fleet->loads);
    free(fleet);
}

void dmap__fleet_join(dmap__fleet *fleet, uint32_t weight) {
    fleet->weights += weight;
}

void dmap__fleet_leave(dmap__fleet *fleet, uint32_t weight) {
    fleet->weights -= weight;
}

double dmap__fleet_part(const dmap__fleet *fleet, uint32_t weight) {
    return (double)weight / (double)fleet->weights;
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
