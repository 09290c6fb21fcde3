/* Many items: 10 million of 8 bytes, and a range of 2^33. The rest of the large things is in large_*.c. */
#include "large.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t n_items(void) {
    return harness_is_small() ? 300000 : 10000000;
}

static int step(dmap_context *ctx, const void *item, void *result) {
    size_t size;
    const char *slow = dmap_shared(ctx, &size);
    if (size == 1 && *slow == 1 && dmap_index(ctx) == 0)
        burn(2);
    *(uint64_t *)result = *(const uint64_t *)item + 1;
    return 0;
}

DMAP_TASK(large_step, .run = step, .item_size = 8, .result_size = 8);

uint64_t memory_available(void) {
    char line[128];
    uint64_t kib = 0;
    FILE *f = fopen("/proc/meminfo", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib * 1024;
}

/* ---- 10 million ---- */

typedef struct stream {
    uint64_t next, count, delivered, wrong;
} stream;

static int next(void *arg, dmap_blob *item) {
    stream *s = arg;
    if (s->next == s->count)
        return 0;
    s->next++;
    *item = (dmap_blob){&s->next, 8};
    return 1;
}

static int take(void *arg, const dmap_item_result *r) {
    stream *s = arg;
    s->wrong += r->index != s->delivered || *(const uint64_t *)r->data != r->index + 2;
    s->delivered++;
    return 0;
}

static void test_many_into(void) {
    uint64_t n = n_items(), wrong = 0, *items = malloc(n * 8), *results = calloc(n, 8);
    harness_watch("10 million, array into array", 80);
    for (uint64_t i = 0; i < n; i++)
        items[i] = i * 7;
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &large_step, dmap_array(items, n), dmap_into(results), NULL), DMAP_OK);
    for (uint64_t i = 0; i < n; i++)
        wrong += results[i] != i * 7 + 1;
    CU_ASSERT_EQUAL(wrong, 0);
    free(items);
    free(results);
}

static void test_many_each(void) {
    stream s = {.count = n_items()};
    uint64_t *items = malloc(s.count * 8);
    harness_watch("10 million, array to each", 80);
    for (uint64_t i = 0; i < s.count; i++)
        items[i] = i + 1;
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &large_step, dmap_array(items, s.count), dmap_each(take, &s), NULL),
                    DMAP_OK);
    CU_ASSERT_EQUAL(s.delivered, s.count);
    CU_ASSERT_EQUAL(s.wrong, 0);
    free(items);
}

static void test_many_pulled(void) {
    stream s = {.count = n_items()};
    harness_watch("10 million, pulled to each", 80);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &large_step, dmap_pull(next, &s), dmap_each(take, &s), NULL), DMAP_OK);
    CU_ASSERT_EQUAL(s.delivered, s.count);
    CU_ASSERT_EQUAL(s.wrong, 0);
}

/* ---- 2^33 ---- */

static int give_numbers(dmap_context *ctx, const void *items, void *results, size_t count) {
    (void)ctx;
    uint64_t begin = *(const uint64_t *)items, *out = results;
    for (size_t i = 0; i < count; i++)
        out[i] = 3 * (begin + i) + 1;
    return 0;
}

static void add(void *into, const void *from) {
    *(uint64_t *)into += *(const uint64_t *)from;
}

DMAP_TASK(large_numbers, .run_batch = give_numbers, .item_size = 8, .result_size = 8, .combine = add);

static void test_long_range(void) {
    uint64_t n = UINT64_C(1) << (harness_is_small() ? 24 : 33), begin = 12345, sum = 0;
    uint64_t indices = (n / 2) * (n - 1); /* 0 + 1 + … + (n - 1), modulo 2^64 */
    dmap_report report;
    harness_watch("a range of 2^33", 85);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &large_numbers, dmap_range(begin, begin + n), dmap_fold(&sum), NULL),
                    DMAP_OK);
    CU_ASSERT_EQUAL(sum, 3 * (indices + begin * n) + n);
    dmap_report_get(harness_pool, &report);
    CU_ASSERT_EQUAL(report.items, n);
    printf("%.2f s, %.2f ns an item and worker, ", report.seconds, report.busy_s * 1e9 / (double)n);
}

static const struct {
    const char *name;
    void (*test)(void);
} tests[] = {{"many", test_many_into},   {"many", test_many_each},      {"many", test_many_pulled},
             {"range", test_long_range}, {"bytes", large_test_bytes},   {"huge", large_test_huge},
             {"idle", large_test_idle},  {"memory", large_test_memory}, {"share", large_test_share}};

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("large", NULL, NULL);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (harness_has(tests[i].name))
            CU_add_test(suite, tests[i].name, tests[i].test);
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
