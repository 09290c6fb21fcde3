/* Leases: how one is made, what it does to its branch, and how it ends.
 *
 * How much a branch has out is told by its load, the items that have not ended as far as is known: two leases in any
 * case, one running and one waiting; and as many more as keep its workers busy while a few long items hold up the end
 * of their leases. So with chunks of one item each comes back as it ends.
 *
 * A lease's number is used again only after the lease has ended, and as messages to a branch keep their order, a recall
 * that comes too late finds either its lease or none. */
#include "plan/plan_state.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_S 1e-3 /* that a chunk is expected to take, while nothing is known */

dmap__lease *dmap__plan_lease(const dmap__plan *plan, uint64_t number) {
    if (number >= plan->leases_capacity || !dmap__plan_at(plan, (uint32_t)number)->out)
        return NULL;
    return dmap__plan_at(plan, (uint32_t)number);
}

uint32_t dmap__plan_leases(const dmap__plan *plan) {
    return plan->leases_capacity;
}

/* What is out counts as had: else a call would be served at every branch before its first result comes. */
static void expect(dmap__plan *plan, dmap__lease *lease) {
    double expected_s = lease->item_s * (double)(lease->end - lease->begin - lease->returned);
    dmap__fleet_charge(plan->config.fleet, plan->config.share, expected_s - lease->expected_s);
    lease->expected_s = expected_s;
}

void dmap__plan_loaded(dmap__plan *plan, dmap__lease *lease, uint64_t before) {
    dmap__branch *b = &plan->branches[lease->branch];
    expect(plan, lease);
    uint64_t left = dmap__plan_lease_left(lease);
    b->load = b->load - before + left;
    dmap__fleet_load(plan->config.fleet, lease->branch, before, left);
    dmap__ready_move(plan, lease->branch, false);
}

bool dmap__plan_has_lease(dmap__plan *plan) {
    if (plan->free_lease != DMAP__NO_LEASE)
        return true;
    uint32_t old = plan->leases_capacity, wider = old ? 2 * old : (uint32_t)plan->config.branches * DMAP__LEASES;
    size_t size = plan->config.lease_size;
    unsigned char *leases = wider > old ? realloc(plan->leases, wider * size) : NULL;
    if (!leases)
        return false;
    memset(leases + old * size, 0, (wider - old) * size);
    plan->leases = leases;
    plan->leases_capacity = wider;
    for (uint32_t i = old; i < wider; i++)
        dmap__plan_at(plan, i)->older = i + 1 < wider ? i + 1 : DMAP__NO_LEASE;
    plan->free_lease = old;
    return true;
}

static uint64_t lesser(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

void dmap__plan_seed(dmap__plan *plan, dmap__branch *branch) {
    if (branch->is_seeded)
        return;
    if (!plan->is_seeded)
        dmap__speed_all_seed(&plan->speed, &plan->known->all);
    dmap__speed_seed(&plan->speed, &branch->speed, branch->workers, &plan->known->of[branch - plan->branches]);
    plan->is_seeded = branch->is_seeded = true;
}

void dmap__plan_look(const dmap__plan *plan, dmap__branch *branch, double now) {
    branch->shared_since = dmap__fleet_changes(plan->config.fleet, (int)(branch - plan->branches));
    branch->from_s = now;
    branch->at_work = lesser(branch->load, (uint64_t)branch->workers);
}

uint64_t dmap__plan_room(const dmap__plan *plan, const dmap__branch *branch) {
    const dmap__plan_config *config = &plan->config;
    uint64_t workers = (uint64_t)branch->workers;
    uint64_t most = dmap__fleet_room(config->fleet, (int)(branch - plan->branches));
    if (config->no_prefetch)
        most = lesser(most, workers > branch->load ? workers - branch->load : 0);
    if (config->max_chunk)
        most = lesser(most, config->max_chunk);
    if (config->max_share && (config->all_share || branch > plan->branches) && config->max_share < UINT64_MAX / workers)
        most = lesser(most, config->max_share * workers);
    if (config->spawns && most <= DMAP__SMALL_LEASE) /* each of its leases counts as a big one */
        most = 0;
    return most;
}

/* Over the call's weight. While nothing is known, a lease counts as LEAST_S. */
static double item_s(const dmap__plan *plan, const dmap__branch *b, uint64_t items) {
    double known_s = plan->config.spawns ? 0 : dmap__speed_item_s(&plan->speed, &b->speed);
    return (known_s > 0 ? known_s : LEAST_S / (double)items) / plan->config.share->weight;
}

void dmap__plan_grant(dmap__plan *plan, int branch, const dmap__requeue *range, double now, dmap__step *step) {
    dmap__branch *b = &plan->branches[branch];
    uint32_t number = plan->free_lease;
    dmap__lease *lease = dmap__plan_at(plan, number);
    plan->free_lease = lease->older;
    *lease = (dmap__lease){.out = true,
                           .number = number,
                           .attempt = range->attempt,
                           .losses = range->losses,
                           .begin = range->begin,
                           .end = range->end,
                           .holes = DMAP__NO_LEASE,
                           .is_big = plan->config.spawns || range->end - range->begin > DMAP__SMALL_LEASE,
                           .from_s = now,
                           .waited = b->out > 0,
                           .item_s = item_s(plan, b, range->end - range->begin),
                           .branch = branch,
                           .older = b->newest,
                           .newer = DMAP__NO_LEASE};
    *(b->out ? &dmap__plan_at(plan, b->newest)->newer : &b->oldest) = number;
    b->newest = number;
    b->load += range->end - range->begin;
    dmap__fleet_wake(plan->config.fleet, plan->config.share);
    expect(plan, lease);
    if (b->out == 0) {
        b->since = now;
        dmap__fleet_arrive(plan->config.fleet, plan->config.share, branch);
        dmap__plan_look(plan, b, now);
    }
    b->out++;
    dmap__fleet_grant(plan->config.fleet, branch, lease->is_big, range->end - range->begin);
    if (lease->losses)
        dmap__fleet_suspect(plan->config.fleet, branch, dmap__plan_goes_alone(plan, lease->losses), 1);
    dmap__ready_move(plan, branch, true);
    dmap__recall_note(plan, branch);
    plan->out++;
    plan->stats.chunks++;
    *step = (dmap__step){.kind = DMAP__STEP_GRANT,
                         .branch = branch,
                         .lease = number,
                         .begin = range->begin,
                         .end = range->end,
                         .attempt = range->attempt,
                         .losses = range->losses};
}

static void unlink_lease(dmap__plan *plan, dmap__branch *b, const dmap__lease *lease) {
    *(lease->newer == DMAP__NO_LEASE ? &b->newest : &dmap__plan_at(plan, lease->newer)->older) = lease->older;
    *(lease->older == DMAP__NO_LEASE ? &b->oldest : &dmap__plan_at(plan, lease->older)->newer) = lease->newer;
}

void dmap__plan_end_lease(dmap__plan *plan, dmap__lease *lease) {
    int branch = lease->branch;
    dmap__branch *b = &plan->branches[branch];
    dmap__recall_end(plan, lease);
    unlink_lease(plan, b, lease);
    b->load -= dmap__plan_lease_left(lease);
    dmap__fleet_charge(plan->config.fleet, plan->config.share, -lease->expected_s);
    dmap__fleet_end(plan->config.fleet, branch, lease->is_big, dmap__plan_lease_left(lease));
    if (lease->losses)
        dmap__fleet_suspect(plan->config.fleet, branch, dmap__plan_goes_alone(plan, lease->losses), -1);
    if (--b->out == 0)
        dmap__fleet_depart(plan->config.fleet, plan->config.share, branch);
    dmap__holes_drop(plan, lease);
    lease->out = false;
    lease->older = plan->free_lease;
    plan->free_lease = lease->number;
    plan->out--;
    dmap__ready_move(plan, branch, false);
    dmap__recall_note(plan, branch);
}
