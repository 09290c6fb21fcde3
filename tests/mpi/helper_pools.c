/* Two pools of one master, each with a rank of its own: a helper of one would call MPI beside the other, which is for
 * MPI_THREAD_MULTIPLE alone. */
#include <string.h>

#include <CUnit/Basic.h>

#include "helper.h"
#include "pools.h"

static dmap_pool *open_one(int other, bool helper, dmap_status wanted) {
    dmap_options options = pools_back_end;
    options.helper = helper;
    return pools_open_with(other, &options, wanted);
}

static void check_works(dmap_pool *pool) {
    uint64_t results[20];
    CU_ASSERT_EQUAL(dmap_map(pool, &pools_square, dmap_range(0, 20), dmap_into(results), NULL), DMAP_OK);
    CU_ASSERT_EQUAL(results[19], 361);
}

/* Whichever has the helper, or both: the second is refused, and the first goes on. */
static void test_two_refused(void) {
    static const bool helpers[3][2] = {{true, false}, {false, true}, {true, true}};
    for (int i = 0; i < 3; i++) {
        dmap_pool *first = open_one(1, helpers[i][0], DMAP_OK);
        CU_ASSERT_PTR_NULL(open_one(2, helpers[i][1], DMAP_EUNSUPPORTED));
        CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(NULL), "MPI_THREAD_MULTIPLE beside another pool"));
        check_works(first);
        CU_ASSERT_EQUAL(dmap_close(first), DMAP_OK);
    }
}

/* One after the other, and both without. */
static void test_two_allowed(void) {
    CU_ASSERT_EQUAL(dmap_close(open_one(1, true, DMAP_OK)), DMAP_OK);
    dmap_pool *first = open_one(1, false, DMAP_OK), *second = open_one(2, false, DMAP_OK);
    check_works(second);
    check_works(first);
    CU_ASSERT_EQUAL(dmap_close(first), DMAP_OK);
    check_works(second);
    CU_ASSERT_EQUAL(dmap_close(second), DMAP_OK);
}

void helper_add_pools(CU_pSuite suite) {
    if (pools_ranks() < 3)
        return;
    if (!pools_is_multiple())
        CU_ADD_TEST(suite, test_two_refused);
    CU_ADD_TEST(suite, test_two_allowed);
}
