/* Processes that are replaced before they have done harm: after so many items (refresh_items N), or when they have
 * grown (refresh_memory BYTES). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash.h"

#define N 500

static int say_pid(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item;
    *(int32_t *)result = (int32_t)getpid();
    return 0;
}

static int say_pids(dmap_context *ctx, const void *items, void *results, size_t count) {
    for (size_t i = 0; i < count; i++)
        say_pid(ctx, items, (int32_t *)results + i);
    return 0;
}

/* Each item leaks 8 MB, and takes long enough to be seen. */
static int leak(dmap_context *ctx, const void *item, void *result) {
    size_t size = 8u << 20;
    volatile char *place = malloc(size);
    if (!place)
        return 1;
    for (size_t i = 0; i < size; i += 4096)
        place[i] = 1;
    usleep(30000);
    return say_pid(ctx, item, result);
}

DMAP_TASK(crash_pid, .run = say_pid, .item_size = 8, .result_size = 4);
DMAP_TASK(crash_pids, .run_batch = say_pids, .item_size = 8, .result_size = 4);
DMAP_TASK(crash_leaks, .run = leak, .item_size = 8, .result_size = 4);

static uint64_t argument_of(const char *name) {
    for (int i = 1; i + 1 < harness_argc; i++)
        if (!strcmp(harness_argv[i], name))
            return strtoull(harness_argv[i + 1], NULL, 10);
    return 0;
}

static int compare(const void *a, const void *b) {
    return *(const int32_t *)a - *(const int32_t *)b;
}

/* Distinct values, and how often the most frequent one is there; sorts them. */
static int distinct(int32_t *pids, int n, int *most) {
    int kinds = 0;
    qsort(pids, (size_t)n, sizeof *pids, compare);
    *most = 0;
    for (int i = 0, same = 0; i < n; i++) {
        same = i && pids[i] == pids[i - 1] ? same + 1 : 1;
        kinds += same == 1;
        *most = same > *most ? same : *most;
    }
    return kinds;
}

static void check_items(const dmap_task *task, uint64_t bound) {
    int32_t pids[N];
    int most, workers = dmap_workers(harness_pool);
    harness_watch("a bound of items", 60);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, task, dmap_range(0, N), dmap_into(pids), NULL), DMAP_OK);
    int kinds = distinct(pids, N, &most);
    CU_ASSERT(most <= (int)bound);
    /* Each worker begins and ends with a process that has items of other calls too. */
    if (kinds < N / (int)bound || kinds > N / (int)bound + 2 * workers)
        harness_fail("%d processes for %d items, %d at the most each", kinds, N, (int)bound);
}

static void test_items(void) {
    uint64_t bound = argument_of("refresh_items");
    if (!bound)
        return;
    check_items(&crash_pid, bound);
    check_items(&crash_pids, bound);
}

static void test_memory(void) {
    int32_t pids[80];
    int most, n = harness_is_small() ? 40 : 80;
    if (!argument_of("refresh_memory"))
        return;
    harness_watch("a bound of memory", 60);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &crash_leaks, dmap_range(0, (uint64_t)n), dmap_into(pids), NULL), DMAP_OK);
    int kinds = distinct(pids, n, &most);
    if (kinds < dmap_workers(harness_pool) + 2 || kinds > n - 1)
        harness_fail("%d processes for %d items", kinds, n);
}

void crash_add_refresh(void) {
    CU_pSuite suite = CU_add_suite("refresh", NULL, NULL);
    CU_ADD_TEST(suite, test_items);
    CU_ADD_TEST(suite, test_memory);
}
