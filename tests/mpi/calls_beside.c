/* A call beside another's: what ends takes nothing from what runs. */
#include <string.h>

#include "calls.h"

enum { MANY = 40000, MOST_BYTES = 208, SHORT_CALLS = 2000 };

static size_t size_of(uint64_t number) {
    return 8 + number % 200;
}

static void write_bytes(unsigned char *bytes, uint64_t number) {
    memset(bytes, (int)(number % 251), size_of(number));
    memcpy(bytes, &number, sizeof number);
}

static int run_bytes(dmap_context *ctx, const void *item, void *result) {
    uint64_t number;
    (void)result;
    memcpy(&number, item, sizeof number);
    unsigned char *bytes = dmap_result(ctx, size_of(number));
    if (!bytes)
        return 1;
    write_bytes(bytes, number);
    return 0;
}
DMAP_TASK(calls_bytes, .run = run_bytes, .item_size = 8, .result_size = DMAP_VARIABLE);

static int look_at(void *arg, const dmap_item_result *result) {
    unsigned char wanted[MOST_BYTES];
    write_bytes(wanted, result->index);
    *(uint64_t *)arg += result->status != DMAP_ITEM_OK || result->size != size_of(result->index) ||
                        memcmp(result->data, wanted, result->size) != 0;
    return 0;
}

/* When a call has ended, memory of the workers is given back: not that which another call's items use. */
static void test_short_beside_long(void) {
    dmap_call *call, *brief;
    uint64_t wrong = 0;
    dmap_map_options options = {.on_error = DMAP_KEEP_GOING};
    harness_watch("calls that end beside one that runs", 300);
    CU_ASSERT_EQUAL_FATAL(
        dmap_map_async(harness_pool, &calls_bytes, dmap_range(0, MANY), dmap_each(look_at, &wrong), &options, &call),
        DMAP_OK);
    for (int i = 0; i < SHORT_CALLS && dmap_call_status(call) == DMAP_PENDING; i++) {
        CU_ASSERT_EQUAL(dmap_map_async(harness_pool, &calls_hash, dmap_range(0, 3), dmap_discard(), NULL, &brief),
                        DMAP_OK);
        calls_end(brief, DMAP_OK);
        dmap_call_free(brief);
    }
    CU_ASSERT_EQUAL(dmap_wait(call, -1), DMAP_OK);
    CU_ASSERT_EQUAL(wrong, 0);
    dmap_call_free(call);
}

void calls_add_beside_tests(CU_pSuite suite) {
    CU_ADD_TEST(suite, test_short_beside_long);
}
