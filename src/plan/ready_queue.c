/* Who is next.
 *
 * A branch that can take a lease of this call waits in one of two queues, first come first served: those with workers
 * that have nothing to do for it, and those that want a lease to follow. Idle ones are served first. Workers whose
 * results a slow link would not bring do not count. The fleet has queues like these for all calls together; a branch is
 * served that stands in one of either, such as have nothing to do at all before others. Static schedules use a ring
 * besides: strictly in turn, whoever waits.
 *
 * Invariants: a branch stands in the queue that dmap__ready_queue() says, or in none. With a known count the ring holds
 * the branches with a share left, with an unknown one all with workers. Everything is O(1), so that a grant costs the
 * same with 10,000 branches as with one: of queues that are both long, the first MOST_LOOKS are looked at. */
#include "plan/chunk.h"
#include "plan/plan_state.h"

#define MOST_LOOKS 64

dmap__queue dmap__ready_queue(const dmap__plan *plan, const dmap__branch *b) {
    uint64_t workers = b->worth;
    if (plan->config.spawns)
        return !b->workers || b->out >= DMAP__LEASES ? DMAP__FULL : b->out ? DMAP__HALF : DMAP__IDLE;
    bool has_room = b->out < 2 * b->workers + DMAP__SPARE;
    if (workers && b->load < workers && has_room)
        return DMAP__IDLE;
    bool wants = b->out < DMAP__LEASES || (b->load < 2 * workers && has_room);
    return workers && wants && !plan->config.no_prefetch ? DMAP__HALF : DMAP__FULL;
}

static void leave(dmap__plan *plan, const dmap__branch *b) {
    if (b->queue == DMAP__FULL)
        return;
    dmap__list *list = &plan->queues[b->queue];
    *(b->prev >= 0 ? &plan->branches[b->prev].next : &list->first) = b->next;
    *(b->next >= 0 ? &plan->branches[b->next].prev : &list->last) = b->prev;
    list->count--;
}

static void enter(dmap__plan *plan, int branch, dmap__queue queue) {
    dmap__branch *b = &plan->branches[branch];
    b->queue = queue;
    if (queue == DMAP__FULL)
        return;
    dmap__list *list = &plan->queues[queue];
    b->next = -1;
    b->prev = list->last;
    *(list->last >= 0 ? &plan->branches[list->last].next : &list->first) = branch;
    list->last = branch;
    list->count++;
}

void dmap__ready_move(dmap__plan *plan, int branch, bool was_served) {
    dmap__branch *b = &plan->branches[branch];
    b->worth = dmap__speed_workers(&b->speed, b->workers);
    dmap__queue queue = dmap__ready_queue(plan, b);
    if (!was_served && queue == b->queue)
        return;
    leave(plan, b);
    enter(plan, branch, queue);
}

bool dmap__ready_may(const dmap__plan *plan, int branch) {
    return plan->branches[branch].queue != DMAP__FULL &&
           dmap__fleet_queue_of(plan->config.fleet, branch) != DMAP__NO_ROOM;
}

/* The first that stands in both queues, by the shorter one: while other calls fill the branches, that of the fleet. */
static int first_of(const dmap__plan *plan, dmap__queue own, dmap__fleet_queue all, int avoid) {
    const dmap__fleet *fleet = plan->config.fleet;
    int looks = 0;
    if (dmap__fleet_count(fleet, all) <= plan->queues[own].count) {
        for (int i = dmap__fleet_first(fleet, all); i >= 0 && looks < MOST_LOOKS;
             i = dmap__fleet_after(fleet, i), looks++)
            if (i != avoid && plan->branches[i].queue == own)
                return i;
    } else {
        for (int i = plan->queues[own].first; i >= 0 && looks < MOST_LOOKS; i = plan->branches[i].next, looks++)
            if (i != avoid && dmap__fleet_queue_of(fleet, i) == all)
                return i;
    }
    return -1;
}

int dmap__ready_first(const dmap__plan *plan, int avoid) {
    for (int own = 0; own < DMAP__QUEUES; own++)
        for (int all = 0; all < DMAP__FLEET_QUEUES; all++) {
            int branch = first_of(plan, (dmap__queue)own, (dmap__fleet_queue)all, avoid);
            if (branch >= 0)
                return branch;
        }
    return avoid >= 0 && dmap__ready_may(plan, avoid) ? avoid : -1;
}

static void ring_remove(dmap__plan *plan, int branch) {
    dmap__branch *b = &plan->branches[branch];
    b->in_ring = false;
    plan->turn = b->ring_next == branch ? -1 : b->ring_next;
    plan->branches[b->ring_prev].ring_next = b->ring_next;
    plan->branches[b->ring_next].ring_prev = b->ring_prev;
}

/* Last in the cycle that begins with the branch whose turn it is. */
static void ring_add(dmap__plan *plan, int branch) {
    dmap__branch *b = &plan->branches[branch];
    int next = plan->turn >= 0 ? plan->turn : branch;
    int prev = plan->turn >= 0 ? plan->branches[next].ring_prev : branch;
    b->in_ring = true;
    b->ring_next = next;
    b->ring_prev = prev;
    plan->branches[prev].ring_next = branch;
    plan->branches[next].ring_prev = branch;
    plan->turn = next;
}

void dmap__ready_pass(dmap__plan *plan) {
    int branch = plan->turn;
    const dmap__branch *b = &plan->branches[branch];
    plan->turn = b->ring_next;
    if (!plan->config.is_stream && b->share == 0)
        ring_remove(plan, branch);
}

static void leave_ring(dmap__plan *plan, int branch) {
    int turn = plan->turn;
    if (!plan->branches[branch].in_ring)
        return;
    ring_remove(plan, branch);
    if (turn != branch)
        plan->turn = turn;
}

void dmap__ready_lose(dmap__plan *plan, int branch) {
    uint64_t all = plan->branches[branch].share, left = all;
    leave_ring(plan, branch);
    plan->branches[branch].share = 0;
    for (int i = 0; i < plan->config.branches && left; i++) {
        dmap__branch *b = &plan->branches[i];
        uint64_t part = b->workers ? dmap__chunk_part(all, (uint64_t)b->workers, plan->all_workers) : 0;
        part = part < left ? part : left;
        left -= part;
        b->share += part;
        if (part && !b->in_ring)
            ring_add(plan, i);
    }
}

void dmap__ready_close(dmap__plan *plan) {
    while (plan->turn >= 0)
        ring_remove(plan, plan->turn);
    for (int i = 0; i < plan->config.branches; i++)
        plan->branches[i].share = 0;
}

void dmap__ready_init(dmap__plan *plan) {
    for (int q = 0; q < DMAP__QUEUES; q++)
        plan->queues[q] = (dmap__list){-1, -1, 0};
    plan->turn = -1;
    for (int i = 0; i < plan->config.branches; i++) {
        const dmap__branch *b = &plan->branches[i];
        plan->branches[i].newest = plan->branches[i].oldest = DMAP__NO_LEASE;
        enter(plan, i, dmap__ready_queue(plan, b));
        if (b->workers == 0)
            continue;
        if (plan->config.schedule == DMAP_STATIC && (plan->config.is_stream || b->share > 0))
            ring_add(plan, i);
    }
}
