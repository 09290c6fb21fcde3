/* Spares: memory that was put back serves again where it is not far too large, the latest first; the largest are kept,
 * and none is lost or handed out twice (leaks and double frees are the sanitizers' to see). */
#include <stdlib.h>
#include <string.h>

#include "job/spares.h"
#include "unit.h"

#define MIB ((size_t)1 << 20)

static void test_serves_again(void) {
    dmap__spares spares = {0};
    dmap__spare a = dmap__spares_take(&spares, 8 * MIB), b = dmap__spares_take(&spares, 5 * MIB);
    CU_ASSERT(a.memory && b.memory && a.memory != b.memory && a.size >= 8 * MIB && b.size >= 5 * MIB);
    void *large = a.memory, *small = b.memory;
    dmap__spares_put(&spares, b);
    dmap__spares_put(&spares, a);
    dmap__spare c = dmap__spares_take(&spares, 6 * MIB);
    CU_ASSERT_PTR_EQUAL(c.memory, large);                /* the later one, though both would serve */
    dmap__spare d = dmap__spares_take(&spares, 2 * MIB); /* half of b would lie idle */
    CU_ASSERT(d.memory && d.memory != small && d.memory != large);
    dmap__spares_put(&spares, c);
    dmap__spares_put(&spares, d);
    dmap__spare e = dmap__spares_take(&spares, 5 * MIB);
    CU_ASSERT_PTR_EQUAL(e.memory, large);
    dmap__spares_put(&spares, e);
    CU_ASSERT_EQUAL(spares.n, 3);
    dmap__spares_drop(&spares);
    CU_ASSERT_EQUAL(spares.n, 0);
}

/* Beyond what is kept the smallest goes, the one that comes or another. */
static void test_full(void) {
    dmap__spares spares = {0};
    dmap__spare made[DMAP__SPARES + 2];
    for (size_t i = 0; i < DMAP__SPARES + 2; i++)
        made[i] = dmap__spares_take(&spares, (i == 3 ? 1 : 2 + i) * 2 * MIB);
    void *smallest = made[3].memory, *last = made[DMAP__SPARES].memory;
    dmap__spare too_small = {malloc(MIB), MIB};
    for (size_t i = 0; i < DMAP__SPARES; i++)
        dmap__spares_put(&spares, made[i]);
    dmap__spares_put(&spares, too_small);
    for (int i = 0; i < spares.n; i++)
        CU_ASSERT_PTR_NOT_EQUAL(spares.kept[i].memory, too_small.memory);
    dmap__spares_put(&spares, made[DMAP__SPARES]);
    CU_ASSERT_EQUAL(spares.n, DMAP__SPARES);
    CU_ASSERT_PTR_EQUAL(spares.kept[spares.n - 1].memory, last);
    for (int i = 0; i < spares.n; i++)
        CU_ASSERT_PTR_NOT_EQUAL(spares.kept[i].memory, smallest);
    dmap__spares_put(&spares, made[DMAP__SPARES + 1]);
    dmap__spares_drop(&spares);
}

static void test_trim(void) {
    dmap__spares spares = {0};
    dmap__spare made[4];
    for (size_t i = 0; i < 4; i++)
        made[i] = dmap__spares_take(&spares, 4 * MIB);
    void *last = made[3].memory;
    for (size_t i = 0; i < 4; i++)
        dmap__spares_put(&spares, made[i]);
    dmap__spares_trim(&spares, 16 * MIB);
    CU_ASSERT_EQUAL(spares.n, 4);
    dmap__spares_trim(&spares, 8 * MIB - 1);
    CU_ASSERT(spares.n == 1 && spares.kept[0].memory == last);
    dmap__spares_trim(&spares, 0);
    CU_ASSERT_EQUAL(spares.n, 0);
}

static void test_small_ones(void) {
    dmap__spares spares = {0};
    dmap__spare none = dmap__spares_take(&spares, 0);
    CU_ASSERT_PTR_NOT_NULL(none.memory);
    dmap__spares_put(&spares, none);
    dmap__spares_put(&spares, dmap__spares_take(&spares, 1000));
    dmap__spares_put(&spares, (dmap__spare){0});
    CU_ASSERT_EQUAL(spares.n, 0);
}

/* A crowd of chunks, each filled with its own number while it is out. */
static void test_crowd(void) {
    enum { CROWD = 6 };
    dmap__spares spares = {0};
    dmap__spare out[CROWD] = {{0}};
    for (unsigned round = unit_rounds(4000); round; round--) {
        uint64_t i = unit_below(CROWD);
        for (size_t at = 0; at < out[i].size; at += out[i].size / 7 + 1)
            CU_ASSERT_EQUAL(((unsigned char *)out[i].memory)[at], i);
        dmap__spares_put(&spares, out[i]);
        out[i] = dmap__spares_take(&spares, (size_t)unit_below(2 * MIB) + 1);
        CU_ASSERT_PTR_NOT_NULL(out[i].memory);
        memset(out[i].memory, (int)i, out[i].size);
    }
    for (int i = 0; i < CROWD; i++)
        dmap__spares_put(&spares, out[i]);
    dmap__spares_drop(&spares);
}

int main(void) {
    CU_TestInfo tests[] = {{"serves again", test_serves_again},
                           {"small ones", test_small_ones},
                           {"full", test_full},
                           {"trim", test_trim},
                           {"a crowd", test_crowd},
                           CU_TEST_INFO_NULL};
    return unit_run("spares", tests);
}
