/* Events of leases, pieces and limits, and what may be read of the plan.
 *
 * A lease must account for its items: `settled` counts those returned, failed (for good under DMAP_STOP, or to be tried
 * again), or in a piece. When it ends the rest must lie at or above the limit; if it does not, items were lost by the
 * caller and dmap__plan_check says so.
 *
 * `pending` counts the items of leases out that are not settled, and those to be granted again: it rises with a fresh
 * grant and falls with a piece, a final failure, a cut by the limit, or the end of a lease cut by the limit.
 *
 * The limit only falls. A piece that begins below it is delivered whole, even if it ends above: with a limit made by a
 * failure there is no such piece, and of one made by dmap__plan_limit the caller takes what it wants.
 *
 * What can run out of memory reserves first and changes nothing if it fails. */
#include "plan/plan_state.h"

static void lower_limit(dmap__plan *plan, uint64_t limit) {
    if (limit >= plan->limit)
        return;
    plan->limit = limit;
    plan->tell_limit = true;
    dmap__requeue_cut(plan);
    dmap__window_cut(&plan->window, limit);
}

void dmap__plan_offer(dmap__plan *plan, uint64_t end, bool is_last) {
    if (plan->drained)
        return;
    if (end < plan->offered || end > plan->count)
        plan->broken = "fewer items were offered than before, or more than there are";
    plan->offered = end;
    if (is_last && plan->is_open) {
        plan->count = end;
        plan->is_open = false;
    }
}

dmap_status dmap__plan_have(dmap__plan *plan, const dmap__piece *piece) {
    if (piece->begin != plan->granted || plan->offered != plan->granted || piece->end > plan->count ||
        piece->begin >= piece->end)
        plan->broken = "what is had does not begin with the fresh items, or ends beyond all";
    dmap_status status = dmap__window_add(&plan->window, piece, plan->limit);
    if (status == DMAP_OK)
        plan->granted = plan->offered = piece->end;
    return status;
}

uint64_t dmap__plan_granted(const dmap__plan *plan) {
    return plan->granted;
}

uint64_t dmap__plan_held(const dmap__plan *plan) {
    return plan->window.held;
}

bool dmap__plan_may_begin(const dmap__plan *plan, uint64_t position) {
    return position < plan->limit && !plan->drained;
}

static dmap_status try_again(dmap__plan *plan, dmap__lease *lease, uint64_t position) {
    if (!dmap__heap_reserve(&plan->requeue, 1))
        return DMAP_ENOMEM;
    dmap__requeue_put(plan, &(dmap__requeue){position, position + 1, lease->attempt + 1, lease->branch, lease->losses});
    lease->settled++;
    lease->retried++;
    plan->stats.retried++;
    return DMAP_OK;
}

dmap_status dmap__plan_failed(dmap__plan *plan, uint32_t lease, uint64_t position, dmap__verdict verdict) {
    dmap__lease *found = dmap__plan_lease(plan, lease);
    if (!found || position < found->begin || position >= found->end) {
        plan->broken = "an item failed that is in no lease";
        return DMAP_OK;
    }
    if (verdict == DMAP__VERDICT_RETRY)
        return try_again(plan, found, position);
    if (verdict == DMAP__VERDICT_STOP && position < plan->limit) {
        found->settled++;
        plan->pending--;
        lower_limit(plan, position);
    }
    return DMAP_OK;
}

dmap_status dmap__plan_piece(dmap__plan *plan, uint32_t lease, const dmap__piece *piece) {
    dmap__lease *found = dmap__plan_lease(plan, lease);
    uint64_t items = piece->end - piece->begin;
    if (!found || piece->begin < found->begin || piece->end > found->end || piece->begin >= piece->end ||
        items > found->end - found->begin - found->settled) {
        plan->broken = "a piece came that is in no lease, is empty, or came before";
        return dmap__window_add(&plan->window, piece, 0);
    }
    dmap_status status = dmap__window_add(&plan->window, piece, plan->limit);
    if (status == DMAP_OK) {
        found->settled += items;
        found->bytes += piece->bytes;
        plan->pending -= items;
    }
    return status;
}

/* The call itself has no use for what its last chunk says. It begins with what is known without this one. */
static void measure(dmap__plan *plan, int branch, const dmap__speed_chunk *chunk) {
    dmap__branch *b = &plan->branches[branch];
    if (plan->out > 1 || plan->requeue.count || dmap__plan_fresh(plan)) {
        dmap__plan_seed(plan, b);
        dmap__speed_update(&plan->speed, &b->speed, b->workers, chunk);
    }
    dmap__speed_keep(plan->known, branch, b->workers, chunk);
}

/* What the branch has spent on the call since one of its leases ended there. If other calls came or went meanwhile,
 * nobody knows. */
static double clock_s(const dmap__plan *plan, const dmap__branch *b, double now) {
    const dmap__fleet *fleet = plan->config.fleet;
    int branch = (int)(b - plan->branches);
    if (dmap__fleet_changes(fleet, branch) != b->shared_since)
        return -1;
    return (now - b->from_s) * (double)b->at_work * dmap__fleet_part_here(fleet, plan->config.share, branch);
}

void dmap__plan_done(dmap__plan *plan, double now, uint32_t lease, uint64_t items, double busy_s) {
    dmap__lease *found = dmap__plan_lease(plan, lease);
    if (!found) {
        plan->broken = "a lease ended that is not out";
        return;
    }
    dmap__branch *b = &plan->branches[found->branch];
    uint64_t wanted_end = found->end < plan->limit ? found->end : plan->limit;
    uint64_t wanted = wanted_end > found->begin ? wanted_end - found->begin : 0;
    if (found->settled < wanted)
        plan->broken = "a lease ended before each of its items was in a piece, failed, or given back";
    plan->pending -= found->end - found->begin - found->settled;
    dmap__speed_chunk chunk = {.items = items,
                               .busy_s = busy_s,
                               .clock_s = clock_s(plan, b, now),
                               .bytes = found->bytes,
                               .waited = found->waited};
    measure(plan, found->branch, &chunk);
    dmap__fleet_charge(plan->config.fleet, plan->config.share, busy_s / plan->config.share->weight);
    b->since = now;
    dmap__plan_end_lease(plan, found);
    dmap__plan_look(plan, b, now);
}

static uint64_t items_in(const dmap__range *ranges, size_t n) {
    uint64_t items = 0;
    for (size_t i = 0; i < n; i++)
        items += ranges[i].end - ranges[i].begin;
    return items;
}

dmap_status dmap__plan_returned(dmap__plan *plan, uint32_t lease, const dmap__range *ranges, size_t n) {
    dmap__lease *found = dmap__plan_lease(plan, lease);
    uint64_t items = items_in(ranges, n);
    if (!found || items > found->end - found->begin - found->settled) {
        plan->broken = "more was given back than the lease had";
        return DMAP_OK;
    }
    if (!dmap__heap_reserve(&plan->requeue, n) || !dmap__holes_reserve(plan, n))
        return DMAP_ENOMEM;
    uint64_t before = dmap__plan_lease_left(found);
    for (size_t i = 0; i < n; i++) {
        dmap__holes_put(plan, found, &ranges[i]);
        dmap__requeue_put(plan, &(dmap__requeue){ranges[i].begin, ranges[i].end, found->attempt, -1, found->losses});
    }
    found->settled += items;
    found->returned += items;
    found->barren = items == 0;
    plan->stats.recalled += items;
    dmap__recall_end(plan, found);
    dmap__plan_loaded(plan, found, before);
    dmap__recall_note(plan, found->branch);
    return plan->drained ? dmap__requeue_drain(plan) : DMAP_OK;
}

void dmap__plan_progress(dmap__plan *plan, double now, uint32_t lease, uint64_t items) {
    dmap__lease *found = dmap__plan_lease(plan, lease);
    if (found && items > found->ended) {
        uint64_t before = dmap__plan_lease_left(found);
        found->ended = items;
        plan->branches[found->branch].since = now;
        dmap__plan_loaded(plan, found, before);
        dmap__recall_note(plan, found->branch);
    }
}

dmap_status dmap__plan_drain(dmap__plan *plan) {
    plan->drained = true;
    if (plan->count > plan->granted)
        plan->count = plan->granted;
    plan->is_open = false;
    dmap__ready_close(plan);
    dmap__recall_renote(plan);
    return dmap__requeue_drain(plan);
}

void dmap__plan_limit(dmap__plan *plan, uint64_t limit) {
    lower_limit(plan, limit);
}

bool dmap__plan_take(dmap__plan *plan, dmap__piece *piece) {
    return dmap__window_take(&plan->window, piece);
}

void dmap__plan_release(dmap__plan *plan, uint64_t bytes) {
    dmap__window_release(&plan->window, bytes);
}

bool dmap__plan_drop(dmap__plan *plan, dmap__piece *piece) {
    return dmap__window_drop(&plan->window, piece);
}

bool dmap__plan_over(const dmap__plan *plan) {
    return plan->out == 0 && plan->requeue.count == 0 && dmap__plan_fresh(plan) == 0 && plan->window.pieces.count == 0;
}

void dmap__plan_stats_get(const dmap__plan *plan, dmap__plan_stats *stats) {
    *stats = plan->stats;
    stats->window_peak = plan->window.peak;
    stats->window = plan->window.held;
    stats->leases = plan->out;
}

void dmap__plan_lease_found(dmap__plan *plan, uint32_t lease, uint64_t waiting) {
    dmap__lease *found = dmap__plan_lease(plan, lease);
    if (found)
        found->waiting = waiting;
}
