/* The invariants of the plan, verified: for tests, and to be called from a debugger.
 *
 * Each function checks what one file of the plan promises in its opening comment, and returns NULL or a sentence. A
 * check costs O(branches + ranges + pieces); it changes nothing. Mistakes of the caller that an event has noticed in
 * passing (plan->broken) come first, since they explain the others.
 * That no position is in two places at once is not looked for here: the sums would be wrong, and the simulator's ledger
 * has every single item. */
#include "plan/plan_state.h"

static const char *check_leases(const dmap__plan *plan) {
    size_t out = 0;
    if (plan->granted > plan->offered)
        return "items were granted that are not there";
    uint64_t pending = plan->requeued_items;
    int promised = 0;
    for (int i = 0; i < plan->config.branches; i++) {
        const dmap__branch *b = &plan->branches[i];
        int here = 0;
        uint64_t load = 0;
        for (uint32_t k = b->newest; k != DMAP__NO_LEASE && here <= b->out; k = dmap__plan_at(plan, k)->older) {
            const dmap__lease *lease = dmap__plan_at(plan, k);
            here++;
            load += dmap__plan_lease_left(lease);
            if (!lease->out || lease->branch != i || lease->number != k)
                return "a branch has a lease that is not out, or not its own";
            pending += lease->end - lease->begin - lease->settled;
            promised += lease->promised;
            if (lease->begin >= lease->end || lease->end > plan->granted ||
                lease->settled > lease->end - lease->begin || lease->returned > lease->settled)
                return "a lease is empty, beyond what was granted, or has settled more than it has";
        }
        out += (size_t)here;
        if (here != b->out || load != b->load)
            return "a branch's number of leases, or its load, is not that of its leases";
    }
    if (out != plan->out)
        return "the number of leases out is not the sum over branches";
    if (pending != plan->pending)
        return "pending is not the sum over leases and ranges to be granted again";
    return promised == plan->promised ? NULL : "promised is not the sum over recalls under way";
}

static const char *check_queues(const dmap__plan *plan) {
    int queued = 0, expected = 0;
    for (int i = 0; i < plan->config.branches; i++) {
        const dmap__branch *b = &plan->branches[i];
        if (b->queue != dmap__ready_queue(plan, b))
            return "a branch stands in the wrong queue";
        expected += b->queue != DMAP__FULL;
    }
    for (int q = 0; q < DMAP__QUEUES; q++) {
        int count = 0, prev = -1;
        for (int i = plan->queues[q].first; i >= 0 && count <= plan->config.branches; i = plan->branches[i].next) {
            if ((int)plan->branches[i].queue != q || plan->branches[i].prev != prev)
                return "a queue is broken";
            prev = i;
            count++;
        }
        if (count != plan->queues[q].count || plan->queues[q].last != prev)
            return "a queue's count or end is wrong";
        queued += count;
    }
    return queued == expected ? NULL : "a branch that can take a lease stands in no queue";
}

static const char *check_ring(const dmap__plan *plan) {
    uint64_t shares = 0;
    if (plan->config.schedule != DMAP_STATIC || plan->config.is_stream)
        return NULL;
    for (int i = 0; i < plan->config.branches; i++) {
        shares += plan->branches[i].share;
        if (plan->branches[i].in_ring != (plan->branches[i].share > 0))
            return "a branch with a share is not in the ring, or one without is";
    }
    return shares == plan->count - plan->granted || !plan->working ? NULL
                                                                   : "the shares do not sum to the items not granted";
}

static const char *check_again(const dmap__plan *plan) {
    uint64_t items = 0;
    for (size_t i = 0; i < plan->requeue.count; i++) {
        const dmap__requeue *range = dmap__heap_at(&plan->requeue, i);
        items += range->end - range->begin;
        if (range->begin >= range->end || range->end > plan->limit || range->end > plan->granted)
            return "a range to be granted again is empty, above the limit, or was never granted";
    }
    if (items != plan->requeued_items)
        return "the items to be granted again are not the sum of the ranges";
    return dmap__heap_is_ordered(&plan->requeue) ? NULL : "the heap of ranges to be granted again is out of order";
}

static const char *check_window(const dmap__plan *plan) {
    if (!dmap__heap_is_ordered(&plan->window.pieces) || !dmap__heap_is_ordered(&plan->window.dropped))
        return "the heap of pieces is out of order";
    if (plan->window.dropped.capacity - plan->window.dropped.count < plan->window.pieces.count)
        return "there is no room to drop all pieces";
    return plan->window.held <= plan->window.peak ? NULL : "more is held than the peak";
}

static const char *check_candidates(const dmap__plan *plan) {
    int candidates = 0;
    for (int i = 0; i < plan->config.branches; i++) {
        const dmap__branch *b = &plan->branches[i];
        candidates += b->candidate;
        if (b->candidate && (b->place >= plan->candidate_count || plan->candidates[b->place] != i))
            return "a candidate does not stand at its place";
        if (b->candidate && b->out == 0)
            return "a candidate has no lease";
    }
    return candidates == plan->candidate_count ? NULL : "the number of candidates is wrong";
}

const char *dmap__plan_check(const dmap__plan *plan) {
    static const char *(*const checks[])(const dmap__plan *) = {check_leases, check_queues, check_ring,
                                                                check_again,  check_window, check_candidates};
    const char *broken = plan->broken;
    for (size_t i = 0; !broken && i < sizeof checks / sizeof checks[0]; i++)
        broken = checks[i](plan);
    return broken;
}
