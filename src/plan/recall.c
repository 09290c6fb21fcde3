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

static uint64_t lease_size(const dmap__lease *lease) {
    return lease->out ? lease->end - lease->begin - lease->returned : 0;
}

static uint64_t lease_left(const dmap__lease *lease) {
    uint64_t size = lease_size(lease);
    return size > lease->ended ? size - lease->ended : 0;
}

static bool may_ask(const dmap__lease *lease) {
    return lease->out && !lease->asked && !lease->barren && lease_left(lease) > 0;
}

/* The branch's later lease that may be asked about. */
static dmap__lease *lease_to_ask(dmap__branch *b) {
    dmap__lease *found = NULL;
    for (int i = 0; i < DMAP__LEASES; i++) {
        dmap__lease *lease = &b->leases[i];
        if (may_ask(lease) && (!found || lease->serial > found->serial))
            found = lease;
    }
    return found;
}

void dmap__recall_note(dmap__plan *plan, int branch) {
    dmap__branch *b = &plan->branches[branch];
    bool candidate = plan->config.schedule != DMAP_STATIC && lease_to_ask(b);
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

/* Items of the branch that cannot have ended: of one worker, all that follow its first lease. */
static double least_left(const dmap__branch *b, double items) {
    double least = items * OVERDUE_LEFT;
    if (b->workers == 1 && b->out == DMAP__LEASES) {
        int waiting = b->leases[0].serial < b->leases[1].serial;
        double behind = (double)lease_size(&b->leases[waiting]);
        least = least > behind ? least : behind;
    }
    return least < 1 ? 1 : least;
}

static estimate estimate_of(const dmap__plan *plan, const dmap__branch *b, double now) {
    double items = (double)(lease_left(&b->leases[0]) + lease_left(&b->leases[1]));
    estimate e = {items, dmap__speed_rate(&plan->speed, &b->speed, b->workers)};
    double passed = now > b->since ? now - b->since : 0;
    double left = items - e.rate * passed;
    double least = least_left(b, items);
    if (left < least && passed > 0) {
        double ended = items > least ? items - least : 0;
        e.rate = (ended > 1 ? ended : 1) / passed;
        left = least;
    }
    e.items = left;
    return e;
}

/* Seconds that the branch still needs; 0 if nothing of it could be given back. */
static double time_left(const dmap__plan *plan, dmap__branch *b, double now) {
    if (lease_to_ask(b)->begin >= plan->limit)
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
        idle_rate += mean_rate * plan->branches[i].workers;
    double items = e.items * idle_rate / (idle_rate + e.rate);
    double waiting = e.items - b->workers;
    items = items < waiting ? items : waiting;
    return items > 1 ? (uint64_t)items : 1;
}

bool dmap__recall_next(dmap__plan *plan, double now, dmap__step *step) {
    int idle = plan->queues[DMAP__IDLE].count - plan->promised;
    if (idle <= 0 || plan->candidate_count == 0)
        return false;
    int victim = find_victim(plan, now);
    if (victim < 0)
        return false;
    dmap__branch *b = &plan->branches[victim];
    dmap__lease *lease = lease_to_ask(b);
    int served = 1 + (idle - 1) / plan->candidate_count;
    uint64_t want = even_out(plan, b, served, now), left = lease_left(lease);
    lease->asked = true;
    lease->promised = served;
    plan->promised += served;
    *step = (dmap__step){.kind = DMAP__STEP_RECALL,
                         .branch = victim,
                         .lease = dmap__plan_lease_id(plan, victim, lease),
                         .begin = lease->begin,
                         .end = lease->end,
                         .want = want < left ? want : left,
                         .attempt = lease->attempt};
    dmap__recall_note(plan, victim);
    return true;
}
