/* Streams: results that are asked for one by one. */
#include <string.h>

#include "calls.h"

static void test_stream(void) {
    dmap_stream *stream;
    dmap_item_result r;
    uint64_t next = 0;
    harness_watch("a stream", 60);
    CU_ASSERT_EQUAL_FATAL(dmap_stream_open(harness_pool, &calls_hash, dmap_range(100, 1100), NULL, &stream), DMAP_OK);
    dmap_status status;
    while ((status = dmap_stream_next(stream, 30, &r)) == DMAP_OK) {
        CU_ASSERT(r.index == next && r.status == DMAP_ITEM_OK && *(const uint64_t *)r.data == mix(100 + next));
        next++;
        if (next == 500) { /* the blocking call goes on beside it */
            uint64_t results[3];
            CU_ASSERT_EQUAL(dmap_map(harness_pool, &calls_hash, dmap_range(0, 3), dmap_into(results), NULL), DMAP_OK);
        }
    }
    CU_ASSERT_EQUAL(status, DMAP_END);
    CU_ASSERT_EQUAL(next, 1000);
    CU_ASSERT_EQUAL(dmap_stream_next(stream, 30, &r), DMAP_END);
    dmap_stream_close(stream);
    CU_ASSERT_EQUAL_FATAL(dmap_stream_open(harness_pool, &calls_odd, dmap_range(2, 20), NULL, &stream), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_stream_next(stream, 30, &r), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_stream_next(stream, 30, &r), DMAP_EITEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), "3 is odd"));
    dmap_stream_close(stream);
}

/* Closed in the middle, while results lie in the window that nobody has asked for. */
static void test_stream_closed(void) {
    for (int left = 0; left < 40; left += 13) {
        dmap_stream *stream;
        dmap_item_result r;
        dmap_map_options options = {.window = 4096};
        harness_watch("a stream that is closed", 60);
        CU_ASSERT_EQUAL_FATAL(dmap_stream_open(harness_pool, &calls_hash, dmap_range(0, 1000000), &options, &stream),
                              DMAP_OK);
        for (int i = 0; i < left; i++)
            CU_ASSERT_EQUAL(dmap_stream_next(stream, 30, &r), DMAP_OK);
        dmap_stream_close(stream);
        uint64_t results[3];
        CU_ASSERT_EQUAL(dmap_map(harness_pool, &calls_hash, dmap_range(0, 3), dmap_into(results), NULL), DMAP_OK);
    }
}

void calls_add_stream_tests(CU_pSuite suite) {
    CU_ADD_TEST(suite, test_stream);
    CU_ADD_TEST(suite, test_stream_closed);
}
