#include "spawn_task.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <string.h>

static uint32_t children_of(uint64_t seed, uint32_t depth) {
    return depth < 12 ? (uint32_t)((seed >> 20) % 100 < 80 ? (seed >> 40) % 4 : 0) : 0;
}

static bool is_chosen(uint64_t seed) {
    return (seed >> 8) % 50 == 7;
}

static int misbehave(dmap_context *ctx, const node *n) {
    bool is_first = dmap_attempt(ctx) == 1;
    if (!is_chosen(dmap_seed(ctx)))
        return 0;
    if ((n->how & CRASHES) && is_first)
        raise(SIGKILL);
    if ((n->how & LATE) && is_first)
        while (!dmap_cancelled(ctx))
            burn(1e-4);
    if ((n->how & FAILS_FIRST) && is_first)
        return dmap_fail(ctx, 3, "not at first");
    return n->how & FAILS_ALWAYS ? dmap_fail(ctx, 4, "never") : 0;
}

/* Fails, if it does, when its children are made. */
static int grow(dmap_context *ctx, const node *n) {
    uint64_t seed = dmap_seed(ctx);
    uint32_t children = n->how & ENDLESS ? 2 : children_of(seed, n->depth);
    if (n->how & BROAD)
        children = n->depth ? 0 : CHILDREN;
    if (n->depth != (uint32_t)dmap_depth(ctx))
        return dmap_fail(ctx, 1, "depth %d, and %d was wanted", dmap_depth(ctx), (int)n->depth);
    if ((n->depth > 0) != (dmap_index(ctx) >= UINT64_C(1) << 63))
        return dmap_fail(ctx, 1, "index %" PRIu64, dmap_index(ctx));
    for (uint32_t i = 0; i < children; i++) {
        node child = {n->root, n->depth + 1, n->how};
        if (dmap_spawn(ctx, &child, sizeof child))
            return dmap_fail(ctx, 1, "it was not taken");
    }
    return misbehave(ctx, n);
}

static int grow_sums(dmap_context *ctx, const void *item, void *result) {
    node n;
    memcpy(&n, item, sizeof n);
    *(sums *)result = (sums){1, mix(dmap_seed(ctx)) & UINT32_MAX};
    return grow(ctx, &n);
}

static int grow_numbers(dmap_context *ctx, const void *item, void *result) {
    node n = {*(const uint64_t *)item, (uint32_t)dmap_depth(ctx), 0};
    uint32_t children = children_of(dmap_seed(ctx), n.depth);
    *(sums *)result = (sums){1, mix(dmap_seed(ctx)) & UINT32_MAX};
    for (uint32_t i = 0; i < children; i++)
        if (dmap_spawn(ctx, item, sizeof(uint64_t)))
            return 1;
    return dmap_spawn(ctx, item, 7) ? 0 : dmap_fail(ctx, 1, "an item of 7 bytes was taken");
}

/* Items and results of any size: children are longer, and results tell the length. */
static int grow_blobs(dmap_context *ctx, const void *item, void *result) {
    unsigned char longer[sizeof(node) + 64] = {0};
    node n;
    (void)result;
    memcpy(&n, item, sizeof n);
    if (dmap_item_size(ctx) != sizeof n + n.depth)
        return dmap_fail(ctx, 1, "an item of %zu bytes", dmap_item_size(ctx));
    n.depth++;
    memcpy(longer, &n, sizeof n);
    for (uint32_t i = 0; i < children_of(dmap_seed(ctx), n.depth - 1); i++)
        if (dmap_spawn(ctx, longer, sizeof n + n.depth))
            return 1;
    sums made = {1, mix(dmap_seed(ctx)) & UINT32_MAX};
    void *place = dmap_result(ctx, sizeof made + n.depth);
    if (!place)
        return 1;
    memset(place, 0, sizeof made + n.depth);
    memcpy(place, &made, sizeof made);
    n.depth--;
    return misbehave(ctx, &n);
}

void spawn_combine(void *into, const void *from) {
    sums *a = into;
    const sums *b = from;
    a->nodes += b->nodes;
    a->hash += b->hash;
}

static void merge(dmap_merge *both, dmap_blob left, dmap_blob right) {
    void *place = dmap_merge_result(both, sizeof(sums));
    if (!place)
        return;
    memcpy(place, left.data, sizeof(sums));
    spawn_combine(place, right.data);
}

static int grow_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    (void)ctx, (void)items, (void)results, (void)count;
    return 0;
}

static int spawn_in_vain(dmap_context *ctx, const void *item, void *result) {
    (void)result;
    return dmap_spawn(ctx, item, sizeof(uint64_t)) == -1 && dmap_depth(ctx) == 0 ? 0 : 1;
}

DMAP_TASK(spawn_sums, .run = grow_sums, .item_size = sizeof(node), .result_size = sizeof(sums),
          .combine = spawn_combine);
DMAP_TASK(spawn_numbers, .run = grow_numbers, .item_size = 8, .result_size = sizeof(sums), .combine = spawn_combine);
DMAP_TASK(spawn_blobs, .run = grow_blobs, .item_size = DMAP_VARIABLE, .result_size = DMAP_VARIABLE, .merge = merge);
DMAP_TASK(spawn_batch, .run_batch = grow_batch, .item_size = 8, .result_size = 0);
DMAP_TASK(spawn_vain, .run = spawn_in_vain, .item_size = 8, .result_size = 0);

/* Item 0 offers; every other one waits until it has heard of that. */
static int wait_for_best(dmap_context *ctx, const void *item, void *result) {
    double first = dmap_best(ctx), offer = *(const uint64_t *)item ? 9 : -2.5;
    (void)result;
    if (dmap_best_offer(ctx, (double)INFINITY) || dmap_best_offer(ctx, (double)NAN))
        return dmap_fail(ctx, 1, "no bound was taken for one");
    if (first <= offer && dmap_best_offer(ctx, offer))
        return dmap_fail(ctx, 1, "%g was taken, and %g was known", offer, first);
    if (*(const uint64_t *)item == 0)
        burn(0.05); /* by then others wait */
    dmap_best_offer(ctx, offer);
    while (dmap_best(ctx) > -2.5 && !dmap_cancelled(ctx)) /* until the watchdog ends it */
        burn(1e-5);
    return dmap_best(ctx) < -2.5 || dmap_best_offer(ctx, -2.5) ? dmap_fail(ctx, 1, "%g", dmap_best(ctx)) : 0;
}

/* The first attempt offers, and fails: the next one finds the bound there. */
static int offer_and_fail(dmap_context *ctx, const void *item, void *result) {
    double offer = -1 - (double)*(const uint64_t *)item;
    (void)result;
    if (dmap_attempt(ctx) == 1) {
        dmap_best_offer(ctx, offer);
        return dmap_fail(ctx, 1, "not at first");
    }
    return dmap_best(ctx) <= offer ? 0 : dmap_fail(ctx, 1, "%g is known, and %g was offered", dmap_best(ctx), offer);
}

DMAP_TASK(spawn_stays, .run = offer_and_fail, .item_size = 8, .result_size = 0);
DMAP_TASK(spawn_best, .run = wait_for_best, .item_size = 8, .result_size = 0);
