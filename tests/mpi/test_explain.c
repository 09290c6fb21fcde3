/* Why a call was not faster: each diagnosis is provoked, by sleeps. What a busy machine adds may be more than these:
 * then the same is tried again with longer ones. Where time went adds up to the time of the call. The back end and the
 * number of ranks are the run's: see CMakeLists.txt. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dmap/call.h>

#include "harness.h"

enum { ITEMS = 24, LARGE = 4 << 20, TRIES = 7 };
#define FAILS_ONCE (UINT32_C(1) << 31)

static double scale; /* of how long things take: more with each try */

static void nap(double seconds) {
    usleep((useconds_t)(seconds * 1e6));
}

/* ---- tasks ---- */

/* The item is how long it takes, in milliseconds. */
static int run_nap(dmap_context *ctx, const void *item, void *result) {
    uint32_t ms = *(const uint32_t *)item;
    nap((double)(ms & ~FAILS_ONCE) * 1e-3);
    memset(result, 0, 256);
    return dmap_attempt(ctx) == 1 && (ms & FAILS_ONCE) ? dmap_fail(ctx, 1, "the first time") : 0;
}
DMAP_TASK(explain_nap, .run = run_nap, .item_size = sizeof(uint32_t), .result_size = 256);

static int set_up(dmap_context *ctx) {
    nap(*(const double *)dmap_shared(ctx, NULL));
    return 0;
}
DMAP_TASK(explain_setup, .run = run_nap, .setup = set_up, .item_size = sizeof(uint32_t), .result_size = 256);

static int run_large(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    return 0;
}
DMAP_TASK(explain_number, .run = run_large, .item_size = sizeof(uint64_t), .result_size = 8);
DMAP_TASK(explain_large, .run = run_large, .item_size = DMAP_VARIABLE, .result_size = 0);

/* ---- calls ---- */

static double sum(const dmap_times *t) {
    return t->task_s + t->setup_s + t->source_s + t->sink_s + t->messages_s + t->window_s + t->starved_s +
           t->outside_s + t->start_s + t->tail_s + t->other_s;
}

static void check_sum(const char *whose, const dmap_times *times, double seconds) {
    if (fabs(sum(times) - seconds) > 0.02 + 0.1 * seconds)
        harness_fail("the times of %s come to %g s of %g s", whose, sum(times), seconds);
}

static void check_times(const dmap_report *r) {
    dmap_worker_report worker;
    dmap_rank_report share;
    uint64_t items = 0;
    for (int rank = 0; rank < r->ranks; rank++) {
        CU_ASSERT_EQUAL(dmap_report_rank(harness_pool, rank, &share), DMAP_OK);
        for (int i = 0; i < share.workers; i++) {
            CU_ASSERT_EQUAL(dmap_report_worker(harness_pool, rank, i, &worker), DMAP_OK);
            check_sum("a worker", &worker.times, r->seconds);
            items += worker.items;
        }
    }
    check_sum("the master", &r->master_time, r->seconds);
    CU_ASSERT_EQUAL(items, r->items + r->retried);
    CU_ASSERT(dmap_report_worker(harness_pool, 0, -1, &worker) == DMAP_EINVAL);
    CU_ASSERT(dmap_report_worker(harness_pool, r->ranks, 0, &worker) == DMAP_EINVAL);
    if (r->parallel_efficiency <= 0)
        return;
    double product = r->load_balance * r->communication * r->serialisation;
    CU_ASSERT_DOUBLE_EQUAL(product, r->parallel_efficiency, 1e-9);
    CU_ASSERT(r->communication <= 1 && r->load_balance <= 1 + 1e-9 && r->serialisation <= 1 + 1e-9);
    for (int i = 1; i < r->n_longest; i++)
        CU_ASSERT(r->longest[i].seconds <= r->longest[i - 1].seconds);
}

/* A call that is made so is slow for that reason. */
static void expect(const char *what, void (*make)(void), const char *reason) {
    dmap_report report;
    scale = 1;
    for (int i = 0; i < TRIES; i++, scale *= 1.7) {
        harness_watch(what, 120);
        make();
        dmap_report_get(harness_pool, &report);
        CU_ASSERT_FATAL(report.explained);
        if (strstr(report.diagnosis, reason)) {
            check_times(&report);
            return;
        }
        printf("(once more: %s) ", report.diagnosis);
    }
    harness_fail("the diagnosis is \"%s\", not \"%s\"", report.diagnosis, reason);
}

static uint32_t ms_of(double ms) {
    return (uint32_t)(ms * scale);
}

static void run(const dmap_task *task, const uint32_t *ms, size_t n, dmap_sink sink, dmap_map_options options) {
    options.explain = true;
    options.progress = -1;
    CU_ASSERT_EQUAL(dmap_map(harness_pool, task, dmap_array(ms, n), sink, &options), DMAP_OK);
}

/* ---- reasons ---- */

static uint32_t short_items[1000];

static int slow_next(void *arg, dmap_blob *item) {
    int *left = arg;
    if (*left == 0)
        return DMAP_PULL_END;
    nap(0.015 * scale);
    *item = (dmap_blob){short_items, sizeof *short_items};
    return (*left)-- > 0 ? DMAP_PULL_ITEM : DMAP_PULL_END;
}

static void make_source(void) {
    int left = ITEMS;
    dmap_map_options options = {.explain = true};
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &explain_nap, dmap_pull(slow_next, &left), dmap_discard(), &options),
                    DMAP_OK);
}

static void test_source(void) {
    expect("a slow source", make_source, "the source takes");
}

static int late_next(void *arg, dmap_blob *item) {
    double *until = arg;
    *item = (dmap_blob){short_items, sizeof *short_items};
    if (*until < 0)
        return DMAP_PULL_END;
    if (now_s() < *until)
        return DMAP_PULL_LATER;
    *until = -1;
    return DMAP_PULL_ITEM;
}

static void make_late_source(void) {
    double until = now_s() + 0.3 * scale;
    dmap_map_options options = {.explain = true};
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &explain_nap, dmap_pull(late_next, &until), dmap_discard(), &options),
                    DMAP_OK);
}

static void test_late_source(void) {
    expect("a source that has nothing", make_late_source, "the source takes");
}

static int slow_each(void *arg, const dmap_item_result *result) {
    (void)arg, (void)result;
    nap(0.015 * scale);
    return 0;
}

static void make_sink(void) {
    run(&explain_nap, short_items, ITEMS, dmap_each(slow_each, NULL), (dmap_map_options){0});
}

static void test_sink(void) {
    expect("a slow sink", make_sink, "the sink takes");
}

static void make_setup(void) {
    double seconds = 0.25 * scale; /* other shared data: set-ups are made again */
    CU_ASSERT_EQUAL(dmap_share(harness_pool, &seconds, sizeof seconds), DMAP_OK);
    run(&explain_setup, short_items, ITEMS, dmap_discard(), (dmap_map_options){0});
}

static void test_setup(void) {
    expect("a slow set-up", make_setup, "set-ups take");
}

static int quick_each(void *arg, const dmap_item_result *result) {
    (void)arg, (void)result;
    return 0;
}

static void make_window(void) {
    static uint32_t ms[1000];
    ms[0] = ms_of(400);
    run(&explain_nap, ms, 1000, dmap_each(quick_each, NULL), (dmap_map_options){.window = 4096});
}

static void test_window(void) {
    expect("a full window", make_window, "a full order window takes");
}

static void make_long(void) {
    uint32_t ms[10] = {5, 5, 5, 5, 5, 5, 5, 5, 5, ms_of(400)}; /* each is a batch */
    run(&explain_nap, ms, 10, dmap_discard(), (dmap_map_options){0});
    dmap_report report;
    dmap_report_get(harness_pool, &report);
    CU_ASSERT(report.n_longest >= 1 && report.longest[0].rank == 0);
}

static void test_long(void) {
    expect("a long item", make_long, "item 9 takes");
}

static void make_few(void) {
    uint32_t ms[1] = {ms_of(300)};
    run(&explain_nap, ms, 1, dmap_discard(), (dmap_map_options){0});
}

static void test_few(void) {
    expect("few items", make_few, "1 item cannot keep");
}

static double slow_cost(void *arg, uint64_t index) {
    (void)arg;
    if (index == 0)
        nap(0.3 * scale);
    return 1;
}

static void make_start(void) {
    run(&explain_nap, short_items, ITEMS, dmap_discard(), (dmap_map_options){.cost = slow_cost});
}

static void test_start(void) {
    expect("a late start", make_start, "waiting for the first item takes");
}

static void make_retries(void) {
    uint32_t ms[ITEMS];
    for (int i = 0; i < ITEMS; i++)
        ms[i] = ms_of(21) | FAILS_ONCE;
    run(&explain_nap, ms, ITEMS, dmap_discard(), (dmap_map_options){.retries = 1});
}

static void test_retries(void) {
    expect("attempts that fail", make_retries, "attempts that failed");
}

static void make_outside(void) {
    dmap_call *call;
    dmap_map_options options = {.explain = true};
    CU_ASSERT_EQUAL_FATAL(
        dmap_map_async(harness_pool, &explain_nap, dmap_array(short_items, 1000), dmap_discard(), &options, &call),
        DMAP_OK);
    nap(0.3 * scale);
    CU_ASSERT_EQUAL(dmap_wait(call, -1), DMAP_OK);
    dmap_call_free(call);
}

static void test_outside(void) {
    expect("a program that computes", make_outside, "waiting for the program");
}

/* Of a call in which nothing runs, all is the start; one that cannot be made is not explained. */
static void test_nothing(void) {
    dmap_report report;
    dmap_results *results = NULL;
    run(&explain_nap, short_items, 0, dmap_discard(), (dmap_map_options){0});
    dmap_report_get(harness_pool, &report);
    CU_ASSERT(report.explained && report.items == 0 && !report.n_longest && report.workers_time.task_s == 0);
    check_times(&report);
    dmap_map_options options = {.explain = true};
    CU_ASSERT_EQUAL(
        dmap_map(harness_pool, &explain_number, dmap_range(0, UINT64_MAX), dmap_collect(&results), &options),
        DMAP_ENOMEM);
    dmap_results_free(results);
    dmap_report_get(harness_pool, &report);
    CU_ASSERT(!report.explained && !report.diagnosis[0]);
}

/* ---- with other ranks ---- */

/* Of the second rank's share each item is slow. */
static void make_fixed(void) {
    uint32_t ms[ITEMS];
    for (int i = 0; i < ITEMS; i++)
        ms[i] = i < ITEMS / 2 ? 0 : ms_of(30);
    run(&explain_nap, ms, ITEMS, dmap_discard(), (dmap_map_options){.schedule = DMAP_STATIC});
}

static void test_fixed(void) {
    expect("fixed shares", make_fixed, "chunks are fixed");
}

static void make_messages(void) {
    static dmap_blob items[2000];
    size_t n = (size_t)(60 * scale);
    unsigned char *bytes = calloc(1, LARGE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    for (size_t i = 0; i < n; i++)
        items[i] = (dmap_blob){bytes, LARGE};
    dmap_map_options options = {.explain = true};
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &explain_large, dmap_blobs(items, n), dmap_discard(), &options), DMAP_OK);
    free(bytes);
}

static void test_messages(void) {
    expect("large items", make_messages, "waiting for messages takes");
}

/* ---- not asked for ---- */

static void test_off(void) {
    dmap_report report;
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &explain_nap, dmap_array(short_items, ITEMS), dmap_discard(), NULL),
                    DMAP_OK);
    dmap_report_get(harness_pool, &report);
    CU_ASSERT(!report.explained && !report.diagnosis[0] && !report.n_longest && sum(&report.workers_time) == 0);
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("explain", NULL, NULL);
    if (harness_has("away")) {
        CU_add_test(suite, "messages", test_messages);
        return;
    }
    CU_add_test(suite, "off", test_off);
    if (dmap_ranks(harness_pool) > 1) {
        CU_add_test(suite, "fixed shares", test_fixed);
        return;
    }
    CU_add_test(suite, "source", test_source);
    CU_add_test(suite, "late source", test_late_source);
    CU_add_test(suite, "sink", test_sink);
    CU_add_test(suite, "set-up", test_setup);
    CU_add_test(suite, "window", test_window);
    CU_add_test(suite, "long item", test_long);
    CU_add_test(suite, "few items", test_few);
    CU_add_test(suite, "start", test_start);
    CU_add_test(suite, "retries", test_retries);
    CU_add_test(suite, "outside", test_outside);
    CU_add_test(suite, "nothing", test_nothing);
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
