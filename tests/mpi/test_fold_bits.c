/* dmap_fold of doubles: the same bits on any number of ranks and workers, any schedule, any chunk, in order and longest
 * first, run and run_batch, with items tried again on the way. The bits are written down here, so that all runs of this
 * program, on 1, 2, 3, 4 and 7 ranks, agree; a plain tree over the indices gives them too. Terms of both signs and of
 * many magnitudes: any other bracketing rounds otherwise. */
#include "harness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS 100003

typedef struct sums {
    double sum, scaled;
} sums;

static sums term(uint64_t index) {
    uint64_t h = mix(index);
    double sign = h & 1 ? -1.0 : 1.0;
    double size = (double)(UINT64_C(1) << (h >> 8) % 40);
    return (sums){sign * size / (double)(index + 1), sign / (double)((h >> 20) % 1000 + 1)};
}

static void combine(void *into, const void *from) {
    sums *a = into;
    const sums *b = from;
    a->sum += b->sum;
    a->scaled += b->scaled;
}

static int run(dmap_context *ctx, const void *item, void *result) {
    uint64_t index = *(const uint64_t *)item;
    if (index % 5000 == 77 && dmap_attempt(ctx) == 1)
        return 1;
    sums made = term(index);
    memcpy(result, &made, sizeof made);
    return 0;
}

/* The same of any size: the sums, and behind them as many bytes as items lie below. */
static int run_blob(dmap_context *ctx, const void *item, void *result) {
    result = dmap_result(ctx, sizeof(sums) + 1);
    if (!result)
        return 1;
    ((unsigned char *)result)[sizeof(sums)] = (unsigned char)dmap_index(ctx);
    return run(ctx, item, result);
}

static void merge(dmap_merge *both, dmap_blob left, dmap_blob right) {
    size_t tail = left.size - sizeof(sums);
    unsigned char *place = dmap_merge_result(both, left.size + right.size - sizeof(sums));
    if (!place)
        return;
    memcpy(place, left.data, left.size);
    combine(place, right.data);
    memcpy(place + sizeof(sums) + tail, (const unsigned char *)right.data + sizeof(sums), right.size - sizeof(sums));
}

static int run_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    (void)ctx;
    uint64_t begin = *(const uint64_t *)items;
    for (size_t i = 0; i < count; i++)
        ((sums *)results)[i] = term(begin + i);
    return 0;
}

DMAP_TASK(fold_run, .run = run, .item_size = 8, .result_size = sizeof(sums), .combine = combine);
DMAP_TASK(fold_any_size, .run = run_blob, .item_size = 8, .result_size = DMAP_VARIABLE, .merge = merge);
DMAP_TASK(fold_batch, .run_batch = run_batch, .item_size = 8, .result_size = sizeof(sums), .combine = combine);

static double cost(void *arg, uint64_t index) {
    (void)arg;
    return (double)(mix(index ^ 99) % 100);
}

static sums tree(uint64_t begin, uint64_t size) {
    if (size == 1)
        return term(begin);
    sums left = tree(begin, size / 2), right = tree(begin + size / 2, size / 2);
    combine(&left, &right);
    return left;
}

/* Whole trees as the bits of the count have them, from the left; then behind what was there. */
static sums wanted_sums(void) {
    sums total = {0, 0}, all = {1.5, -2.25};
    bool any = false;
    for (uint64_t begin = 0, bit = UINT64_C(1) << 20; bit; bit /= 2) {
        if (!(ITEMS & bit))
            continue;
        sums one = tree(begin, bit);
        if (any)
            combine(&total, &one);
        else
            total = one;
        any = true;
        begin += bit;
    }
    combine(&all, &total);
    return all;
}

static void bits_of(const sums *s, uint64_t bits[2]) {
    memcpy(bits, s, sizeof *s);
}

static const uint64_t golden[2] = {UINT64_C(0x422c042b7e31e6f2), UINT64_C(0xc00d983a74458a0c)};

static void check_blob(unsigned number, dmap_status status, const unsigned char *merged, size_t size) {
    if (status != DMAP_OK || size != sizeof(sums) + ITEMS || memcmp(merged, golden, sizeof golden) != 0) {
        harness_fail("case %u of any size: %s, %zu bytes", number, dmap_status_name(status), size);
        return;
    }
    for (size_t i = 0; i < ITEMS; i++)
        if (merged[sizeof(sums) + i] != (unsigned char)i) {
            harness_fail("case %u of any size: item %zu is not in its place", number, i);
            return;
        }
}

static void test_any_size(void) {
    static const size_t chunks[] = {0, 100, 1000};
    for (unsigned i = 0; i < 10; i += harness_is_small() ? 3 : 1) {
        dmap_map_options options = {.schedule = (dmap_schedule)(i % 5), .chunk = chunks[i % 3], .retries = 2};
        options.cost = i == 7 ? cost : NULL;
        options.progress = -1;
        size_t size = sizeof(sums);
        sums *total = malloc(size);
        CU_ASSERT_FATAL(total != NULL);
        *total = (sums){1.5, -2.25};
        void *merged = total;
        harness_watch("a fold of any size", 60);
        dmap_status status =
            dmap_map(harness_pool, &fold_any_size, dmap_range(0, ITEMS), dmap_fold_blob(&merged, &size), &options);
        check_blob(i, status, merged, size);
        free(merged);
    }
    harness_watch("", 0);
}

static void test_bits(void) {
    static const size_t chunks[] = {0, 17, 1000};
    uint64_t bits[2];
    sums wanted = wanted_sums();
    bits_of(&wanted, bits);
    CU_ASSERT_EQUAL(bits[0], golden[0]);
    CU_ASSERT_EQUAL(bits[1], golden[1]);
    for (unsigned i = 0; i < 60; i += harness_is_small() ? 7 : 1) {
        dmap_map_options options = {.schedule = (dmap_schedule)(i % 5), .chunk = chunks[i / 5 % 3], .retries = 2};
        options.cost = i / 15 % 2 ? cost : NULL;
        options.progress = -1;
        sums total = {1.5, -2.25};
        harness_watch("a fold", 60);
        dmap_status status =
            dmap_map(harness_pool, i / 30 ? &fold_batch : &fold_run, dmap_range(0, ITEMS), dmap_fold(&total), &options);
        bits_of(&total, bits);
        if (status != DMAP_OK || bits[0] != golden[0] || bits[1] != golden[1])
            harness_fail("case %u: %s, %016" PRIx64 " %016" PRIx64, i, dmap_status_name(status), bits[0], bits[1]);
    }
    harness_watch("", 0);
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("fold bits", NULL, NULL);
    CU_ADD_TEST(suite, test_bits);
    CU_ADD_TEST(suite, test_any_size);
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
