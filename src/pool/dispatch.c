/* Down: what a call wants done goes to the branches. */
#include "pool/branch.h"
#include "pool/calls.h"

/* Of items that come back to be granted again, some may have been cancelled meanwhile. */
static void cancel_dropped(dmap_pool *pool, dmap__call *call, const dmap__call_lease *out) {
    for (uint64_t position = out->lease.begin, end = out->lease.end; position < end; position++)
        if (call->is_dropped(call, position))
            dmap__calls_cancel_item(pool, call, position);
}

static void grant(dmap_pool *pool, dmap__call *call, const dmap__step *step) {
    dmap__call_lease *out = dmap__call_open_lease(call, step);
    if (!out)
        return;
    dmap__doing before = dmap__monitor_turn(pool->monitor, step->branch ? DMAP__DOING_MESSAGES : DMAP__DOING_LOOP);
    bool is_submitted = dmap__branch_ops_of(pool, step->branch)->submit(pool, call, out, step->lease);
    dmap__monitor_turn(pool->monitor, before);
    if (!is_submitted)
        dmap__call_take_lease_back(call, out);
    else if (call->is_dropped)
        cancel_dropped(pool, call, out);
}

static void recall(dmap_pool *pool, dmap__call *call, const dmap__step *step) {
    dmap__branch_ops_of(pool, step->branch)
        ->recall(pool, call, dmap__call_find_lease(call, step->lease), step->lease, step->want);
}

static void limit(dmap_pool *pool, dmap__call *call, uint64_t index) {
    for (int branch = 0; branch < pool->ranks; branch++)
        if (dmap__branch_ops_of(pool, branch))
            dmap__branch_ops_of(pool, branch)->limit(pool, branch, call, index);
}

bool dmap__dispatch(dmap_pool *pool, dmap__call *call, double now, double until_s, bool *is_done) {
    dmap__step step;
    bool moved = false;
    *is_done = false;
    if (!call->source.rings) /* one that does says itself that it has items again */
        call->source.later = false;
    while (call->share.had_s <= until_s && !(*is_done = !dmap__call_next_step(call, now, &step))) {
        if (step.kind == DMAP__STEP_GRANT)
            grant(pool, call, &step);
        else if (step.kind == DMAP__STEP_RECALL)
            recall(pool, call, &step);
        else
            limit(pool, call, step.begin);
        moved = moved || !call->source.later;
    }
    return moved;
}

bool dmap__dispatch_best(dmap_pool *pool, dmap__call *call) {
    uint64_t key;
    if (!call->is_begun || !dmap__crew_has_better(&call->at_crew, &key))
        return false;
    for (int branch = 0; branch < pool->ranks; branch++)
        if (dmap__branch_ops_of(pool, branch))
            dmap__branch_ops_of(pool, branch)->best(pool, branch, call, key);
    return true;
}
