/* Time that is over, and items that are told to stop. A rank whose back end is serial cannot be told while its task
 * runs, so there only the outcome is looked at, not how soon it came. */
#include "test_errors.h"

#include <string.h>
#include <time.h>

#define LONG_S 100 /* what nobody takes who has been told to stop */

static void doze(double seconds) {
    struct timespec wait = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&wait, NULL);
}

static int doze_run(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    doze(0.02);
    return 0;
}

/* Item 3 goes on until it is told to stop, LONG_S at the most. */
static int linger(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    double end = now_s() + (dmap_index(ctx) == 3 ? LONG_S : 0);
    while (now_s() < end && !dmap_cancelled(ctx))
        doze(0.002);
    return 0;
}

static int wait_run(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    double end = now_s() + 4;
    while (now_s() < end && !dmap_cancelled(ctx))
        doze(0.001);
    return 0;
}

/* Item 0 fails once others have begun; they go on until they are told to stop, or for as many seconds as the number is
 * larger than the index. */
static int stop_others(dmap_context *ctx, const void *item, void *result) {
    (void)result;
    if (dmap_index(ctx) == 0) {
        doze(0.1);
        return dmap_fail(ctx, 9, "enough");
    }
    double end = now_s() + (double)(*(const uint64_t *)item - dmap_index(ctx));
    while (now_s() < end && !dmap_cancelled(ctx))
        doze(0.002);
    return 0;
}

DMAP_TASK(dozes, .run = doze_run, .item_size = 8, .result_size = 0);
DMAP_TASK(waits_for_the_end, .run = wait_run, .item_size = 8, .result_size = 0);
DMAP_TASK(lingers, .run = linger, .item_size = 8, .result_size = 0);
DMAP_TASK(stops_others, .run = stop_others, .item_size = 8, .result_size = 0);

static void test_timeout(void) {
    const dmap_map_options options = {.timeout_s = 0.2};
    harness_watch("a call over its time", 60);
    double began = now_s();
    dmap_status status = dmap_map(harness_pool, &dozes, dmap_range(0, 100000), dmap_discard(), &options);
    CU_ASSERT_TRUE(now_s() - began < LONG_S);
    expect("a call over its time", harness_pool, status, DMAP_ETIMEOUT,
           WORDS("over its 0.2 seconds", "items were done"));
}

/* One of some calls, as other programs may keep the machine busy. */
static void test_timeout_to_the_point(void) {
    const dmap_map_options options = {.timeout_s = 0.1};
    double best = 60;
    harness_watch("calls that are to end with their time", 60);
    for (int i = 0; i < 200 && best >= 0.13 && !harness_has("serial"); i++) {
        double began = now_s();
        CU_ASSERT_EQUAL(dmap_map(harness_pool, &waits_for_the_end, dmap_range(0, 1000), dmap_discard(), &options),
                        DMAP_ETIMEOUT);
        best = now_s() - began < best ? now_s() - began : best;
    }
    harness_watch("", 0);
    CU_ASSERT(harness_has("serial") || (best >= 0.1 && best < 0.13));
}

static void test_in_time(void) {
    const dmap_map_options options = {.timeout_s = 50, .item_timeout_s = 50};
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &plus_one, dmap_range(0, 1000), dmap_discard(), &options), DMAP_OK);
}

static void test_item_timeout(void) {
    const dmap_map_options options = {.item_timeout_s = 0.4, .on_error = DMAP_KEEP_GOING};
    dmap_results *table;
    harness_watch("an item over its time", 60);
    double began = now_s();
    dmap_status status = dmap_map(harness_pool, &lingers, dmap_range(0, 20), dmap_collect(&table), &options);
    CU_ASSERT_TRUE(now_s() - began < LONG_S / 2);
    for (uint64_t i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(dmap_results_status(table, i), i == 3 ? DMAP_ITEM_TIMEOUT : DMAP_ITEM_OK);
    dmap_results_free(table);
    expect("an item over its time", harness_pool, status, DMAP_EITEM, WORDS("item 3 ", "over its 0.4 seconds"));
}

static void test_cancelled(void) {
    harness_watch("items told to stop", 100);
    double began = now_s();
    uint64_t most_s = has_threads() ? LONG_S : 4;
    dmap_status status = dmap_map(harness_pool, &stops_others, dmap_range(most_s, most_s + 200), dmap_discard(), NULL);
    CU_ASSERT_TRUE(now_s() - began < LONG_S / 2 || !has_threads());
    expect("items told to stop", harness_pool, status, DMAP_EITEM, WORDS("item 0 (attempt 1): enough"));
}

void errors_add_limits(void) {
    CU_pSuite suite = CU_add_suite("limits", NULL, NULL);
    CU_ADD_TEST(suite, test_timeout);
    CU_ADD_TEST(suite, test_timeout_to_the_point);
    CU_ADD_TEST(suite, test_in_time);
    CU_ADD_TEST(suite, test_item_timeout);
    CU_ADD_TEST(suite, test_cancelled);
}
