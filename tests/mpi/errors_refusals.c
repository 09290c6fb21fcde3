/* Arguments that are refused before anything runs, and odd ones that are fine. */
#include "test_errors.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

static int nothing(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    return 0;
}

static int nothing_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    (void)ctx, (void)items, (void)results, (void)count;
    return 0;
}

static int give_none(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    return dmap_result(ctx, 0) ? 0 : 1;
}

static void merge(dmap_merge *both, dmap_blob left, dmap_blob right) {
    (void)both, (void)left, (void)right;
}

static void combine(void *into, const void *from) {
    *(char *)into = *(const char *)from;
}

DMAP_TASK(without_run, .item_size = 8, .result_size = 8);
DMAP_TASK(with_both, .run = nothing, .run_batch = nothing_batch, .item_size = 8, .result_size = 8);
DMAP_TASK(variable_batch, .run_batch = nothing_batch, .item_size = DMAP_VARIABLE, .result_size = 8);
DMAP_TASK(variable_result_batch, .run_batch = nothing_batch, .item_size = 8, .result_size = DMAP_VARIABLE);
DMAP_TASK(variable_item, .run = nothing, .item_size = DMAP_VARIABLE, .result_size = 8);
DMAP_TASK(variable_result, .run = give_none, .item_size = 8, .result_size = DMAP_VARIABLE, .combine = combine);
DMAP_TASK(merged_result, .run = give_none, .item_size = 8, .result_size = DMAP_VARIABLE, .merge = merge);
DMAP_TASK(fixed_merge, .run = nothing, .item_size = 8, .result_size = 8, .merge = merge);
DMAP_TASK(four_bytes, .run = nothing, .item_size = 4, .result_size = 8, .combine = combine);
/* No result of fixed size: there is no place for one, but one of no bytes. */
static int see_no_result(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    return result || !dmap_result(ctx, 0) || (dmap_item_size(ctx) == 8 && dmap_result(ctx, 1));
}

static int see_no_results(dmap_context *ctx, const void *items, void *results, size_t count) {
    (void)count;
    return see_no_result(ctx, items, results);
}

DMAP_TASK(no_result, .run = see_no_result, .item_size = 8, .combine = combine);
DMAP_TASK(no_result_batch, .run_batch = see_no_results, .item_size = 8);
DMAP_TASK(no_result_yet, .run = see_no_result, .item_size = 4, .result_size = DMAP_VARIABLE);
DMAP_TASK(no_item, .run = nothing, .result_size = 8);
DMAP_TASK(endless_item, .run = nothing, .item_size = SIZE_MAX - 1, .result_size = 8);
DMAP_TASK(endless_result, .run = nothing, .item_size = 8, .result_size = SIZE_MAX / 2);

static int pull_none(void *arg, dmap_blob *item) {
    (void)arg, (void)item;
    return 0;
}

static uint64_t items[4];
static dmap_results *table;

static int each_nothing(void *arg, const dmap_item_result *result) {
    (void)arg, (void)result;
    return 0;
}

static void refuse(const dmap_task *task, dmap_source source, dmap_sink sink, const dmap_map_options *options,
                   const char *const *words) {
    harness_watch(words[0], 30);
    table = (dmap_results *)items;
    dmap_status status = dmap_map(harness_pool, task, source, sink, options);
    bool collects = sink.kind == dmap_collect(&table).kind && sink.results;
    if (collects && table)
        harness_fail("the pointer of dmap_collect is not NULL after \"%s\"", words[0]);
    expect(words[0], harness_pool, status, DMAP_EINVAL, words);
}

static void test_tasks(void) {
    dmap_task copy = plus_one;
    dmap_source source = dmap_array(items, 4);
    refuse(NULL, source, dmap_discard(), NULL, WORDS("task is NULL"));
    refuse(&copy, source, dmap_discard(), NULL, WORDS("not registered", "plus_one", "DMAP_TASK"));
    refuse(&without_run, source, dmap_discard(), NULL, WORDS("without_run", "neither run nor run_batch"));
    refuse(&with_both, source, dmap_collect(&table), NULL, WORDS("with_both", "both run and run_batch"));
    refuse(&variable_batch, source, dmap_discard(), NULL, WORDS("run_batch", "fixed size", "item_size"));
    refuse(&variable_result_batch, source, dmap_discard(), NULL, WORDS("run_batch", "fixed size", "result_size"));
    refuse(&endless_item, dmap_pull(pull_none, NULL), dmap_discard(), NULL, WORDS("item_size", "memory"));
    refuse(&endless_result, dmap_range(0, 1), dmap_discard(), NULL, WORDS("result_size", "memory"));
}

static void test_sources(void) {
    dmap_blob bad[2] = {{items, 8}, {NULL, 3}}, small[2] = {{items, 8}, {items, 3}};
    dmap_sink sink = dmap_discard();
    refuse(&plus_one, dmap_array(NULL, 4), sink, NULL, WORDS("dmap_array", "NULL"));
    refuse(&plus_one, dmap_array(items, SIZE_MAX / 8), sink, NULL, WORDS("dmap_array", "memory"));
    refuse(&variable_item, dmap_array(items, 4), sink, NULL, WORDS("fixed size", "item_size", "dmap_blobs"));
    refuse(&no_item, dmap_array(items, 4), sink, NULL, WORDS("no_item", "dmap_array wants an item_size", "is 0"));
    refuse(&no_item, dmap_array(NULL, 4), sink, NULL, WORDS("no_item", "item_size"));
    refuse(&no_item, dmap_array(NULL, 0), sink, NULL, WORDS("no_item", "item_size"));
    refuse(&no_item, dmap_range(2, 3), sink, NULL, WORDS("dmap_range", "item_size of 8", "is 0"));
    refuse(&variable_item, dmap_range(2, 3), sink, NULL, WORDS("dmap_range", "item_size of 8", "DMAP_VARIABLE"));
    refuse(&variable_item, dmap_blobs(NULL, 1), sink, NULL, WORDS("dmap_blobs", "NULL"));
    refuse(&variable_item, dmap_blobs(bad, 2), sink, NULL, WORDS("item 1", "3 bytes", "NULL"));
    refuse(&plus_one, dmap_blobs(small, 2), sink, NULL, WORDS("item 1", "3 bytes", "wants 8"));
    refuse(&plus_one, dmap_range(3, 2), sink, NULL, WORDS("dmap_range", "before it begins"));
    refuse(&four_bytes, dmap_range(2, 3), sink, NULL, WORDS("dmap_range", "item_size of 8"));
    refuse(&plus_one, dmap_pull(NULL, NULL), sink, NULL, WORDS("dmap_pull", "NULL"));
    refuse(&plus_one, (dmap_source){0}, sink, NULL, WORDS("source", "not made by"));
}

static void test_sinks(void) {
    dmap_source source = dmap_range(0, 4);
    refuse(&plus_one, source, dmap_into(NULL), NULL, WORDS("dmap_into", "NULL"));
    refuse(&plus_one, dmap_range(0, SIZE_MAX / 8), dmap_into(items), NULL, WORDS("dmap_into", "memory"));
    refuse(&variable_result, source, dmap_into(items), NULL, WORDS("fixed size", "result_size", "dmap_collect"));
    refuse(&no_result, source, dmap_into(items), NULL, WORDS("no_result", "dmap_into wants a result_size", "is 0"));
    refuse(&no_result, source, dmap_into(NULL), NULL, WORDS("no_result", "result_size"));
    refuse(&no_result, source, dmap_fold(items), NULL, WORDS("no_result", "dmap_fold wants a result_size", "is 0"));
    refuse(&plus_one, source, dmap_collect(NULL), NULL, WORDS("dmap_collect", "NULL"));
    refuse(&plus_one, source, dmap_each(NULL, NULL), NULL, WORDS("dmap_each", "NULL"));
    refuse(&plus_one, source, dmap_fold(items), NULL, WORDS("plus_one", "combine"));
    refuse(&variable_result, source, dmap_fold(items), NULL, WORDS("dmap_fold", "fixed size"));
    refuse(&four_bytes, dmap_array(items, 4), dmap_fold(NULL), NULL, WORDS("accumulator", "NULL"));
    void *merged = NULL;
    size_t size;
    refuse(&variable_result, source, dmap_fold_blob(&merged, &size), NULL, WORDS("variable_result", "merge"));
    refuse(&fixed_merge, source, dmap_fold_blob(&merged, &size), NULL, WORDS("dmap_fold_blob", "result_size"));
    refuse(&merged_result, source, dmap_fold_blob(NULL, &size), NULL, WORDS("accumulator", "NULL"));
    refuse(&merged_result, source, dmap_fold_blob(&merged, NULL), NULL, WORDS("accumulator", "NULL"));
    refuse(&plus_one, source, (dmap_sink){0}, NULL, WORDS("sink", "not made by"));
}

static double cost(void *arg, uint64_t index) {
    (void)arg;
    return (double)index;
}

static void test_options(void) {
    dmap_source source = dmap_range(0, 4);
    dmap_sink sink = dmap_discard();
    static const struct {
        dmap_map_options options;
        const char *words[3];
    } bad[] = {
        {{.schedule = (dmap_schedule)9}, {"schedule is 9", "want 0 to 4"}},
        {{.on_error = (dmap_on_error)2}, {"on_error is 2", "want 0 to 1"}},
        {{.retries = -1}, {"retries is -1", "0 to 1000"}},
        {{.retries = 1001}, {"retries is 1001", "0 to 1000"}},
        {{.progress = 2}, {"progress is 2"}},
        {{.window = 100}, {"window is 100", "4096"}},
        {{.item_timeout_s = -1}, {"item_timeout_s is -1"}},
        {{.timeout_s = INFINITY}, {"timeout_s is inf"}},
        {{.timeout_s = NAN}, {"timeout_s is ", "nan"}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(&plus_one, source, sink, &bad[i].options, bad[i].words);
    refuse(&plus_one, dmap_pull(pull_none, NULL), sink, &(dmap_map_options){.cost = cost}, WORDS("cost", "dmap_pull"));
}

static void test_journal(void) {
    dmap_source source = dmap_range(0, 4);
    dmap_map_options options = {.journal = "/dev/null/x"};
    dmap_status status = dmap_map(harness_pool, &plus_one, source, dmap_discard(), &options);
    expect("a journal", harness_pool, status, DMAP_EIO, WORDS("/dev/null/x"));
}

static void test_no_pool(void) {
    dmap_report report = {.items = 5};
    dmap_rank_report rank;
    dmap_source source = dmap_range(0, 4);
    expect("no pool", NULL, dmap_map(NULL, &plus_one, source, dmap_discard(), NULL), DMAP_EINVAL,
           WORDS("pool is NULL"));
    expect("no pool", NULL, dmap_share(NULL, items, 8), DMAP_EINVAL, WORDS("dmap_share", "pool is NULL"));
    expect("no pool", NULL, dmap_map((dmap_pool *)items, &plus_one, source, dmap_discard(), NULL), DMAP_EINVAL,
           WORDS("not open"));
    CU_ASSERT_EQUAL(dmap_close(NULL), DMAP_OK);
    expect("dmap_run's pool", harness_pool, dmap_close(harness_pool), DMAP_EINVAL, WORDS("closed by dmap_run"));
    expect("share", harness_pool, dmap_share(harness_pool, NULL, 5), DMAP_EINVAL, WORDS("5 bytes at NULL"));
    CU_ASSERT_EQUAL(dmap_ranks(NULL), 0);
    CU_ASSERT_EQUAL(dmap_workers((dmap_pool *)items), 0);
    CU_ASSERT_PTR_NULL(dmap_host(NULL, 0));
    CU_ASSERT_PTR_NULL(dmap_host(harness_pool, -1));
    CU_ASSERT_PTR_NULL(dmap_host(harness_pool, dmap_ranks(harness_pool)));
    dmap_report_get((dmap_pool *)items, &report);
    CU_ASSERT_EQUAL(report.items, 0);
    CU_ASSERT_EQUAL(dmap_report_rank(harness_pool, -1, &rank), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_report_rank(harness_pool, dmap_ranks(harness_pool), &rank), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_report_rank(harness_pool, 0, NULL), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_results_count(NULL), 0);
    dmap_results_free(NULL);
}

static void expect_no_result(const dmap_task *task, dmap_source source) {
    if (dmap_map(harness_pool, task, source, dmap_discard(), NULL) != DMAP_OK)
        harness_fail("%s was given a result: %s", task->name, dmap_error(harness_pool));
    if (dmap_map(harness_pool, task, source, dmap_collect(&table), NULL) != DMAP_OK)
        harness_fail("%s was given a result: %s", task->name, dmap_error(harness_pool));
    CU_ASSERT_EQUAL(dmap_results_count(table), 1000);
    CU_ASSERT_PTR_NOT_NULL(dmap_results_at(table, 999, NULL));
    CU_ASSERT_EQUAL(dmap_results_status(table, 1000), DMAP_ITEM_CANCELLED);
    dmap_results_free(table);
}

/* The ways of an item: short ones, ones with a time limit, in batches, of results of any size. */
static void test_no_result(void) {
    const dmap_map_options timed = {.item_timeout_s = 60};
    uint32_t numbers[1000] = {0};
    harness_watch("results that there are none of", 60);
    expect_no_result(&no_result, dmap_range(0, 1000));
    expect_no_result(&no_result_batch, dmap_range(0, 1000));
    expect_no_result(&no_result_yet, dmap_array(numbers, 1000));
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &no_result, dmap_range(0, 100), dmap_discard(), &timed), DMAP_OK);
}

static int stop_after_1000(void *arg, const dmap_item_result *result) {
    uint64_t *n = arg;
    if (result->index != *n)
        harness_fail("item %zu of all numbers came as number %zu", (size_t)result->index, (size_t)*n);
    return ++*n == 1000;
}

/* The largest count is a count: nothing grows as for a stream. */
static void test_all_numbers(void) {
    dmap_pool *pool = harness_pool;
    dmap_source all = dmap_range(0, UINT64_MAX);
    const char *const *words = WORDS("out of memory for 18446744073709551615 results");
    harness_watch("all numbers", 60);
    refuse(&plus_one, all, dmap_into(items), NULL, WORDS("dmap_into", "memory"));
    expect("all results", pool, dmap_map(pool, &plus_one, all, dmap_collect(&table), NULL), DMAP_ENOMEM, words);
    CU_ASSERT_PTR_NULL(table);
    dmap_status status = dmap_map(pool, &plus_one, all, dmap_discard(), &(dmap_map_options){.cost = cost});
    expect("all costs", pool, status, DMAP_ENOMEM, WORDS("out of memory for the order of 18446744073709551615 items"));
    for (int schedule = DMAP_AUTO; schedule <= DMAP_FACTORING; schedule++) {
        dmap_map_options options = {.schedule = (dmap_schedule)schedule};
        uint64_t n = 0;
        CU_ASSERT_EQUAL(dmap_map(pool, &plus_one, all, dmap_each(stop_after_1000, &n), &options), DMAP_ECANCELLED);
        CU_ASSERT_EQUAL(n, 1000);
    }
}

/* Nothing to read and nothing to write are fine, and so is more than there is. */
static void test_fine(void) {
    const dmap_map_options large = {.chunk = SIZE_MAX};
    dmap_blob none[4] = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    dmap_report report;
    dmap_pool *pool = harness_pool;
    CU_ASSERT_EQUAL(dmap_map(pool, &no_item, dmap_blobs(none, 4), dmap_discard(), &large), DMAP_OK);
    dmap_report_get(pool, &report);
    CU_ASSERT_EQUAL(report.items, 4);
    CU_ASSERT_EQUAL(dmap_map(pool, &plus_one, dmap_range(0, 4), dmap_into(items), &large), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_map(pool, &plus_one, dmap_array(NULL, 0), dmap_into(NULL), &large), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_map(pool, &plus_one, dmap_array(NULL, 0), dmap_into(items), &large), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_map(pool, &plus_one, dmap_range(9, 9), dmap_each(each_nothing, NULL), NULL), DMAP_OK);
}

void errors_add_refusals(void) {
    CU_pSuite suite = CU_add_suite("refusals", NULL, NULL);
    CU_ADD_TEST(suite, test_tasks);
    CU_ADD_TEST(suite, test_sources);
    CU_ADD_TEST(suite, test_sinks);
    CU_ADD_TEST(suite, test_options);
    CU_ADD_TEST(suite, test_journal);
    CU_ADD_TEST(suite, test_no_pool);
    CU_ADD_TEST(suite, test_no_result);
    CU_ADD_TEST(suite, test_all_numbers);
    CU_ADD_TEST(suite, test_fine);
}
