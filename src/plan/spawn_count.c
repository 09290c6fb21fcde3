/* Where items make items: who gets how many, and who is asked for his.
 *
 * What a lease comes to cannot be known: it holds as many trees as it has items, of any size. So nothing is estimated.
 * A branch has two leases at most. What waits here is dealt out evenly to the branches that have not. If nothing waits
 * and a branch is idle, a lease is recalled, of all that waits in it: it ends soon, and its items come back, to be
 * dealt out again, to the branch that had them, too. Of a few leases looked at, that one which had most by its last
 * report: as reports are seldom, and trees die young, more looks would say no more.
 *
 * The end is known by counting: no lease is out, no item waits here, and the source has no more. */
#include "plan/plan_state.h"

#define MOST_SHARE 4096
#define MOST_LOOKS 8
#define GRACE_S    300e-6 /* a lease is left alone for so long */

void dmap__plan_found(dmap__plan *plan, uint64_t waiting) {
    plan->found = waiting;
}

size_t dmap__plan_out(const dmap__plan *plan) {
    return plan->out;
}

uint64_t dmap__spawn_share(const dmap__plan *plan) {
    uint64_t takers = (uint64_t)plan->queues[DMAP__IDLE].count + (uint64_t)plan->queues[DMAP__HALF].count;
    uint64_t share = plan->found / (takers ? takers : 1);
    share = share < MOST_SHARE ? share : MOST_SHARE;
    return share ? share : 1;
}

/* The branch's lease with most. */
static dmap__lease *best_of(const dmap__plan *plan, const dmap__branch *b, double now) {
    dmap__lease *best = NULL;
    for (uint32_t i = b->newest; i != DMAP__NO_LEASE; i = dmap__plan_at(plan, i)->older) {
        dmap__lease *lease = dmap__plan_at(plan, i);
        bool is_due = !lease->asked && now - lease->from_s > GRACE_S;
        if (is_due && (!best || lease->waiting > best->waiting))
            best = lease;
    }
    return best;
}

dmap__lease *dmap__spawn_victim(dmap__plan *plan, double now) {
    dmap__lease *best = NULL;
    int looks = plan->candidate_count < MOST_LOOKS ? plan->candidate_count : MOST_LOOKS;
    for (int i = 0; i < looks && !plan->found && plan->limit; i++) {
        plan->cursor = plan->cursor + 1 < plan->candidate_count ? plan->cursor + 1 : 0;
        dmap__lease *lease = best_of(plan, &plan->branches[plan->candidates[plan->cursor]], now);
        if (lease && (!best || lease->waiting > best->waiting))
            best = lease;
    }
    return best;
}
