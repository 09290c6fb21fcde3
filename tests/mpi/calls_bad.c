/* What bad input gets, with calls in flight: a status, and a sentence. */
#include <math.h>
#include <string.h>

#include "calls.h"

static void test_refused_handles(void) {
    dmap_call *call, *none[2] = {NULL, NULL};
    dmap_report report;
    size_t which = 9, size = 9;
    uint64_t on_the_stack[64] = {0};
    harness_watch("handles that are none", 30);
    CU_ASSERT_EQUAL_FATAL(dmap_map_async(harness_pool, &calls_hash, dmap_range(0, 3), dmap_discard(), NULL, &call),
                          DMAP_OK);
    calls_end(call, DMAP_OK);
    dmap_call_free(call);
    dmap_call *bad[3] = {call, (dmap_call *)on_the_stack, (dmap_call *)((char *)call + 8)};
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(dmap_wait(bad[i], 1), DMAP_EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(NULL), "dmap_wait: this is no call, or it was freed"));
        CU_ASSERT_EQUAL(dmap_cancel(bad[i]), DMAP_EINVAL);
        CU_ASSERT_EQUAL(dmap_call_status(bad[i]), DMAP_EINVAL);
        CU_ASSERT_EQUAL(dmap_wait_any(&bad[i], 1, 1, &which), DMAP_EINVAL);
        CU_ASSERT_PTR_NULL(dmap_call_result(bad[i], &size));
        CU_ASSERT_EQUAL(size, 0);
        CU_ASSERT_STRING_EQUAL(dmap_call_error(bad[i]), "");
        dmap_call_report(bad[i], &report);
        CU_ASSERT_EQUAL(report.items, 0);
        dmap_call_free(bad[i]);
        dmap_stream_close((dmap_stream *)bad[i]);
        CU_ASSERT_EQUAL(dmap_stream_next((dmap_stream *)bad[i], 0, &(dmap_item_result){0}), DMAP_EINVAL);
    }
    CU_ASSERT_EQUAL(dmap_wait(NULL, 0), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_wait_any(none, 2, 0, &which), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_wait_any(none, 0, 0, &which), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_wait_any(none, 2, 0, NULL), DMAP_EINVAL);
    dmap_call_free(NULL);
    dmap_stream_close(NULL);
    CU_ASSERT_EQUAL(dmap_step(NULL, 0), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_fd(NULL), -1);
}

static void refuse(dmap_call *freed) {
    CU_ASSERT_EQUAL(dmap_wait(freed, 60), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_call_status(freed), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_cancel(freed), DMAP_EINVAL);
    dmap_call_free(freed);
}

/* However many calls were made since, one that was freed is none, nor is one that its item outlives. */
static void test_freed_for_good(void) {
    enum { N = 300 };
    static dmap_call *freed[N];
    dmap_call *call, *running;
    uint64_t item = 0, time = 100000;
    harness_watch("calls that were freed long ago", 60);
    for (int i = 0; i < N; i++) {
        dmap_status status =
            i % 2 ? dmap_submit(harness_pool, &calls_hash, &item, 8, NULL, &freed[i])
                  : dmap_map_async(harness_pool, &calls_hash, dmap_range(0, 1), dmap_discard(), NULL, &freed[i]);
        CU_ASSERT_EQUAL_FATAL(status, DMAP_OK);
        calls_end(freed[i], DMAP_OK);
        dmap_call_free(freed[i]);
    }
    CU_ASSERT_EQUAL_FATAL(dmap_submit(harness_pool, &calls_hash, &item, 8, NULL, &call), DMAP_OK);
    for (int i = 0; i < N; i++)
        refuse(freed[i]);
    calls_end(call, DMAP_OK);
    dmap_call_free(call);
    CU_ASSERT_EQUAL_FATAL(dmap_submit(harness_pool, &calls_spend, &time, 8, NULL, &running), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_wait(running, 0), DMAP_PENDING);
    dmap_call_free(running);
    refuse(running);
    while (dmap_step(harness_pool, 60) != DMAP_END)
        continue;
}

/* A sink that frees its own call, which the program waits for. */
static int free_own(void *arg, const dmap_item_result *result) {
    (void)result;
    dmap_call_free(*(dmap_call **)arg);
    return 0;
}

static void test_freed_while_waited_for(void) {
    dmap_call *call;
    harness_watch("a call that is freed while it is waited for", 60);
    CU_ASSERT_EQUAL_FATAL(
        dmap_map_async(harness_pool, &calls_hash, dmap_range(0, 3), dmap_each(free_own, &call), NULL, &call), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_wait(call, -1), DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(NULL), "dmap_wait: this is no call, or it was freed"));
    while (dmap_step(harness_pool, 60) != DMAP_END)
        continue;
}

static void test_refused_arguments(void) {
    dmap_call *call = NULL;
    dmap_stream *stream = NULL;
    uint64_t item = 0;
    static const dmap_task unknown = {.name = "unknown", .run = NULL, .item_size = 8, .result_size = 8};
    dmap_pool *pool = harness_pool;
    harness_watch("arguments that are refused", 30);
    CU_ASSERT_EQUAL(dmap_map_async(pool, &calls_hash, dmap_range(0, 3), dmap_discard(), NULL, NULL), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_map_async(pool, NULL, dmap_range(0, 3), dmap_discard(), NULL, &call), DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(pool), "dmap_map_async: the task is NULL"));
    CU_ASSERT_EQUAL(dmap_map_async(pool, &calls_hash, dmap_range(3, 0), dmap_discard(), NULL, &call), DMAP_EINVAL);
    CU_ASSERT_EQUAL(
        dmap_map_async(pool, &calls_hash, dmap_range(0, 3), dmap_discard(), &(dmap_map_options){.priority = -1}, &call),
        DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(pool), "priority"));
    CU_ASSERT_EQUAL(dmap_submit(pool, &calls_hash, &item, 8, NULL, NULL), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_submit(pool, &calls_hash, &item, 7, NULL, &call), DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(pool), "7 bytes"));
    CU_ASSERT_EQUAL(dmap_submit(pool, &calls_hash, NULL, 8, NULL, &call), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_submit(pool, NULL, &item, 8, NULL, &call), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_submit(pool, &unknown, &item, 8, NULL, &call), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_stream_open(pool, &calls_hash, dmap_range(0, 3), NULL, NULL), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_stream_open(pool, NULL, dmap_range(0, 3), NULL, &stream), DMAP_EINVAL);
    CU_ASSERT_EQUAL_FATAL(dmap_stream_open(pool, &calls_hash, dmap_range(0, 3), NULL, &stream), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_stream_next(stream, 0, NULL), DMAP_EINVAL);
    dmap_stream_close(stream);
    CU_ASSERT_PTR_NULL(call);
}

static double no_cost(void *arg, uint64_t index) {
    (void)arg, (void)index;
    return 1;
}

static int no_emission(void *arg, const dmap_emission *emission) {
    (void)arg, (void)emission;
    return 0;
}

static int no_watch(void *arg, const dmap_progress *progress) {
    (void)arg, (void)progress;
    return 0;
}

/* Each field of the options that is not for one item, or has no such value: it is named. */
static void test_refused_submits(void) {
    static const struct {
        const char *field;
        dmap_map_options options;
    } bad[] = {{"chunk", {.chunk = 2}},
               {"schedule", {.schedule = DMAP_STATIC}},
               {"schedule", {.schedule = (dmap_schedule)9}},
               {"unordered", {.unordered = true}},
               {"window", {.window = 1 << 20}},
               {"on_error", {.on_error = DMAP_KEEP_GOING}},
               {"journal", {.journal = "journal"}},
               {"cost", {.cost = no_cost}},
               {"progress", {.progress = -1}},
               {"on_emit", {.on_emit = no_emission}},
               {"on_watch", {.on_watch = no_watch}},
               {"retries", {.retries = -1}},
               {"retries", {.retries = 1001}},
               {"item_timeout_s", {.item_timeout_s = -1}},
               {"item_timeout_s", {.item_timeout_s = NAN}},
               {"timeout_s", {.timeout_s = -1}},
               {"timeout_s", {.timeout_s = NAN}},
               {"timeout_s", {.timeout_s = INFINITY}},
               {"ahead", {.ahead = 1}},
               {"priority", {.priority = -1}},
               {"priority", {.priority = 1000001}}};
    harness_watch("options that a submit refuses", 30);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        dmap_call *call = NULL;
        uint64_t item = 0;
        dmap_status status = dmap_submit(harness_pool, &calls_hash, &item, 8, &bad[i].options, &call);
        if (status != DMAP_EINVAL || call || !strstr(dmap_error(harness_pool), bad[i].field))
            harness_fail("%s, set wrongly, gave %s: %s", bad[i].field, dmap_status_name(status),
                         dmap_error(harness_pool));
    }
}

/* A task that has no function is refused by a submit as by a map. */
static void test_refused_task(void) {
    dmap_call *call = NULL;
    uint64_t item = 0;
    harness_watch("a task without a function", 30);
    CU_ASSERT_EQUAL(dmap_map_async(harness_pool, &calls_empty, dmap_range(0, 3), dmap_discard(), NULL, &call),
                    DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), "neither run nor run_batch"));
    CU_ASSERT_EQUAL(dmap_submit(harness_pool, &calls_empty, &item, 8, NULL, &call), DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), "neither run nor run_batch"));
    CU_ASSERT_PTR_NULL(call);
}

/* A call may end with the status that a refusal has: which one it was is told all the same. */
static int give_wrong_size(void *arg, dmap_blob *item) {
    (void)arg;
    *item = (dmap_blob){"", 1};
    return DMAP_PULL_ITEM;
}

static void test_wait_any_invalid(void) {
    dmap_call *calls[3] = {NULL};
    size_t which = 9;
    harness_watch("any of several, one of them invalid", 30);
    CU_ASSERT_EQUAL_FATAL(
        dmap_map_async(harness_pool, &calls_hash, dmap_pull(give_wrong_size, NULL), dmap_discard(), NULL, &calls[1]),
        DMAP_OK);
    CU_ASSERT_EQUAL(dmap_wait_any(calls, 3, 30, &which), DMAP_EINVAL);
    CU_ASSERT_EQUAL(which, 1);
    CU_ASSERT_EQUAL(dmap_wait(calls[1], 0), DMAP_EINVAL);
    dmap_call *freed = calls[1];
    dmap_call_free(freed);
    CU_ASSERT_EQUAL(dmap_wait_any(&freed, 1, 0, &which), DMAP_EINVAL);
    CU_ASSERT_EQUAL(which, 1);
}

/* Data for all is not changed under calls in flight. */
static void test_share(void) {
    dmap_call *call;
    uint64_t time = 50000, item = 3;
    harness_watch("sharing with calls in flight", 30);
    CU_ASSERT_EQUAL_FATAL(dmap_map_async(harness_pool, &calls_spend, dmap_array(&time, 1), dmap_discard(), NULL, &call),
                          DMAP_OK);
    CU_ASSERT_EQUAL(dmap_share(harness_pool, "abc", 3), DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), "calls are in flight"));
    calls_end(call, DMAP_OK);
    dmap_call_free(call);
    CU_ASSERT_EQUAL_FATAL(dmap_submit(harness_pool, &calls_hash, &item, 8, NULL, &call), DMAP_OK);
    calls_end(call, DMAP_OK);
    dmap_call_free(call);
    CU_ASSERT_EQUAL(dmap_share(harness_pool, "abc", 3), DMAP_OK);
    CU_ASSERT_EQUAL_FATAL(dmap_submit(harness_pool, &calls_hash, &item, 8, NULL, &call), DMAP_OK);
    calls_end(call, DMAP_OK);
    dmap_call_free(call);
}

void calls_add_bad_tests(CU_pSuite suite) {
    CU_ADD_TEST(suite, test_refused_handles);
    CU_ADD_TEST(suite, test_freed_for_good);
    CU_ADD_TEST(suite, test_freed_while_waited_for);
    CU_ADD_TEST(suite, test_refused_arguments);
    CU_ADD_TEST(suite, test_refused_submits);
    CU_ADD_TEST(suite, test_refused_task);
    CU_ADD_TEST(suite, test_wait_any_invalid);
    CU_ADD_TEST(suite, test_share);
}
