/* Slices: what a thread had is given back to it, and its niceness stays. Where the kernel refuses (0), nothing
 * changes. */
#include <sys/resource.h>

#include "base/slice.h"
#include "unit.h"

static void test_restores(void) {
    CU_ASSERT_EQUAL(setpriority(PRIO_PROCESS, 0, 3), 0);
    uint64_t first = dmap__slice_shorten();
    uint64_t second = dmap__slice_shorten();
    dmap__slice_restore(first);
    uint64_t third = dmap__slice_shorten();
    CU_ASSERT_EQUAL(getpriority(PRIO_PROCESS, 0), 3);
    CU_ASSERT_EQUAL(first, third);
    CU_ASSERT(second <= first);
    dmap__slice_restore(0);
    CU_ASSERT_EQUAL(dmap__slice_shorten(), second);
    dmap__slice_restore(first);
}

int main(void) {
    CU_TestInfo tests[] = {{"restores", test_restores}, CU_TEST_INFO_NULL};
    return unit_run("slice", tests);
}
