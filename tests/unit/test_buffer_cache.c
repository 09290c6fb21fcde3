/* The buffer cache: memory that was put back serves again where it is not far too large, the latest first; the largest
 * are kept, and none is lost or handed out twice (leaks and double frees are the sanitizers' to see). */
#include <stdlib.h>
#include <string.h>

#include "base/buffer_cache.h"
#include "unit.h"

#define MIB ((size_t)1 << 20)

static void test_serves_again(void) {
    dmap__buffer_cache buffers = {0};
    dmap__buffer a = dmap__buffer_cache_take(&buffers, 8 * MIB), b = dmap__buffer_cache_take(&buffers, 5 * MIB);
    CU_ASSERT(a.memory && b.memory && a.memory != b.memory && a.size >= 8 * MIB && b.size >= 5 * MIB);
    void *large = a.memory, *small = b.memory;
    dmap__buffer_cache_put(&buffers, b);
    dmap__buffer_cache_put(&buffers, a);
    dmap__buffer c = dmap__buffer_cache_take(&buffers, 6 * MIB);
    CU_ASSERT_PTR_EQUAL(c.memory, large);                        /* the later one, though both would serve */
    dmap__buffer d = dmap__buffer_cache_take(&buffers, 2 * MIB); /* half of b would lie idle */
    CU_ASSERT(d.memory && d.memory != small && d.memory != large);
    dmap__buffer_cache_put(&buffers, c);
    dmap__buffer_cache_put(&buffers, d);
    dmap__buffer e = dmap__buffer_cache_take(&buffers, 5 * MIB);
    CU_ASSERT_PTR_EQUAL(e.memory, large);
    dmap__buffer_cache_put(&buffers, e);
    CU_ASSERT_EQUAL(buffers.n, 3);
    dmap__buffer_cache_drop(&buffers);
    CU_ASSERT_EQUAL(buffers.n, 0);
}

/* Beyond what is kept the smallest goes, the one that comes or another. */
static void test_full(void) {
    dmap__buffer_cache buffers = {0};
    dmap__buffer made[DMAP__BUFFER_CACHE + 2];
    for (size_t i = 0; i < DMAP__BUFFER_CACHE + 2; i++)
        made[i] = dmap__buffer_cache_take(&buffers, (i == 3 ? 1 : 2 + i) * 2 * MIB);
    void *smallest = made[3].memory, *last = made[DMAP__BUFFER_CACHE].memory;
    dmap__buffer too_small = {malloc(MIB), MIB};
    for (size_t i = 0; i < DMAP__BUFFER_CACHE; i++)
        dmap__buffer_cache_put(&buffers, made[i]);
    dmap__buffer_cache_put(&buffers, too_small);
    for (int i = 0; i < buffers.n; i++)
        CU_ASSERT_PTR_NOT_EQUAL(buffers.kept[i].memory, too_small.memory);
    dmap__buffer_cache_put(&buffers, made[DMAP__BUFFER_CACHE]);
    CU_ASSERT_EQUAL(buffers.n, DMAP__BUFFER_CACHE);
    CU_ASSERT_PTR_EQUAL(buffers.kept[buffers.n - 1].memory, last);
    for (int i = 0; i < buffers.n; i++)
        CU_ASSERT_PTR_NOT_EQUAL(buffers.kept[i].memory, smallest);
    dmap__buffer_cache_put(&buffers, made[DMAP__BUFFER_CACHE + 1]);
    dmap__buffer_cache_drop(&buffers);
}

static void test_trim(void) {
    dmap__buffer_cache buffers = {0};
    dmap__buffer made[4];
    for (size_t i = 0; i < 4; i++)
        made[i] = dmap__buffer_cache_take(&buffers, 4 * MIB);
    void *last = made[3].memory;
    for (size_t i = 0; i < 4; i++)
        dmap__buffer_cache_put(&buffers, made[i]);
    dmap__buffer_cache_trim(&buffers, 16 * MIB);
    CU_ASSERT_EQUAL(buffers.n, 4);
    dmap__buffer_cache_trim(&buffers, 8 * MIB - 1);
    CU_ASSERT(buffers.n == 1 && buffers.kept[0].memory == last);
    dmap__buffer_cache_trim(&buffers, 0);
    CU_ASSERT_EQUAL(buffers.n, 0);
}

static void test_small_ones(void) {
    dmap__buffer_cache buffers = {0};
    dmap__buffer none = dmap__buffer_cache_take(&buffers, 0);
    CU_ASSERT_PTR_NOT_NULL(none.memory);
    dmap__buffer_cache_put(&buffers, none);
    dmap__buffer_cache_put(&buffers, dmap__buffer_cache_take(&buffers, 1000));
    dmap__buffer_cache_put(&buffers, (dmap__buffer){0});
    CU_ASSERT_EQUAL(buffers.n, 0);
}

/* A crowd of chunks, each filled with its own number while it is out. */
static void test_crowd(void) {
    enum { CROWD = 6 };
    dmap__buffer_cache buffers = {0};
    dmap__buffer out[CROWD] = {{0}};
    for (unsigned round = unit_rounds(4000); round; round--) {
        uint64_t i = unit_below(CROWD);
        for (size_t at = 0; at < out[i].size; at += out[i].size / 7 + 1)
            CU_ASSERT_EQUAL(((unsigned char *)out[i].memory)[at], i);
        dmap__buffer_cache_put(&buffers, out[i]);
        out[i] = dmap__buffer_cache_take(&buffers, (size_t)unit_below(2 * MIB) + 1);
        CU_ASSERT_PTR_NOT_NULL(out[i].memory);
        memset(out[i].memory, (int)i, out[i].size);
    }
    for (int i = 0; i < CROWD; i++)
        dmap__buffer_cache_put(&buffers, out[i]);
    dmap__buffer_cache_drop(&buffers);
}

int main(void) {
    CU_TestInfo tests[] = {{"serves again", test_serves_again},
                           {"small ones", test_small_ones},
                           {"full", test_full},
                           {"trim", test_trim},
                           {"a crowd", test_crowd},
                           CU_TEST_INFO_NULL};
    return unit_run("buffers", tests);
}
