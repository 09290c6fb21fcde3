/* Holes: the ranges of a lease that were taken back of it, kept until it ends. By them it shows what the lease still
 * has, which is what is lost with its branch.
 *
 * Invariant: the holes of a lease are disjoint and lie within it; a lease that has ended has none. */
#include "plan/plan_state.h"

#include <stdlib.h>

bool dmap__holes_reserve(dmap__plan *plan, size_t n) {
    uint32_t free_ones = 0;
    for (uint32_t i = plan->free_hole; i != DMAP__NO_LEASE && free_ones < n; i = plan->holes[i].next)
        free_ones++;
    if (free_ones >= n)
        return true;
    uint32_t old = plan->holes_capacity, wider = 2 * old + (uint32_t)n;
    dmap__hole *holes = wider > old ? realloc(plan->holes, wider * sizeof *holes) : NULL;
    if (!holes)
        return false;
    plan->holes = holes;
    plan->holes_capacity = wider;
    for (uint32_t i = old; i < wider; i++) {
        holes[i].next = plan->free_hole;
        plan->free_hole = i;
    }
    return true;
}

void dmap__holes_put(dmap__plan *plan, dmap__lease *lease, const dmap__range *range) {
    uint32_t number = plan->free_hole;
    plan->free_hole = plan->holes[number].next;
    plan->holes[number] = (dmap__hole){range->begin, range->end, lease->holes};
    lease->holes = number;
}

void dmap__holes_drop(dmap__plan *plan, dmap__lease *lease) {
    while (lease->holes != DMAP__NO_LEASE) {
        uint32_t number = lease->holes;
        lease->holes = plan->holes[number].next;
        plan->holes[number].next = plan->free_hole;
        plan->free_hole = number;
    }
}

dmap__range dmap__holes_next(const dmap__plan *plan, const dmap__lease *lease, uint64_t from) {
    dmap__range lowest = {lease->end, lease->end};
    for (uint32_t i = lease->holes; i != DMAP__NO_LEASE; i = plan->holes[i].next)
        if (plan->holes[i].begin >= from && plan->holes[i].begin < lowest.begin)
            lowest = (dmap__range){plan->holes[i].begin, plan->holes[i].end};
    return lowest;
}

size_t dmap__holes_count(const dmap__plan *plan, const dmap__lease *lease) {
    size_t n = 0;
    for (uint32_t i = lease->holes; i != DMAP__NO_LEASE; i = plan->holes[i].next)
        n++;
    return n;
}
