/* The tasks of the cases: every result follows from (shared key, index, dmap_seed, item), so a wrong item, a wrong
 * place, a wrong seed or stale shared data shows in it. A task that finds something amiss itself fails with a sentence,
 * which no model expects. */
#include "cases.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

uint32_t world_fails(const world *w, uint64_t index) {
    static const uint32_t times[] = {1, 2, 3, ALWAYS};
    for (size_t i = 0; i < sizeof w->fail_at / sizeof *w->fail_at; i++)
        if (w->fail_at[i] == index)
            return w->fail_times;
    uint64_t h = mix(w->fail_key ^ index);
    return w->fail_one_in && h % w->fail_one_in == 0 ? times[(h >> 40) % 4] : 0;
}

int world_code(uint64_t index) {
    return (int)(index % 200) - 100 ? (int)(index % 200) - 100 : 7;
}

bool world_says(uint64_t index) {
    return index % 3 != 0;
}

uint64_t world_key(const world *w, uint64_t index, uint64_t seed, const void *item, size_t size) {
    return mix(w->key ^ mix(index) ^ seed ^ hash(item, size));
}

affine affine_of(uint64_t key) {
    return (affine){key | 1, mix(key)};
}

size_t size_of(uint64_t key) {
    if (key % 997 == 0)
        return 20000;
    return key % 5 == 0 ? 0 : (size_t)(key >> 8) % 120;
}

void affine_combine(void *into, const void *from) {
    affine *first = into;
    const affine *then = from;
    *first = (affine){first->a * then->a, then->a * first->b + then->b};
}

/* One after the other. The place is asked for twice: what was written stays. */
static void append(dmap_merge *merge, dmap_blob left, dmap_blob right) {
    unsigned char *place = dmap_merge_result(merge, left.size);
    if (place && left.size)
        memcpy(place, left.data, left.size);
    place = dmap_merge_result(merge, left.size + right.size);
    if (place && right.size)
        memcpy(place + left.size, right.data, right.size);
}

/* ---- set-up: once a worker, and again when the shared data changed ---- */

static int set_up(dmap_context *ctx) {
    size_t size;
    const world *w = dmap_shared(ctx, &size);
    if (!w || size != sizeof *w || (uintptr_t)w % 64)
        return dmap_fail(ctx, 90, "the shared data are amiss");
    if (dmap_local(ctx))
        return dmap_fail(ctx, 91, "a state was there before set-up");
    uint64_t *key = malloc(sizeof *key);
    if (!key)
        return 92;
    *key = w->key;
    dmap_set_local(ctx, key);
    return 0;
}

static void tear_down(dmap_context *ctx) {
    free(dmap_local(ctx));
}

/* ---- one item ---- */

static const world *look(dmap_context *ctx, uint64_t index) {
    const world *w = dmap_shared(ctx, NULL);
    const uint64_t *local = dmap_local(ctx);
    if (!local || *local != w->key) {
        dmap_fail(ctx, 93, "set-up did not run for this share");
        return NULL;
    }
    if (w->burn_ns) {
        double slow = w->slow_rank && (int)w->slow_rank == dmap_rank(ctx) ? 10 : 1;
        burn(slow * 1e-9 * (double)(mix(index ^ w->key) % w->burn_ns));
    }
    return w;
}

static int give_fixed(dmap_context *ctx, uint64_t index, const void *item, size_t size, void *result) {
    const world *w = look(ctx, index);
    if (!w)
        return 93;
    if ((uintptr_t)result % _Alignof(affine) || dmap_item_size(ctx) != size)
        return dmap_fail(ctx, 94, "item %" PRIu64 " is amiss", index);
    if (world_fails(w, index) >= (uint32_t)dmap_attempt(ctx))
        return world_says(index) ? dmap_fail(ctx, world_code(index), "bad item %" PRIu64, index) : world_code(index);
    affine made = affine_of(world_key(w, index, dmap_seed_of(ctx, index), item, size));
    memcpy(result, &made, sizeof made);
    return 0;
}

static int run_fixed(dmap_context *ctx, const void *item, void *result) {
    if (dmap_seed(ctx) != dmap_seed_of(ctx, dmap_index(ctx)))
        return dmap_fail(ctx, 95, "two seeds for one item");
    return give_fixed(ctx, dmap_index(ctx), item, dmap_item_size(ctx), result);
}

static int run_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    const world *w = dmap_shared(ctx, NULL);
    for (size_t i = 0; i < count; i++) {
        uint64_t number = ((const uint64_t *)items)[w->is_range ? 0 : i] + (w->is_range ? i : 0);
        int code = give_fixed(ctx, dmap_index(ctx) + i, &number, sizeof number, (affine *)results + i);
        if (code)
            return code;
    }
    return 0;
}

static int run_variable(dmap_context *ctx, const void *item, void *result) {
    uint64_t index = dmap_index(ctx);
    const world *w = look(ctx, index);
    if (!w || result)
        return 96;
    uint64_t key = world_key(w, index, dmap_seed(ctx), item, dmap_item_size(ctx));
    size_t size = size_of(key);
    unsigned char *place = dmap_result(ctx, size / 2);
    if (place)
        fill(place, size / 2, key);
    place = dmap_result(ctx, size);
    if (!place || (uintptr_t)place % 16)
        return dmap_fail(ctx, 97, "a bad place for a result");
    if (world_fails(w, index) >= (uint32_t)dmap_attempt(ctx))
        return world_says(index) ? dmap_fail(ctx, world_code(index), "bad item %" PRIu64, index) : world_code(index);
    fill(place, size, key);
    return 0;
}

DMAP_TASK(case_ff, .run = run_fixed, .item_size = 8, .result_size = sizeof(affine), .setup = set_up,
          .teardown = tear_down, .combine = affine_combine);
DMAP_TASK(case_batch, .run_batch = run_batch, .item_size = 8, .result_size = sizeof(affine), .setup = set_up,
          .teardown = tear_down, .combine = affine_combine);
DMAP_TASK(case_vf, .run = run_fixed, .item_size = DMAP_VARIABLE, .result_size = sizeof(affine), .setup = set_up,
          .teardown = tear_down, .combine = affine_combine);
DMAP_TASK(case_fv, .run = run_variable, .item_size = 8, .result_size = DMAP_VARIABLE, .setup = set_up,
          .teardown = tear_down, .merge = append);
DMAP_TASK(case_vv, .run = run_variable, .item_size = DMAP_VARIABLE, .result_size = DMAP_VARIABLE, .setup = set_up,
          .teardown = tear_down, .merge = append);

const dmap_task *case_task(const test_case *c) {
    if (c->batch)
        return &case_batch;
    if (c->variable_items)
        return c->variable_results ? &case_vv : &case_vf;
    return c->variable_results ? &case_fv : &case_ff;
}
