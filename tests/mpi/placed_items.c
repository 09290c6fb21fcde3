/* Items of every size that ranks read from the master's memory, or are sent: each is as it was, from an array and from
 * a function, where some are tried again, and where it turns out that they cannot be read. */
#include "placed.h"

#include <stdlib.h>
#include <string.h>

#define BYTES ((size_t)4 << 20) /* of items in a call, about */

/* An item begins with its key; its other bytes follow from that. The result is what the task made of all of them. */
static uint64_t sum_of(const unsigned char *item, size_t size) {
    return mix(hash(item, size));
}

static int add_up(dmap_context *ctx, const void *item, void *result) {
    uint64_t key;
    memcpy(&key, item, sizeof key);
    if (key % 11 == 0 && dmap_attempt(ctx) == 1)
        return 5;
    *(uint64_t *)result = sum_of(item, dmap_item_size(ctx));
    return 0;
}

static int add_up_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    for (size_t i = 0; i < count; i++)
        ((uint64_t *)results)[i] = sum_of((const unsigned char *)items + i * dmap_item_size(ctx), dmap_item_size(ctx));
    return 0;
}

DMAP_TASK(placed_sum_tiny, .run = add_up, .item_size = 40, .result_size = 8);
DMAP_TASK(placed_sum_small, .run = add_up, .item_size = 600, .result_size = 8);
DMAP_TASK(placed_sum_odd, .run = add_up, .item_size = (64 << 10) + 1, .result_size = 8);
DMAP_TASK(placed_sum_large, .run = add_up, .item_size = 1 << 20, .result_size = 8);
DMAP_TASK(placed_sum_huge, .run = add_up, .item_size = 3 << 20, .result_size = 8);
DMAP_TASK(placed_sum_batch, .run_batch = add_up_batch, .item_size = 1000, .result_size = 8);

static const dmap_task *const kinds[] = {&placed_sum_tiny,  &placed_sum_small, &placed_sum_odd,
                                         &placed_sum_large, &placed_sum_huge,  &placed_sum_batch};
#define KINDS (sizeof kinds / sizeof *kinds)

typedef struct supply {
    const unsigned char *items;
    size_t size, n, next;
} supply;

static int give(void *arg, dmap_blob *item) {
    supply *s = arg;
    if (s->next == s->n)
        return 0;
    *item = (dmap_blob){s->items + s->next++ * s->size, s->size};
    return 1;
}

static void run_kind(const dmap_task *task, bool is_pulled, uint64_t *state) {
    size_t size = task->item_size, n = BYTES / size / (harness_is_small() ? 4 : 1) + 2 + draw_below(state, 20);
    unsigned char *items = malloc(n * size + 8), *first = items + draw_below(state, 8);
    uint64_t *results = malloc(n * sizeof *results);
    supply s = {first, size, n, 0};
    const dmap_map_options options = {.retries = 1};
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++)
        fill(first + i * size, size, draw(state));
    dmap_source source = is_pulled ? dmap_pull(give, &s) : dmap_array(first, n);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, task, source, dmap_into(results), &options), DMAP_OK);
    for (size_t i = 0; i < n; i++)
        wrong += results[i] != sum_of(first + i * size, size);
    if (wrong)
        harness_fail("%zu of %zu items of %zu bytes did not come as they were", wrong, n, size);
    free(results);
    free(items);
}

static void run_all(uint64_t *state) {
    for (size_t i = 0; i < 2 * KINDS; i++)
        run_kind(kinds[i / 2], i % 2, state);
}

/* Who looks, reads: that is seen by the ranks that can. */
static void test_items(void) {
    uint64_t state = mix(harness_seed + 7);
    placed_count *counts = calloc((size_t)dmap_ranks(harness_pool), sizeof *counts);
    harness_watch("items", 60);
    int can = placed_counts(counts);
    uint64_t before = placed_hide(false);
    run_all(&state);
    CU_ASSERT_EQUAL(placed_hide(false) > before, can > 0);
    free(counts);
}

/* A rank that cannot read them says so once a call, and is sent all. */
static void test_hidden(void) {
    uint64_t state = mix(harness_seed + 8);
    harness_watch("items that cannot be read", 60);
    uint64_t before = placed_hide(true);
    run_all(&state);
    uint64_t looks = placed_hide(false) - before;
    CU_ASSERT(looks <=
              2 * KINDS * 8 * (uint64_t)dmap_ranks(harness_pool)); /* those that were out before it was heard */
}

void placed_add_items(void) {
    CU_pSuite suite = CU_add_suite("items", NULL, NULL);
    CU_ADD_TEST(suite, test_items);
    CU_ADD_TEST(suite, test_hidden);
}
