/* Branches that are lost.
 *
 * What a lease still has is told by what was taken back of it: for that its holes are kept until it ends. All of it is
 * granted again, and counts as one more attempt: what the lost branch sent of the one before is not the whole of it.
 * Such attempts are counted apart, as they were no failures of the item.
 *
 * An item may be what its branch was lost by. Nobody knows which of all that was there, so all are suspect: they are
 * granted again one by one. One that was with as many lost branches as are allowed goes alone, with no other suspect at
 * its branch; if that is lost too, it is to blame. So an item that ends every branch ends one more of them than are
 * allowed, and one that is innocent has to be as unlucky. */
#include "plan/plan_state.h"

bool dmap__plan_is_to_blame(const dmap__plan *plan, const dmap__lease *lease, int suspects) {
    bool is_one = lease->end - lease->begin == 1 && lease->settled == 0;
    return is_one && dmap__plan_goes_alone(plan, lease->losses) && suspects == 1;
}

static void put_back(dmap__plan *plan, dmap__lease *lease, uint64_t begin, uint64_t end) {
    if (begin == end)
        return;
    dmap__requeue_put(plan, &(dmap__requeue){begin, end, lease->attempt + 1, 0, lease->losses + 1});
    lease->settled += end - begin;
    lease->retried += end - begin;
    plan->stats.lost += end - begin;
}

dmap_status dmap__plan_lost(dmap__plan *plan, uint32_t lease) {
    dmap__lease *found = dmap__plan_lease(plan, lease);
    if (!found) {
        plan->broken = "a lease was lost that is not out";
        return DMAP_OK;
    }
    if (!dmap__heap_reserve(&plan->requeue, dmap__holes_count(plan, found) + 1))
        return DMAP_ENOMEM;
    for (uint64_t from = found->begin; from < found->end;) {
        dmap__range hole = dmap__holes_next(plan, found, from);
        put_back(plan, found, from, hole.begin);
        from = hole.end;
    }
    if (found->settled != found->end - found->begin)
        plan->broken = "of a lease that was lost, some items had settled otherwise than by being taken back";
    return plan->drained ? dmap__requeue_drain(plan) : DMAP_OK;
}

bool dmap__plan_lose(dmap__plan *plan, int branch) {
    dmap__branch *b = &plan->branches[branch];
    int workers = b->workers;
    if (b->out)
        plan->broken = "a branch is lost that has leases out";
    if (!workers)
        return plan->working > 0;
    dmap__speed_lose(&plan->speed, &b->speed, workers);
    plan->all_workers -= (uint64_t)workers;
    plan->working--;
    b->workers = 0;
    plan->wanted = 0;
    dmap__ready_move(plan, branch, false);
    if (plan->config.schedule == DMAP_STATIC)
        dmap__ready_lose(plan, branch);
    if (plan->own_fleet)
        dmap__fleet_lose(plan->own_fleet, branch);
    return plan->working > 0;
}
