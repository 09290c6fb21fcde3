/* Calls with items that wait until the master says so, by a file: that the others go on meanwhile, and that a call that
 * is drained or stopped ends as it should. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "live.h"

#define PATIENCE_S 60.0

static char flag[64]; /* a file that is there once the master said so; its name goes to the ranks as shared data */

static void prepare(const char *what) {
    snprintf(flag, sizeof flag, "/tmp/dmap-live-%d-%u", (int)getpid(), (unsigned)(now_s() * 1e6));
    dmap_share(harness_pool, flag, sizeof flag);
    harness_watch(what, 90);
}

static void say(void) {
    FILE *file = fopen(flag, "w");
    CU_ASSERT_PTR_NOT_NULL(file);
    if (file)
        fclose(file);
}

/* Item 0 (all, if the item says so) waits for the file. */
static int wait_for_word(dmap_context *ctx, const void *item, void *result) {
    const char *path = dmap_shared(ctx, NULL);
    double until = now_s() + PATIENCE_S;
    memcpy(result, item, 8);
    while (access(path, F_OK)) {
        if (dmap_cancelled(ctx))
            return 0;
        if (now_s() > until)
            return dmap_fail(ctx, 1, "no word came");
        usleep(200);
    }
    return 0;
}

static int first_waits(dmap_context *ctx, const void *item, void *result) {
    if (dmap_index(ctx) == 0)
        return wait_for_word(ctx, item, result);
    memcpy(result, item, 8);
    return 0;
}
DMAP_TASK(live_first_waits, .run = first_waits, .item_size = 8, .result_size = 8);

static void add(void *into, const void *from) {
    *(uint64_t *)into += *(const uint64_t *)from;
}
DMAP_TASK(live_all_wait, .run = wait_for_word, .item_size = 8, .result_size = 8, .combine = add);

typedef struct tally {
    uint64_t ended, wanted;
    uint64_t seen[2000];
    bool drains;
    unsigned watched;
} tally;

static int count_end(void *arg, const dmap_item_result *r) {
    tally *t = arg;
    t->ended++;
    CU_ASSERT_EQUAL(r->status, DMAP_ITEM_OK);
    CU_ASSERT_EQUAL(t->seen[r->index]++, 0);
    if (t->ended == t->wanted && t->drains)
        CU_ASSERT_EQUAL(dmap_drain(harness_pool), DMAP_OK);
    if (t->ended == t->wanted)
        say();
    return 0;
}

/* The first item ends when all others have, but for those of its chunk: none of them may wait for it. */
static void test_long_item(void) {
    bool is_serial = harness_has("serial"); /* such a rank gives nothing back while an item runs */
    if (dmap_workers(harness_pool) < 2)
        return;
    for (int i = 0; i < 6; i++) {
        uint64_t chunk = i < 5 ? (uint64_t)dmap_workers(harness_pool) : 1;
        tally t = {.wanted = 500 - chunk};
        dmap_map_options options = {.unordered = true,
                                    .schedule = i % 2 ? DMAP_DYNAMIC : DMAP_AUTO,
                                    .chunk = i < 4 ? 0 : 1,
                                    .ahead = i / 2 == 1 || is_serial ? -1 : 0};
        char what[64];
        snprintf(what, sizeof what, "a long item before many short ones, case %d", i);
        prepare(what);
        dmap_status status =
            dmap_map(harness_pool, &live_first_waits, dmap_range(0, 500), dmap_each(count_end, &t), &options);
        CU_ASSERT_EQUAL(t.ended, 500);
        if (status != DMAP_OK)
            harness_fail("%s", dmap_error(harness_pool));
        unlink(flag);
    }
}

/* ---- draining ---- */

static int drain_at_once(void *arg, const dmap_progress *progress) {
    tally *t = arg;
    CU_ASSERT(progress->ended <= 2000 && progress->failed == 0 && progress->seconds >= 0);
    if (t->watched++ == 2) {
        CU_ASSERT_EQUAL(dmap_drain(harness_pool), DMAP_OK);
        CU_ASSERT_EQUAL(dmap_drain(harness_pool), DMAP_OK);
        say();
    }
    return 0;
}

/* What runs when the call is drained is finished and delivered, what has not begun is not. */
static void test_drain_from_watch(void) {
    tally t = {0};
    dmap_map_options options = {.on_watch = drain_at_once, .on_watch_arg = &t, .unordered = true};
    CU_ASSERT_EQUAL(dmap_drain(harness_pool), DMAP_EINVAL);
    prepare("a call drained while its items run");
    dmap_status status =
        dmap_map(harness_pool, &live_all_wait, dmap_range(0, 2000), dmap_each(count_end, &t), &options);
    CU_ASSERT_EQUAL(status, DMAP_ECANCELLED);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), "drained"));
    CU_ASSERT(t.ended < 2000);
    unlink(flag);
}

static int copy(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    memcpy(result, item, 8);
    return 0;
}
DMAP_TASK(live_copy, .run = copy, .item_size = 8, .result_size = 8, .combine = add);

static void test_drain_from_sink(void) {
    for (int i = 0; i < 20; i++) {
        tally t = {.wanted = 3, .drains = true};
        dmap_map_options options = {
            .unordered = i >= 10, .schedule = (dmap_schedule)(i % 5), .on_error = (dmap_on_error)(i % 2)};
        prepare("a call drained by its sink");
        dmap_status status =
            dmap_map(harness_pool, &live_copy, dmap_range(0, 2000), dmap_each(count_end, &t), &options);
        CU_ASSERT_EQUAL(status, DMAP_ECANCELLED);
        CU_ASSERT(t.ended >= 3 && t.ended <= 2000);
        unlink(flag);
    }
}

static int drain_now(void *arg, const dmap_progress *progress) {
    (void)arg, (void)progress;
    dmap_drain(harness_pool);
    say();
    return 0;
}

/* Other sinks: what was not begun is cancelled in a table, and a fold with holes is none. */
static void test_drain_of_sinks(void) {
    dmap_results *results;
    uint64_t sum = 77, done = 0;
    dmap_map_options options = {.on_watch = drain_now};
    prepare("a drained call whose results are collected, or folded");
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &live_all_wait, dmap_range(0, 2000), dmap_collect(&results), &options),
                    DMAP_ECANCELLED);
    for (uint64_t i = 0; i < dmap_results_count(results); i++)
        done += dmap_results_status(results, i) == DMAP_ITEM_OK;
    CU_ASSERT(done < 2000); /* none at all, if no worker had begun */
    CU_ASSERT_EQUAL(dmap_results_status(results, 1999), DMAP_ITEM_CANCELLED);
    dmap_results_free(results);
    unlink(flag);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &live_all_wait, dmap_range(0, 2000), dmap_fold(&sum), &options),
                    DMAP_ECANCELLED);
    CU_ASSERT_EQUAL(sum, 77);
    unlink(flag);
}

static double drain_in_cost(void *arg, uint64_t index) {
    (void)arg;
    if (index == 3)
        CU_ASSERT_EQUAL(dmap_drain(harness_pool), DMAP_OK);
    return 1;
}

/* Before anything began: so nothing runs, whatever the source. */
static void test_drain_from_cost(void) {
    uint64_t numbers[100] = {0};
    dmap_blob blobs[100];
    for (int i = 0; i < 100; i++)
        blobs[i] = (dmap_blob){&numbers[i], sizeof numbers[i]};
    dmap_source sources[] = {dmap_array(numbers, 100), dmap_blobs(blobs, 100), dmap_range(0, 100)};
    for (int i = 0; i < 3; i++) {
        tally t = {0};
        dmap_map_options options = {.cost = drain_in_cost, .unordered = true};
        prepare("a call drained by its cost hint");
        dmap_status status = dmap_map(harness_pool, &live_copy, sources[i], dmap_each(count_end, &t), &options);
        CU_ASSERT_EQUAL(status, DMAP_ECANCELLED);
        CU_ASSERT_EQUAL(t.ended, 0);
    }
}

static int stop_at_once(void *arg, const dmap_progress *progress) {
    (void)progress;
    return ++*(unsigned *)arg == 3;
}

static void test_watch_stops(void) {
    unsigned n = 0;
    dmap_results *results;
    dmap_map_options options = {.on_watch = stop_at_once, .on_watch_arg = &n};
    prepare("a call stopped by the watch function");
    dmap_status status = dmap_map(harness_pool, &live_all_wait, dmap_range(0, 2000), dmap_collect(&results), &options);
    CU_ASSERT_EQUAL(status, DMAP_ECANCELLED);
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_EQUAL(dmap_results_count(results), 2000);
    CU_ASSERT_EQUAL(dmap_results_status(results, 1999), DMAP_ITEM_CANCELLED);
    dmap_results_free(results);
}

void live_add_ends(CU_pSuite suite) {
    CU_ADD_TEST(suite, test_long_item);
    CU_ADD_TEST(suite, test_drain_from_watch);
    CU_ADD_TEST(suite, test_drain_from_sink);
    CU_ADD_TEST(suite, test_drain_of_sinks);
    CU_ADD_TEST(suite, test_drain_from_cost);
    if (!harness_has("serial")) /* such a rank does not hear of it while an item runs */
        CU_ADD_TEST(suite, test_watch_stops);
}
