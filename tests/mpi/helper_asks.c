/* What waits for the owner holds up nothing else, and hears of its end. */
#include <string.h>
#include <unistd.h>

#include "helper.h"
#include "pools.h"

enum { ITEMS = 2 };

static int copy(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    memcpy(result, item, 8);
    return 0;
}
DMAP_TASK(helper_copy, .run = copy, .item_size = 8, .result_size = 8);

static double same_cost(void *arg, uint64_t index) {
    (void)arg, (void)index;
    return 1;
}

static int pull_two(void *arg, dmap_blob *item) {
    static uint64_t number;
    int *given = arg;
    *item = (dmap_blob){&number, sizeof number};
    return (*given)++ < ITEMS ? DMAP_PULL_ITEM : DMAP_PULL_END;
}

static dmap_pool *open_pool(void) {
    dmap_options options = pools_back_end;
    options.helper = true;
    return pools_open(&options, DMAP_OK);
}

/* Without a call that moves calls along. Bounded by the alarm of pools_open. */
static dmap_status wait_idly(const dmap_call *call) {
    while (dmap_call_status(call) == DMAP_PENDING)
        usleep(1000);
    return dmap_call_status(call);
}

static void test_behind_cost(void) {
    static uint64_t results[2][100];
    dmap_pool *pool = open_pool();
    dmap_call *asks, *other;
    CU_ASSERT_EQUAL(dmap_map_async(pool, &helper_copy, dmap_range(0, 100), dmap_into(results[0]),
                                   &(dmap_map_options){.cost = same_cost}, &asks),
                    DMAP_OK);
    CU_ASSERT_EQUAL(dmap_map_async(pool, &helper_copy, dmap_range(0, 100), dmap_into(results[1]), NULL, &other),
                    DMAP_OK);
    CU_ASSERT_EQUAL(wait_idly(other), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_call_status(asks), DMAP_PENDING);
    CU_ASSERT_EQUAL(dmap_wait(asks, -1), DMAP_OK);
    dmap_call_free(asks);
    dmap_call_free(other);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
}

static void test_pulled_is_cancelled(void) {
    int given = 0;
    dmap_pool *pool = open_pool();
    dmap_call *call;
    CU_ASSERT_EQUAL(dmap_map_async(pool, &pools_held, dmap_pull(pull_two, &given), dmap_discard(), NULL, &call),
                    DMAP_OK);
    while (given < ITEMS)
        dmap_step(pool, 0.01);
    CU_ASSERT_EQUAL(dmap_cancel(call), DMAP_OK);
    CU_ASSERT_EQUAL(wait_idly(call), DMAP_ECANCELLED);
    dmap_call_free(call);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
}

void helper_add_asks(CU_pSuite suite) {
    CU_ADD_TEST(suite, test_behind_cost);
    CU_ADD_TEST(suite, test_pulled_is_cancelled);
}
