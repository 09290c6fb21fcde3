/* Items that make items: trees whose shape comes from dmap_seed, so that one number, written down here, says whether
 * every item ran once, on any number of ranks, with any back end, window, sink and source, with items that fail on the
 * way, time out or kill their process. */
#include "spawn_task.h"

#include <dmap/call.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static node roots[ROOTS];

static void set_roots(uint32_t how) {
    for (uint64_t i = 0; i < ROOTS; i++)
        roots[i] = (node){i, 0, how};
}

static dmap_map_options options_of(size_t window) {
    return (dmap_map_options){.spawns = true, .seed = 5, .window = window, .progress = -1};
}

/* The forest of 40 roots with seed 5: so many nodes, of which so many are chosen. */
static const sums forest = {2935, UINT64_C(6190832440299)};

static void check_sums(const char *what, sums got) {
    if (got.nodes != forest.nodes || got.hash != forest.hash)
        harness_fail("%s: %" PRIu64 " nodes, hash %" PRIu64, what, got.nodes, got.hash);
}

static void check_ok(const char *what, dmap_status status) {
    if (status != DMAP_OK)
        harness_fail("%s: %s: %s", what, dmap_status_name(status), dmap_error(harness_pool));
}

/* ---- sinks and sources ---- */

static int add_one(void *arg, const dmap_item_result *result) {
    if (result->status == DMAP_ITEM_OK)
        spawn_combine(arg, result->data);
    return 0;
}

static void check_table(const dmap_results *results) {
    sums got = {0, 0};
    for (uint64_t i = 0; i < dmap_results_count(results); i++)
        if (dmap_results_at(results, i, NULL))
            spawn_combine(&got, dmap_results_at(results, i, NULL));
    check_sums("collect", got);
}

static void test_sinks_of(const dmap_task *task, dmap_source source, const dmap_map_options *o) {
    sums got = {0, 0};
    dmap_results *results;
    check_ok("each", dmap_map(harness_pool, task, source, dmap_each(add_one, &got), o));
    check_sums("each", got);
    check_ok("collect", dmap_map(harness_pool, task, source, dmap_collect(&results), o));
    check_table(results);
    dmap_results_free(results);
    dmap_report report;
    check_ok("discard", dmap_map(harness_pool, task, source, dmap_discard(), o));
    dmap_report_get(harness_pool, &report);
    CU_ASSERT_EQUAL(report.items, forest.nodes);
    CU_ASSERT_EQUAL(report.failed, 0);
}

static void test_fixed(void) {
    static const size_t windows[] = {0, 4096, 65536};
    harness_watch("sinks of fixed size", 120);
    set_roots(0);
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        sums got = {0, 0};
        dmap_map_options o = options_of(windows[i]);
        test_sinks_of(&spawn_sums, dmap_array(roots, ROOTS), &o);
        check_ok("fold", dmap_map(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), dmap_fold(&got), &o));
        check_sums("fold", got);
    }
}

static void test_variable(void) {
    dmap_map_options o = options_of(0);
    dmap_blob blobs[ROOTS];
    void *data = NULL;
    size_t size = 0;
    harness_watch("sinks of variable size", 60);
    set_roots(0);
    for (size_t i = 0; i < ROOTS; i++)
        blobs[i] = (dmap_blob){&roots[i], sizeof roots[i]};
    test_sinks_of(&spawn_blobs, dmap_blobs(blobs, ROOTS), &o);
    check_ok("fold_blob",
             dmap_map(harness_pool, &spawn_blobs, dmap_blobs(blobs, ROOTS), dmap_fold_blob(&data, &size), &o));
    CU_ASSERT_EQUAL(size, sizeof(sums));
    if (size == sizeof(sums))
        check_sums("fold_blob", *(const sums *)data);
    free(data);
}

static int pull(void *arg, dmap_blob *item) {
    uint64_t *next = arg;
    static node root;
    if (*next % 2 == 0) { /* none yet, each second time */
        ++*next;
        return DMAP_PULL_LATER;
    }
    if (*next / 2 == ROOTS)
        return DMAP_PULL_END;
    root = (node){*next / 2, 0, 0};
    ++*next;
    *item = (dmap_blob){&root, sizeof root};
    return DMAP_PULL_ITEM;
}

static void test_sources(void) {
    dmap_map_options o = options_of(0);
    sums got = {0, 0}, pulled = {0, 0}, none = {0, 0};
    uint64_t next = 0;
    harness_watch("sources", 60);
    check_ok("range", dmap_map(harness_pool, &spawn_numbers, dmap_range(7, 7 + ROOTS), dmap_fold(&got), &o));
    check_sums("range", got);
    check_ok("pull", dmap_map(harness_pool, &spawn_sums, dmap_pull(pull, &next), dmap_fold(&pulled), &o));
    check_sums("pull", pulled);
    check_ok("nothing", dmap_map(harness_pool, &spawn_sums, dmap_array(roots, 0), dmap_fold(&none), &o));
    CU_ASSERT_EQUAL(none.nodes, 0);
}

/* ---- indices ---- */

typedef struct indices {
    uint64_t at[8192];
    size_t n;
} indices;

static int note_index(void *arg, const dmap_item_result *result) {
    indices *seen = arg;
    if (seen->n < sizeof seen->at / sizeof seen->at[0])
        seen->at[seen->n++] = result->index;
    return 0;
}

static int by_number(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void test_indices(void) {
    static indices seen;
    dmap_map_options o = options_of(4096);
    harness_watch("indices", 60);
    seen.n = 0;
    set_roots(0);
    check_ok("indices",
             dmap_map(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), dmap_each(note_index, &seen), &o));
    qsort(seen.at, seen.n, sizeof seen.at[0], by_number);
    CU_ASSERT_EQUAL(seen.n, forest.nodes);
    for (size_t i = 0; i < seen.n; i++) {
        if (i < ROOTS)
            CU_ASSERT_EQUAL(seen.at[i], i);
        if (i)
            CU_ASSERT(seen.at[i - 1] < seen.at[i]);
    }
}

/* ---- what fails ---- */

static void test_retries(void) {
    sums got = {0, 0};
    dmap_map_options o = options_of(0);
    harness_watch("items tried again", 60);
    o.retries = 2;
    set_roots(FAILS_FIRST);
    check_ok("retries", dmap_map(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), dmap_fold(&got), &o));
    check_sums("retries", got);
    dmap_report report;
    dmap_report_get(harness_pool, &report);
    CU_ASSERT_EQUAL(report.items, forest.nodes);
    CU_ASSERT(report.retried > 0 && report.retried < forest.nodes);
}

static void test_timeouts(void) {
    sums got = {0, 0};
    dmap_map_options o = options_of(0);
    harness_watch("items that are late", 120);
    o.retries = 1;
    o.item_timeout_s = 0.02;
    o.on_error = DMAP_KEEP_GOING;
    set_roots(LATE);
    dmap_map(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), dmap_fold(&got), &o);
    dmap_report report;
    dmap_report_get(harness_pool, &report);
    if (!report.failed) /* on a busy machine any item may be late twice */
        check_sums("timeouts", got);
}

static void test_crashes(void) {
    sums got = {0, 0};
    dmap_map_options o = options_of(0);
    if (!harness_has("processes"))
        return;
    harness_watch("items that crash", 120);
    o.retries = 1;
    set_roots(CRASHES);
    check_ok("crashes", dmap_map(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), dmap_fold(&got), &o));
    check_sums("crashes", got);
}

/* Those below one that fails for good do not exist: the same everywhere, as the seeds are. */
static void test_failures(void) {
    sums got = {0, 0};
    dmap_results *results;
    dmap_report report;
    dmap_map_options o = options_of(0);
    uint64_t failed = 0;
    harness_watch("items that fail", 60);
    o.on_error = DMAP_KEEP_GOING;
    set_roots(FAILS_ALWAYS);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), dmap_collect(&results), &o),
                    DMAP_EITEM);
    dmap_report_get(harness_pool, &report);
    for (uint64_t i = 0; i < dmap_results_count(results); i++)
        if (dmap_results_status(results, i) == DMAP_ITEM_OK)
            spawn_combine(&got, dmap_results_at(results, i, NULL));
        else
            failed += strstr(dmap_results_error(results, i), "never") != NULL;
    if (got.nodes != 2477 || failed != 54 || report.failed != failed)
        harness_fail("%" PRIu64 " nodes, %" PRIu64 " failed", got.nodes, failed);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), "never"));
    dmap_results_free(results);
}

static void test_stop(void) {
    sums got = {7, 7};
    dmap_map_options o = options_of(0);
    harness_watch("a failure ends the call", 60);
    set_roots(FAILS_ALWAYS);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), dmap_fold(&got), &o), DMAP_EITEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), "never"));
    CU_ASSERT(got.nodes == 7 && got.hash == 7);
}

/* ---- trees without an end ---- */

static int watch(void *arg, const dmap_progress *progress) {
    CU_ASSERT_EQUAL(progress->total, UINT64_MAX);
    return progress->ended > 1000 && arg ? 1 : 0;
}

static int drain(void *arg, const dmap_progress *progress) {
    (void)arg;
    return progress->ended > 1000 && dmap_drain(harness_pool) != DMAP_OK;
}

static void test_endless(void) {
    dmap_map_options o = options_of(16384);
    dmap_call *call;
    harness_watch("trees without an end", 120);
    set_roots(ENDLESS);
    o.timeout_s = 0.05;
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), dmap_discard(), &o), DMAP_ETIMEOUT);
    o.timeout_s = 0;
    o.on_watch = watch;
    o.on_watch_arg = &o;
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), dmap_discard(), &o), DMAP_ECANCELLED);
    o.on_watch = drain;
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), dmap_discard(), &o), DMAP_ECANCELLED);
    o.on_watch = NULL;
    check_ok("async", dmap_map_async(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), dmap_discard(), &o, &call));
    CU_ASSERT_EQUAL(dmap_wait(call, 0.02), DMAP_PENDING);
    CU_ASSERT_EQUAL(dmap_cancel(call), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_wait(call, -1), DMAP_ECANCELLED);
    dmap_call_free(call);
}

/* Beyond the window items wait in a file. */
static void test_spool(void) {
    dmap_map_options o = options_of(4096);
    dmap_report report;
    sums got = {0, 0};
    harness_watch("items that wait in a file", 60);
    set_roots(BROAD);
    check_ok("spool", dmap_map(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), dmap_each(add_one, &got), &o));
    CU_ASSERT_EQUAL(got.nodes, ROOTS * (1 + CHILDREN));
    dmap_report_get(harness_pool, &report);
    CU_ASSERT(report.spooled > 0);
}

/* ---- several calls, refusals ---- */

static void test_beside(void) {
    sums got[3] = {{0, 0}};
    dmap_call *calls[3];
    harness_watch("calls beside one another", 60);
    set_roots(0);
    for (size_t i = 0; i < 3; i++) {
        dmap_map_options o = options_of(i ? 8192 : 0);
        dmap_sink sink = i == 1 ? dmap_each(add_one, &got[i]) : dmap_fold(&got[i]);
        check_ok("beside", dmap_map_async(harness_pool, &spawn_sums, dmap_array(roots, ROOTS), sink, &o, &calls[i]));
    }
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(dmap_wait(calls[i], -1), DMAP_OK);
        check_sums("beside", got[i]);
        dmap_call_free(calls[i]);
    }
}

static double cost(void *arg, uint64_t index) {
    (void)arg, (void)index;
    return 1;
}

static void refuse(const dmap_task *task, dmap_sink sink, const dmap_map_options *o, const char *why) {
    uint64_t numbers[2] = {0, 0};
    dmap_source source = task == &spawn_sums ? dmap_array(roots, 2) : dmap_array(numbers, 2);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, task, source, sink, o), DMAP_EINVAL);
    if (!strstr(dmap_error(harness_pool), why))
        harness_fail("no \"%s\" in: %s", why, dmap_error(harness_pool));
}

static void test_refused(void) {
    sums into[2];
    dmap_map_options o = options_of(0);
    dmap_stream *stream;
    dmap_call *call;
    set_roots(0);
    refuse(&spawn_sums, dmap_into(into), &o, "nobody knows how many");
    refuse(&spawn_batch, dmap_discard(), &o, "run_batch");
    o.cost = cost;
    refuse(&spawn_sums, dmap_discard(), &o, "cost");
    o = options_of(0);
    o.chunk = 3;
    refuse(&spawn_sums, dmap_discard(), &o, "chunk");
    o = options_of(0);
    o.schedule = DMAP_GUIDED;
    refuse(&spawn_sums, dmap_discard(), &o, "schedule");
    o = options_of(0);
    o.ahead = -1;
    refuse(&spawn_sums, dmap_discard(), &o, "ahead");
    o = options_of(0);
    CU_ASSERT_EQUAL(dmap_stream_open(harness_pool, &spawn_sums, dmap_array(roots, 2), &o, &stream), DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), "spawns"));
    CU_ASSERT_EQUAL(dmap_submit(harness_pool, &spawn_sums, roots, sizeof roots[0], &o, &call), DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), "spawns"));
}

static void test_in_vain(void) {
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &spawn_vain, dmap_range(0, 100), dmap_discard(), NULL), DMAP_OK);
}

/* All workers of all ranks wait for what the first item offers. */
static void test_best(void) {
    dmap_map_options o = {.progress = -1, .chunk = 1};
    uint64_t items = 4 * (uint64_t)dmap_workers(harness_pool);
    if (harness_has("serial") && dmap_ranks(harness_pool) > 1)
        return; /* between items a rank hears of it, and these wait for it */
    harness_watch("a bound that items share", 60);
    check_ok("best", dmap_map(harness_pool, &spawn_best, dmap_range(0, items), dmap_discard(), &o));
    check_ok("best again", dmap_map(harness_pool, &spawn_best, dmap_range(0, items), dmap_discard(), &o));
}

/* On one rank, as the next attempt may run on another, which hears of it later. */
static void test_best_stays(void) {
    dmap_map_options o = {.progress = -1, .retries = 1};
    if (dmap_ranks(harness_pool) > 1)
        return;
    check_ok("a bound stays", dmap_map(harness_pool, &spawn_stays, dmap_range(0, 20), dmap_discard(), &o));
    o.spawns = true;
    check_ok("where items make items", dmap_map(harness_pool, &spawn_stays, dmap_range(0, 20), dmap_discard(), &o));
}

static CU_TestInfo tests[] = {{"fixed", test_fixed},     {"variable", test_variable},
                              {"sources", test_sources}, {"indices", test_indices},
                              {"retries", test_retries}, {"timeouts", test_timeouts},
                              {"crashes", test_crashes}, {"failures", test_failures},
                              {"stop", test_stop},       {"endless", test_endless},
                              {"spool", test_spool},     {"beside", test_beside},
                              {"refused", test_refused}, {"in vain", test_in_vain},
                              {"best", test_best},       {"a bound stays", test_best_stays},
                              CU_TEST_INFO_NULL};
static CU_SuiteInfo suites[] = {{.pName = "spawn", .pTests = tests}, CU_SUITE_INFO_NULL};

static void add_tests(void) {
    CU_register_suites(suites);
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
