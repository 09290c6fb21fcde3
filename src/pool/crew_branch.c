/* The master's own crew as a branch. */
#include <stdlib.h>

#include "base/memory.h"
#include "pool/branch.h"
#include "pool/lost.h"

static void begin(dmap_pool *pool, int branch, dmap__call *call) {
    (void)pool, (void)branch, (void)call;
}

static bool place_results(dmap__call *call, dmap__call_lease *out, dmap__grant *grant) {
    uint64_t n = grant->end - grant->begin;
    size_t size = call->task->result_size;
    if (dmap__sink_want(&call->sink) != DMAP__WANT_RESULTS || call->spawned)
        return true;
    if (size == DMAP_VARIABLE) {
        grant->outcome.refs = n > SIZE_MAX / sizeof(dmap_blob) ? NULL : calloc((size_t)n, sizeof(dmap_blob));
        return grant->outcome.refs != NULL;
    }
    grant->outcome.fixed = dmap__call_results_of(call, out);
    grant->outcome.fixed_in_place = true;
    return grant->outcome.fixed != NULL;
}

static bool submit(dmap_pool *pool, dmap__call *call, dmap__call_lease *out, uint32_t lease) {
    dmap__grant *grant = malloc(sizeof *grant); /* calloc does not look into the thread's own cache */
    if (!grant)
        return false;
    *grant = (dmap__grant){.call = &call->at_crew,
                           .lease = lease,
                           .begin = out->lease.begin,
                           .end = out->lease.end,
                           .attempt = out->lease.attempt,
                           .losses = out->lease.losses,
                           .layout = out->items->layout,
                           .range_first = out->items->range_first,
                           .items = out->items->items,
                           .indices = out->items->indices,
                           .owner = call};
    dmap__outcome_init(&grant->outcome, out->lease.begin, out->lease.end);
    if (!place_results(call, out, grant)) {
        free(grant);
        return false;
    }
    out->grant = grant;
    dmap__crew_submit(pool->crew, grant);
    return true;
}

static void recall(dmap_pool *pool, dmap__call *call, dmap__call_lease *out, uint32_t lease, uint64_t want) {
    dmap__crew *crew = pool->crew;
    if (call->spawned) { /* its end is the answer */
        dmap__crew_recall(crew, out->grant, want, NULL);
        return;
    }
    uint64_t(*pairs)[2] = dmap__memory_array((uint64_t)dmap__crew_workers(crew), sizeof *pairs);
    dmap__range *ranges = dmap__memory_array((uint64_t)dmap__crew_workers(crew), sizeof *ranges);
    int n = pairs && ranges ? dmap__crew_recall(crew, out->grant, want, pairs) : 0;
    for (int i = 0; i < n; i++)
        ranges[i] = (dmap__range){pairs[i][0], pairs[i][1]};
    dmap__call_returned(call, lease, ranges, (size_t)n);
    free(pairs);
    free(ranges);
}

static void limit(dmap_pool *pool, int branch, dmap__call *call, uint64_t index) {
    (void)branch;
    dmap__crew_limit(pool->crew, &call->at_crew, index);
}

/* It knows. */
static void best(dmap_pool *pool, int branch, dmap__call *call, uint64_t key) {
    (void)pool, (void)branch, (void)call, (void)key;
}

static void cancel(dmap_pool *pool, dmap__call *call, dmap__call_lease *out, uint32_t lease, uint64_t position,
                   bool kill) {
    (void)call, (void)lease;
    dmap__crew_cancel(pool->crew, out->grant, position, kill);
}

static const dmap__branch_ops crew_branch = {
    .begin = begin, .end = begin, .submit = submit, .recall = recall, .limit = limit, .best = best, .cancel = cancel};

const dmap__branch_ops *dmap__branch_ops_of(const dmap_pool *pool, int branch) {
    if (branch)
        return pool->comm && !dmap__lost_is(pool, branch) ? &dmap__rank_branch : NULL;
    return pool->crew ? &crew_branch : NULL;
}
