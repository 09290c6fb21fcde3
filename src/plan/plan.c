/* The plan: making it, and asking it what to do next. Its other files are listed in plan_state.h.
 *
 * A position is fresh at or above `granted`, and to be had below `offered`. From there it goes to a lease, from there
 * to a piece, to a final failure, or to the ranges to be granted again and so to another lease. Fresh positions are
 * granted in order, so one number tells them.
 *
 * Order of work: tell a new limit, grant what is to be granted again, grant fresh items, ask for work back. Over means:
 * no lease out, nothing left to grant below the limit, no piece waiting. It is always reached: a lease out ends some
 * time, what is to be granted again is granted to the first free branch, and if nothing is out and nothing is held the
 * window lets a fresh item in. */
#include "plan/plan.h"

#include "plan/chunk.h"
#include "plan/plan_state.h"

#include <stdlib.h>

static bool set_shares(dmap__plan *plan) {
    const dmap__plan_config *config = &plan->config;
    if (config->schedule != DMAP_STATIC || config->is_stream)
        return true;
    uint64_t *shares = calloc((size_t)config->branches, sizeof *shares);
    bool set = shares && dmap__chunk_shares(config->count, config->workers, config->branches, shares);
    for (int i = 0; set && i < config->branches; i++)
        plan->branches[i].share = shares[i];
    free(shares);
    return set;
}

static void set_workers(dmap__plan *plan) {
    for (int i = 0; i < plan->config.branches; i++) {
        int workers = plan->config.workers[i];
        plan->branches[i].workers = workers;
        plan->branches[i].worth = (uint64_t)workers;
        plan->all_workers += (uint64_t)workers;
        plan->working += workers > 0;
    }
}

static bool join(dmap__plan *plan) {
    dmap__plan_config *config = &plan->config;
    if (!config->fleet) {
        config->fleet = plan->own_fleet = dmap__fleet_create(config->workers, config->branches);
        config->share = &plan->own_share;
    }
    plan->known = config->fleet ? dmap__fleet_speeds(config->fleet, config->task) : NULL;
    if (!plan->known)
        return false;
    dmap__fleet_join(config->fleet, config->share, config->weight ? config->weight : 1);
    plan->has_joined = true;
    return true;
}

dmap__plan *dmap__plan_create(const dmap__plan_config *config) {
    dmap__plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return NULL;
    plan->config = *config;
    if (!config->lease_size)
        plan->config.lease_size = sizeof(dmap__lease);
    plan->count = config->is_stream ? UINT64_MAX : config->count;
    plan->is_open = config->is_stream;
    plan->offered = config->is_stream || config->is_offered ? 0 : config->count;
    plan->limit = UINT64_MAX;
    plan->free_lease = plan->free_hole = DMAP__NO_LEASE;
    dmap__heap_init(&plan->requeue, sizeof(dmap__requeue));
    dmap__window_init(&plan->window, config);
    plan->branches = calloc((size_t)config->branches, sizeof *plan->branches);
    plan->candidates = calloc((size_t)config->branches, sizeof *plan->candidates);
    if (!plan->branches || !plan->candidates || !set_shares(plan) || !dmap__plan_has_lease(plan) || !join(plan))
        goto fail;
    set_workers(plan);
    dmap__speed_all_init(&plan->speed, plan->all_workers, config->branches);
    dmap__ready_init(plan);
    plan->config.workers = NULL;
    return plan;
fail:
    dmap__plan_destroy(plan);
    return NULL;
}

void dmap__plan_destroy(dmap__plan *plan) {
    if (!plan)
        return;
    if (plan->has_joined)
        dmap__fleet_leave(plan->config.fleet, plan->config.share);
    dmap__fleet_destroy(plan->own_fleet);
    free(plan->candidates);
    free(plan->branches);
    free(plan->leases);
    free(plan->holes);
    dmap__window_fini(&plan->window);
    dmap__heap_fini(&plan->requeue);
    free(plan);
}

uint64_t dmap__plan_fresh(const dmap__plan *plan) {
    uint64_t end = plan->count < plan->limit ? plan->count : plan->limit;
    return end > plan->granted ? end - plan->granted : 0;
}

static uint64_t factored(dmap__plan *plan, const dmap__branch *b, uint64_t left) {
    if (plan->batch_left == 0 || plan->batch_left > left)
        plan->batch = plan->batch_left = left / 2 + left % 2;
    uint64_t items = dmap__chunk_part(plan->batch, (uint64_t)b->workers, plan->all_workers);
    items = items < plan->batch_left ? items : plan->batch_left;
    return items > plan->config.chunk ? items : plan->config.chunk;
}

static double most_s(const dmap__plan *plan, const dmap__branch *b) {
    int branch = (int)(b - plan->branches);
    return DMAP__MOST_S * dmap__fleet_part(plan->config.fleet, plan->config.share, branch, b->out > 0);
}

/* Items by the schedule alone. */
static uint64_t scheduled(dmap__plan *plan, dmap__branch *b, uint64_t left) {
    const dmap__plan_config *config = &plan->config;
    bool known = !config->is_stream;
    if (known && config->schedule == DMAP_STATIC)
        return config->chunk && config->chunk < b->share ? config->chunk : b->share;
    if (known && config->schedule == DMAP_FACTORING)
        return factored(plan, b, left);
    if (plan->stats.chunks) /* the first lease is of one item in any case */
        dmap__plan_seed(plan, b);
    dmap__chunk_query query = {.schedule = config->schedule,
                               .known = known,
                               .left = left,
                               .wish = config->chunk,
                               .begins = plan->stats.chunks == 0,
                               .most_s = most_s(plan, b),
                               .workers = b->workers,
                               .all_workers = plan->all_workers,
                               .largest = dmap__speed_largest(&plan->speed, &b->speed, b->workers),
                               .item_s = dmap__speed_item_s(&plan->speed, &b->speed),
                               .rate = dmap__speed_rate(&plan->speed, &b->speed, b->workers),
                               .all_rate = dmap__speed_rate_all(&plan->speed)};
    return dmap__chunk_size(&query);
}

static uint64_t fresh_size(dmap__plan *plan, dmap__branch *b) {
    uint64_t left = dmap__plan_fresh(plan);
    uint64_t size = plan->config.spawns ? dmap__spawn_share(plan) : scheduled(plan, b, left);
    size = size < left ? size : left;
    uint64_t room = dmap__plan_room(plan, b);
    size = size < room ? size : room;
    return dmap__window_admit(&plan->window, size, plan->pending, b->workers, plan->working);
}

/* The bookkeeping of schedules that have some. */
static void fresh_granted(dmap__plan *plan, dmap__branch *b, uint64_t size) {
    plan->batch_left -= size < plan->batch_left ? size : plan->batch_left;
    if (plan->config.schedule == DMAP_STATIC) {
        b->share -= size < b->share ? size : b->share;
        dmap__ready_pass(plan);
    }
}

/* The branch that gets fresh items next, and how many it would get; 0: none does now. */
static uint64_t next_fresh(dmap__plan *plan, int *branch) {
    if (dmap__plan_fresh(plan) == 0 || !dmap__plan_has_lease(plan))
        return 0;
    *branch = plan->config.schedule == DMAP_STATIC ? plan->turn : dmap__ready_first(plan, -1);
    if (*branch < 0 || !dmap__ready_may(plan, *branch))
        return 0;
    return fresh_size(plan, &plan->branches[*branch]);
}

dmap__plan_wait dmap__plan_waits_for(dmap__plan *plan) {
    int branch = dmap__ready_first(plan, -1);
    if (dmap__plan_fresh(plan) == 0 && plan->requeue.count == 0)
        return DMAP__PLAN_WAIT_NOTHING;
    bool is_free = branch >= 0 && dmap__ready_may(plan, branch);
    return is_free && fresh_size(plan, &plan->branches[branch]) == 0 ? DMAP__PLAN_WAIT_WINDOW
                                                                     : DMAP__PLAN_WAIT_BRANCHES;
}

/* What is to be granted again comes first, and takes the branch. The answer stands until the next step: that the source
 * has ended since makes the chunk no smaller. */
uint64_t dmap__plan_wanted(dmap__plan *plan) {
    bool is_due = plan->offered == plan->granted && !dmap__requeue_is_due(plan) && !plan->tell_limit;
    plan->wanted = is_due ? next_fresh(plan, &plan->wants) : 0;
    return plan->wanted;
}

static bool grant_fresh(dmap__plan *plan, double now, dmap__step *step) {
    int branch = plan->wants;
    uint64_t there = plan->offered - plan->granted, size = plan->wanted;
    plan->wanted = 0;
    if (there && (size == 0 || dmap__plan_fresh(plan) == 0))
        size = next_fresh(plan, &branch);
    size = size < there ? size : there;
    if (size == 0)
        return false;
    dmap__requeue range = {.begin = plan->granted, .end = plan->granted + size, .attempt = 1, .avoid = -1};
    plan->granted += size;
    plan->pending += size;
    dmap__plan_grant(plan, branch, &range, now, step);
    fresh_granted(plan, &plan->branches[branch], size);
    return true;
}

bool dmap__plan_next(dmap__plan *plan, double now, dmap__step *step) {
    if (plan->tell_limit) {
        plan->tell_limit = false;
        plan->wanted = 0;
        *step = (dmap__step){.kind = DMAP__STEP_LIMIT, .branch = -1, .begin = plan->limit, .end = UINT64_MAX};
        return true;
    }
    if (dmap__requeue_grant(plan, now, step) || grant_fresh(plan, now, step) || dmap__recall_next(plan, now, step))
        return true;
    if (!plan->requeue.count && (dmap__plan_fresh(plan) == 0 || plan->offered == plan->granted))
        dmap__fleet_rest(plan->config.fleet, plan->config.share);
    return false;
}
