/* The arithmetic of fragments: the framing of any two sizes, also those that no memory has, and the cursor over
 * parts. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include "net/comm.h"
#include "net/fragments.h"

static const size_t head = sizeof(dmap__head), first = DMAP__FIRST_BYTES;
static const uint64_t f = DMAP__FRAGMENT_BYTES;

static void test_edges(void) {
    const struct {
        uint64_t meta, data;
        size_t first_size;
        uint64_t meta_fragments, fragments;
    } table[] = {
        {0, 0, head, 0, 0},
        {0, 1, head + 1, 0, 0},
        {1, 0, head + 1, 0, 0},
        {1, 1, head + 16 + 1, 0, 0},
        {16, 1, head + 16 + 1, 0, 0},
        {17, 1, head + 32 + 1, 0, 0},
        {0, first - head, first, 0, 0},
        {0, first - head + 1, head, 0, 1},
        {first - head, 0, first, 0, 0},
        {first - head, 1, first, 0, 1},
        {first - head - 1, 1, first - 1, 0, 1},
        {first - head - 16, 16, first, 0, 0},
        {first - head - 16, 17, first - 16, 0, 1},
        {first - head + 1, 0, head, 1, 1},
        {first - head + 1, 1, head, 1, 2},
        {0, f, head, 0, 1},
        {0, f + 1, head, 0, 2},
        {f, f, head, 1, 2},
        {f + 1, 3 * f - 1, head, 2, 5},
        {8, (uint64_t)5 << 40, head + 8, 0, ((uint64_t)5 << 40) / f},
        {0, UINT64_MAX, head, 0, UINT64_MAX / f + 1},
        {UINT64_MAX, 1, head, UINT64_MAX / f + 1, UINT64_MAX / f + 2},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        dmap__framing framing = dmap__framing_of(table[i].meta, table[i].data);
        CU_ASSERT_EQUAL(framing.first_size, table[i].first_size);
        CU_ASSERT_EQUAL(framing.meta_fragments, table[i].meta_fragments);
        CU_ASSERT_EQUAL(framing.fragments, table[i].fragments);
        CU_ASSERT(framing.first_size <= first);
        CU_ASSERT_EQUAL(framing.first_data % 16, 0);
    }
}

/* Every byte that is not in the first MPI message is in one fragment, in rising order. */
static void check_cover(uint64_t meta, uint64_t data) {
    dmap__framing framing = dmap__framing_of(meta, data);
    uint64_t next[2] = {0, 0};
    for (uint64_t i = 0; i < framing.fragments; i++) {
        dmap__fragment fragment = dmap__framing_fragment(&framing, i);
        CU_ASSERT(fragment.size > 0 && fragment.size <= f);
        CU_ASSERT_EQUAL(fragment.offset, next[fragment.is_meta]);
        CU_ASSERT(!fragment.is_meta || next[0] == 0);
        next[fragment.is_meta] += fragment.size;
    }
    CU_ASSERT_EQUAL(next[1], framing.is_meta_first ? 0 : meta);
    CU_ASSERT_EQUAL(next[0], framing.is_data_first ? 0 : data);
}

static void test_cover(void) {
    const uint64_t sizes[] = {0, 1,     100,   first - head, first - head + 1, f - 1,
                              f, f + 1, 7 * f, 7 * f + 3,    3000 * f + 1};
    const size_t n = sizeof sizes / sizeof *sizes;
    for (size_t i = 0; i < n * n; i++)
        check_cover(sizes[i / n], sizes[i % n]);
}

static void test_last_of_huge(void) {
    uint64_t size = ((uint64_t)3 << 50) + 5;
    dmap__framing framing = dmap__framing_of(0, size);
    dmap__fragment last = dmap__framing_fragment(&framing, framing.fragments - 1);
    CU_ASSERT_EQUAL(last.size, 5);
    CU_ASSERT_EQUAL(last.offset + last.size, size);
    framing = dmap__framing_of(UINT64_MAX, UINT64_MAX);
    last = dmap__framing_fragment(&framing, framing.meta_fragments - 1);
    CU_ASSERT(last.is_meta && last.offset + last.size == UINT64_MAX);
}

static void test_take(void) {
    const char *text = "abcdefghij";
    dmap_blob parts[] = {{NULL, 0}, {text, 3}, {NULL, 0}, {NULL, 0}, {text + 3, 1}, {text + 4, 6}, {NULL, 0}};
    dmap__cursor cursor = {.parts = parts, .n_parts = 7};
    char out[16] = "";
    CU_ASSERT_EQUAL(dmap__parts_size(parts, 7), 10);
    CU_ASSERT_EQUAL(dmap__parts_size(NULL, 0), 0);
    CU_ASSERT_PTR_EQUAL(dmap__cursor_take(&cursor, 2), text);
    CU_ASSERT_PTR_NULL(dmap__cursor_take(&cursor, 2));
    CU_ASSERT_PTR_EQUAL(dmap__cursor_take(&cursor, 1), text + 2);
    CU_ASSERT_PTR_NULL(dmap__cursor_take(&cursor, 2));
    dmap__cursor_copy(&cursor, out, 2);
    CU_ASSERT_STRING_EQUAL(out, "de");
    CU_ASSERT_PTR_EQUAL(dmap__cursor_take(&cursor, 5), text + 5);
}

/* Random parts with gaps between them, walked in random steps: the bytes come out as they lie, in place if they can. */
static void test_walks(void) {
    enum { GAP = 3 };
    unsigned char bytes[5000], out[5000], scattered[5000 + 64 * GAP] = {0};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)rand();
    int n_in_place = 0;
    for (int round = 0; round < 2000; round++) {
        dmap_blob parts[64];
        size_t n = 0, size = 0;
        for (; n < 64 && size < sizeof bytes; n++) {
            size_t left = sizeof bytes - size, now = rand() % 4 ? (size_t)rand() % 300 : 0;
            now = now < left ? now : left;
            memcpy(scattered + size + n * GAP, bytes + size, now);
            parts[n] = (dmap_blob){scattered + size + n * GAP, now};
            size += now;
        }
        dmap__cursor cursor = {.parts = parts, .n_parts = n};
        for (size_t at = 0, step; at < size; at += step) {
            step = 1 + (size_t)rand() % 200;
            step = step < size - at ? step : size - at;
            const void *in_place = dmap__cursor_take(&cursor, step);
            n_in_place += in_place != NULL;
            if (!in_place)
                dmap__cursor_copy(&cursor, out, step);
            CU_ASSERT_EQUAL(memcmp(in_place ? in_place : out, bytes + at, step), 0);
        }
    }
    CU_ASSERT(n_in_place > 1000);
}

int main(void) {
    const char *given = getenv("DMAP_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    printf("DMAP_SEED=%u\n", seed);
    srand(seed);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("fragments", NULL, NULL);
    CU_ADD_TEST(suite, test_edges);
    CU_ADD_TEST(suite, test_cover);
    CU_ADD_TEST(suite, test_last_of_huge);
    CU_ADD_TEST(suite, test_take);
    CU_ADD_TEST(suite, test_walks);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
