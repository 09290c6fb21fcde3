/* Ranges to be granted again: taken back from a slow branch, or an item to be tried once more. Lowest first, since the
 * order window and the lowest failure both wait for the lowest.
 *
 * Invariant: requeued_items is the sum of the ranges' sizes; every range ends at or below the limit. Ranges are
 * disjoint from one another and from leases out.
 *
 * Items that branches were lost with are granted one by one, so that it shows which of them is to blame, and rather to
 * a rank than to the master's own crew; in the end one at a time at a branch. Until it is their turn, fresh ones go on.
 *
 * They are split among the branches that are free now, by speed, so that one of them does not swallow what was taken
 * back for all. An item to be tried again prefers another branch than the one where it failed, but does not wait. */
#include "plan/chunk.h"
#include "plan/plan_state.h"

#define LEAST_S    100e-6 /* work that is not worth splitting */
#define MOST_LOOKS 64     /* branches in a queue that are looked at one by one; the rest counts as these */

void dmap__requeue_put(dmap__plan *plan, const dmap__requeue *range) {
    dmap__requeue kept = *range;
    uint64_t size = kept.end - kept.begin;
    kept.end = kept.end < plan->limit ? kept.end : plan->limit;
    uint64_t left = kept.begin < kept.end ? kept.end - kept.begin : 0;
    plan->pending -= size - left;
    plan->requeued_items += left;
    if (left)
        dmap__heap_push(&plan->requeue, &kept);
}

void dmap__requeue_cut(dmap__plan *plan) {
    size_t kept = 0;
    uint64_t left = 0;
    for (size_t i = 0; i < plan->requeue.count; i++) {
        dmap__requeue range = *(dmap__requeue *)dmap__heap_at(&plan->requeue, i);
        if (range.begin < plan->limit) {
            range.end = range.end < plan->limit ? range.end : plan->limit;
            left += range.end - range.begin;
            *(dmap__requeue *)dmap__heap_at(&plan->requeue, kept++) = range;
        }
    }
    plan->pending -= plan->requeued_items - left;
    plan->requeued_items = left;
    dmap__heap_restore(&plan->requeue, kept);
}

/* Items per second of all branches that stand in a queue with this one. */
static double queue_rate(const dmap__plan *plan, int branch) {
    const dmap__list *list = &plan->queues[plan->branches[branch].queue];
    double rate = 0;
    int looks = 0;
    for (int i = list->first; i >= 0 && looks < MOST_LOOKS; i = plan->branches[i].next) {
        rate += dmap__speed_rate(&plan->speed, &plan->branches[i].speed, plan->branches[i].workers);
        looks++;
    }
    return looks ? rate * list->count / looks : 0;
}

static uint64_t most_items(const dmap__plan *plan, int branch, int losses) {
    const dmap__branch *b = &plan->branches[branch];
    double rate = dmap__speed_rate(&plan->speed, &b->speed, b->workers);
    uint64_t most = dmap__plan_room(plan, b);
    if (losses)
        return 1;
    if (rate <= 0)
        return (uint64_t)b->workers < most ? (uint64_t)b->workers : most;
    uint64_t items = dmap__chunk_part_by_rate(plan->requeued_items, rate, queue_rate(plan, branch));
    uint64_t least = dmap__chunk_part_by_rate(plan->requeued_items, rate * LEAST_S, (double)plan->requeued_items);
    items = items > least ? items : least;
    return items < most ? items : most;
}

/* The lowest range, with those that follow it without a gap, up to `most` items; the rest is put back. */
static dmap__requeue take_lowest(dmap__plan *plan, uint64_t most) {
    dmap__requeue range;
    dmap__heap_pop(&plan->requeue, &range);
    for (const dmap__requeue *next = dmap__heap_top(&plan->requeue);
         next && next->begin == range.end && next->attempt == range.attempt && next->avoid == range.avoid &&
         next->losses == range.losses && range.end - range.begin < most;
         next = dmap__heap_top(&plan->requeue)) {
        dmap__requeue more;
        dmap__heap_pop(&plan->requeue, &more);
        range.end = more.end;
    }
    if (range.end - range.begin > most) {
        dmap__requeue rest = range;
        rest.begin = range.end = range.begin + most;
        dmap__heap_push(&plan->requeue, &rest);
    }
    plan->requeued_items -= range.end - range.begin;
    return range;
}

dmap_status dmap__requeue_drain(dmap__plan *plan) {
    while (plan->requeue.count) {
        dmap__requeue range;
        dmap__piece piece = {0};
        const dmap__requeue *lowest = dmap__heap_top(&plan->requeue);
        piece.begin = lowest->begin;
        piece.end = lowest->end;
        if (dmap__window_add(&plan->window, &piece, plan->limit) != DMAP_OK)
            return DMAP_ENOMEM;
        dmap__heap_pop(&plan->requeue, &range);
        plan->requeued_items -= range.end - range.begin;
        plan->pending -= range.end - range.begin;
    }
    return DMAP_OK;
}

/* -1: none may take it now. */
static int branch_for(const dmap__plan *plan, const dmap__requeue *range) {
    int branch = dmap__ready_first(plan, range->losses ? 0 : range->avoid);
    if (branch < 0 || !range->losses)
        return branch;
    if (branch == 0 && plan->working > 1) /* it may be deadly, and with the master all is lost */
        return -1;
    bool is_alone = dmap__plan_goes_alone(plan, range->losses);
    return dmap__fleet_may_suspect(plan->config.fleet, branch, is_alone) ? branch : -1;
}

bool dmap__requeue_is_due(const dmap__plan *plan) {
    const dmap__requeue *lowest = dmap__heap_top(&plan->requeue);
    return lowest && (!lowest->losses || branch_for(plan, lowest) >= 0);
}

bool dmap__requeue_grant(dmap__plan *plan, double now, dmap__step *step) {
    const dmap__requeue *lowest = dmap__heap_top(&plan->requeue);
    if (!lowest || !dmap__plan_has_lease(plan))
        return false;
    int branch = branch_for(plan, lowest);
    if (branch < 0)
        return false;
    dmap__requeue range = take_lowest(plan, most_items(plan, branch, lowest->losses));
    dmap__plan_grant(plan, branch, &range, now, step);
    return true;
}
