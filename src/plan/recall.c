/* Whom to ask for work back, when there is nothing left to grant and a branch is idle.
 *
 * Each branch's remaining time is estimated: items it was given, less those that ended by its reports, less those that
 * its speed lets expect since then. A branch that is overdue is slower than measured: its speed becomes what its
 * silence allows at most. The one with most is asked for as many items as would even out its remaining time with that
 * of the idle branches it shall serve, of its waiting lease first.
 *
 * Candidates are the branches with a lease worth asking about. A look goes over MOST_LOOKS of them from where the last
 * one ended, so its price does not grow with the number of branches, and estimates need no order that time would upset.
 *
 * Invariants: a branch is a candidate if and only if one of its leases may be asked about; a lease is asked one recall
 * at a time, and no more once it had nothing to give; promised is the sum over recalls under way.
 *
 * An estimate may be wrong: it costs a message. What was begun is never given back, so nothing runs twice. */
#include "plan/chunk.h"
#include "plan/plan_state.h"

#define MOST_LOOKS   64
#define LEAST_TIME_S 200e-6 /* not worth a message */
#define OVERDUE_LEFT 0.25   /* of its items that a branch past its time is taken to have left */

static bool may_ask(const dmap__plan *plan, const dmap__lease *lease) {
    if (plan->drained)
        return !lease->asked && !lease->emptied;
    return plan->config.schedule != DMAP_STATIC && !lease->asked && !lease->barren && dmap__plan_lease_left(lease) > 0;
}

/* The branch's latest lease that may be asked about: of many, the latest is the one that has not begun. */
static dmap__lease *lease_to_ask(const dmap__plan *plan, const dmap__branch *b) {
    for (uint32_t i = b->newest; i != DMAP__NO_LEASE; i = dmap__plan_at(plan, i)->older)
        if (may_ask(plan, dmap__plan_at(plan, i)))
            return dmap__plan_at(plan, i);
    return NULL;
}

void dmap__recall_note(dmap__plan *plan, int branch) {
    dmap__branch *b = &plan->branches[branch];
    bool candidate = lease_to_ask(plan, b) != NULL;
    if (candidate && !b->candidate) {
        b->place = plan->candidate_count;
        plan->candidates[plan->candidate_count++] = branch;
    } else if (!candidate && b->candidate) {
        int last = plan->candidates[--plan->candidate_count];
        plan->candidates[b->place] = last;
        plan->branches[last].place = b->place;
    }
    b->candidate = candidate;
}

void dmap__recall_end(dmap__plan *plan, dmap__lease *lease) {
    plan->promised -= lease->promised;
    lease->promised = 0;
    lease->asked = false;
}

typedef struct estimate {
    double items; /* not ended */
    double rate;  /* per second */
} estimate;

/* Items of the branch that cannot have ended: one of each lease, as it would have come back; of one worker, all that
 * follow its first lease. */
static double least_left(const dmap__plan *plan, const dmap__branch *b, double items) {
    double least = items * OVERDUE_LEFT;
    least = least > b->out ? least : b->out;
    if (b->workers == 1) {
        double behind = 1 + (double)(b->load - dmap__plan_lease_left(dmap__plan_at(plan, b->oldest)));
        least = least > behind ? least : behind;
    }
    return least < items ? least : items;
}

static estimate estimate_of(const dmap__plan *plan, const dmap__branch *b, double now) {
    double items = (double)b->load;
    estimate e = {items, dmap__speed_rate(&plan->speed, &b->speed, b->workers)};
    double passed = now > b->since ? now - b->since : 0;
    double left = items - e.rate * passed;
    double least = least_left(plan, b, items);
    if (left < least && passed > 0) {
        double ended = items > least ? items - least : 0;
        e.rate = (ended > 1 ? ended : 1) / passed;
        left = least;
    }
    e.items = left;
    return e;
}

/* Seconds that the branch still needs; 0 if nothing of it could be given back. */
static double time_left(const dmap__plan *plan, const dmap__branch *b, double now) {
    if (lease_to_ask(plan, b)->begin >= plan->limit)
        return 0;
    estimate e = estimate_of(plan, b, now);
    bool all_running = e.items <= b->workers;
    return all_running || e.rate <= 0 ? 0 : e.items / e.rate;
}

static int find_victim(dmap__plan *plan, double now) {
    int victim = -1, looks = plan->candidate_count < MOST_LOOKS ? plan->candidate_count : MOST_LOOKS;
    double most = LEAST_TIME_S;
    for (int i = 0; i < looks; i++) {
        plan->cursor = plan->cursor + 1 < plan->candidate_count ? plan->cursor + 1 : 0;
        int branch = plan->candidates[plan->cursor];
        double left_s = time_left(plan, &plan->branches[branch], now);
        if (left_s > most) {
            most = left_s;
            victim = branch;
        }
    }
    return victim;
}

/* What evens out the times: x / rates of the idle = (items - x) / rate of the victim. Never what runs already. */
static uint64_t even_out(const dmap__plan *plan, const dmap__branch *b, int idle, double now) {
    estimate e = estimate_of(plan, b, now);
    double mean_rate = dmap__speed_rate_all(&plan->speed) / (double)plan->all_workers;
    double idle_rate = 0;
    int i = plan->queues[DMAP__IDLE].first;
    for (int n = 0; n < idle && n < MOST_LOOKS && i >= 0; n++, i = plan->branches[i].next)
        idle_rate += mean_rate * (plan->branches[i].workers - (double)plan->branches[i].load);
    double items = e.items * idle_rate / (idle_rate + e.rate);
    double waiting = e.items - b->workers;
    items = items < waiting ? items : waiting;
    return items > 1 ? (uint64_t)items : 1;
}

static void ask(dmap__plan *plan, dmap__lease *lease, uint64_t want, int served, dmap__step *step) {
    int branch = lease->branch;
    lease->asked = true;
    lease->promised = served;
    plan->promised += served;
    *step = (dmap__step){.kind = DMAP__STEP_RECALL,
                         .branch = branch,
                         .lease = lease->number,
                         .begin = lease->begin,
                         .end = lease->end,
                         .want = want,
                         .attempt = lease->attempt};
    dmap__recall_note(plan, branch);
}

/* Drained: each lease is asked for all that it has. One that was asked for some just before is asked again. */
static bool empty_next(dmap__plan *plan, dmap__step *step) {
    if (plan->candidate_count == 0)
        return false;
    int branch = plan->candidates[0];
    dmap__lease *lease = lease_to_ask(plan, &plan->branches[branch]);
    lease->emptied = true;
    ask(plan, lease, lease->end - lease->begin, 0, step);
    return true;
}

void dmap__recall_renote(dmap__plan *plan) {
    for (int i = 0; i < plan->config.branches; i++)
        dmap__recall_note(plan, i);
}

static int idle_branches(const dmap__plan *plan) {
    return plan->queues[DMAP__IDLE].count - plan->promised;
}

bool dmap__plan_is_uneven(const dmap__plan *plan) {
    return idle_branches(plan) > 0 && plan->candidate_count > 0 &&
           dmap__fleet_count(plan->config.fleet, DMAP__FREE) > 0;
}

/* All that waits in a lease. */
static bool recall_spawned(dmap__plan *plan, double now, dmap__step *step) {
    dmap__lease *lease = idle_branches(plan) > 0 ? dmap__spawn_victim(plan, now) : NULL;
    if (lease)
        ask(plan, lease, lease->end - lease->begin, 1, step);
    return lease != NULL;
}

bool dmap__recall_next(dmap__plan *plan, double now, dmap__step *step) {
    if (plan->drained)
        return empty_next(plan, step);
    if (plan->config.spawns)
        return recall_spawned(plan, now, step);
    int idle = idle_branches(plan);
    if (!dmap__plan_is_uneven(plan))
        return false;
    int victim = find_victim(plan, now);
    if (victim < 0)
        return false;
    const dmap__branch *b = &plan->branches[victim];
    dmap__lease *lease = lease_to_ask(plan, b);
    int served = 1 + (idle - 1) / plan->candidate_count;
    uint64_t want = even_out(plan, b, served, now), left = dmap__plan_lease_left(lease);
    ask(plan, lease, want < left ? want : left, served, step);
    return true;
}
