/* What bad input gets, with calls in flight: a status, and a sentence. */
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
    CU_ASSERT_EQUAL(dmap_submit(pool, &calls_hash, &item, 8, &(dmap_map_options){.chunk = 2}, &call), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_stream_open(pool, &calls_hash, dmap_range(0, 3), NULL, NULL), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_stream_open(pool, NULL, dmap_range(0, 3), NULL, &stream), DMAP_EINVAL);
    CU_ASSERT_EQUAL_FATAL(dmap_stream_open(pool, &calls_hash, dmap_range(0, 3), NULL, &stream), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_stream_next(stream, 0, NULL), DMAP_EINVAL);
    dmap_stream_close(stream);
    CU_ASSERT_PTR_NULL(call);
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
    CU_ADD_TEST(suite, test_refused_arguments);
    CU_ADD_TEST(suite, test_share);
}
