/* The formulas of the schedules, with numbers worked out by hand: pure functions, tables of input and output. */
#include "plan/chunk.h"
#include "unit.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>

static void test_formulas(void) {
    static const struct {
        dmap__chunk_query query;
        uint64_t items;
    } cases[] = {
        /* schedule, known, left, wish, workers, all, largest, item_s, rate, all_rate, begins */
        {{DMAP_AUTO, true, 1000, 0, 4, 16, 0, 0, 0, 0, false, 0}, 4},                 /* first: one a worker */
        {{DMAP_AUTO, true, 10, 0, 4, 16, 0, 0, 0, 0, false, 0}, 3},                   /* fair share of 10: 2.5 */
        {{DMAP_AUTO, true, 1000, 0, 4, 16, 400, 1e-3, 4e3, 16e3, false, 0}, 125},     /* 1000 * 1/4 / 2 */
        {{DMAP_AUTO, true, 1000, 0, 4, 16, 4, 1e-3, 4e3, 16e3, false, 0}, 64},        /* 16 times the largest */
        {{DMAP_AUTO, true, 100000, 0, 4, 16, 4000, 1e-3, 4e3, 16e3, false, 0}, 1000}, /* 0.25 s */
        {{DMAP_AUTO, true, 1000, 0, 4, 16, 1000, 1e-5, 4e5, 16e5, false, 0}, 250}, /* 1 ms is 400, the fair share 250 */
        {{DMAP_AUTO, true, 250000, 0, 4, 16384, 1000, 1e-3, 4e3, 16384e3, false, 0},
         50},                                                                       /* of 4096: 12.3 ms, not 30 items */
        {{DMAP_AUTO, true, 1000, 300, 4, 16, 400, 1e-3, 4e3, 16e3, false, 0}, 300}, /* the least wished for */
        {{DMAP_AUTO, true, 5, 300, 4, 16, 400, 1e-3, 4e3, 16e3, false, 0}, 5},
        {{DMAP_AUTO, true, 1000, 0, 4, 16, 400, 1e-3, 2e3, 16e3, false, 0}, 63}, /* half as fast as its workers say */
        {{DMAP_AUTO, true, 100000, 0, 4, 16, 4000, 1e-3, 400, 12400, false, 0}, 100}, /* 0.25 s of a slow link */
        {{DMAP_AUTO, true, 1000, 0, 4, 16, 0, 0, 0, 0, true, 0}, 1},                  /* the first of all */
        {{DMAP_AUTO, false, UINT64_MAX, 0, 4, 16, 0, 0, 0, 0, true, 0}, 1},
        {{DMAP_AUTO, true, 1000, 3, 4, 16, 0, 0, 0, 0, true, 0}, 3},
        {{DMAP_GUIDED, true, 1000, 0, 4, 16, 0, 0, 0, 0, true, 0}, 250},
        {{DMAP_DYNAMIC, true, 1000, 7, 4, 16, 0, 0, 0, 0, false, 0}, 7},
        {{DMAP_DYNAMIC, true, 1000, 0, 4, 16, 0, 0, 0, 0, false, 0}, 4},
        {{DMAP_DYNAMIC, true, 1000, 0, 4, 16, 40, 1e-3, 4e3, 16e3, false, 0}, 40},         /* 10 ms * 4 / 1 ms */
        {{DMAP_DYNAMIC, false, UINT64_MAX, 0, 4, 16, 40, 1e-3, 100, 12100, false, 0}, 25}, /* 0.25 s of a slow link */
        {{DMAP_DYNAMIC, true, 100, 0, 4, 16, 400, 1e-3, 4e3, 16e3, false, 0}, 13},         /* half of its fair share */
        {{DMAP_DYNAMIC, true, 100, 0, 4, 16, 400, 1e-5, 4e5, 16e5, false, 0}, 25}, /* all of it: 0.25 ms of work */
        {{DMAP_DYNAMIC, true, 5, 7, 4, 16, 0, 0, 0, 0, false, 0}, 5},
        {{DMAP_GUIDED, true, 1000, 0, 4, 16, 0, 0, 0, 0, false, 0}, 250},
        {{DMAP_GUIDED, true, 1001, 0, 4, 16, 0, 0, 0, 0, false, 0}, 251},
        {{DMAP_GUIDED, true, 8, 5, 4, 16, 0, 0, 0, 0, false, 0}, 5},
        {{DMAP_GUIDED, false, UINT64_MAX, 0, 4, 16, 40, 1e-3, 4e3, 16e3, false, 0}, 40}, /* a stream: 10 ms */
        {{DMAP_AUTO, false, UINT64_MAX, 0, 4, 16, 0, 0, 0, 0, false, 0}, 4},
        {{DMAP_GUIDED, true, UINT64_C(1) << 63, 0, 1, 2, 0, 0, 0, 0, false, 0}, UINT64_C(1) << 62},
        {{DMAP_AUTO, true, UINT64_C(1) << 63, 0, 1, 1, UINT64_C(1) << 62, 1e-10, 1e10, 1e10, false, 0}, 2500000000u},
        {{DMAP_DYNAMIC, true, UINT64_C(1) << 63, UINT64_MAX, 1, 1, 0, 0, 0, 0, false, 0}, UINT64_C(1) << 63},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dmap__chunk_query query = cases[i].query;
        query.most_s = DMAP__MOST_S;
        uint64_t items = dmap__chunk_size(&query);
        if (items != cases[i].items)
            printf("\n    case %zu: %llu, not %llu", i, (unsigned long long)items, (unsigned long long)cases[i].items);
        CU_ASSERT_EQUAL(items, cases[i].items);
    }
}

static void test_shares(void) {
    static const struct {
        uint64_t count;
        int workers[3];
        uint64_t shares[3];
    } cases[] = {
        {10, {1, 1, 1}, {4, 3, 3}},
        {10, {1, 2, 4}, {1, 3, 6}}, /* 1.43, 2.86, 5.71 */
        {0, {1, 2, 3}, {0, 0, 0}},
        {2, {1, 0, 1}, {1, 0, 1}},
        {1, {1, 1, 5}, {0, 0, 1}},
        {UINT64_C(1) << 63, {2, 1, 1}, {UINT64_C(1) << 62, UINT64_C(1) << 61, UINT64_C(1) << 61}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t shares[3];
        CU_ASSERT_TRUE_FATAL(dmap__chunk_shares(cases[i].count, cases[i].workers, 3, shares));
        for (int k = 0; k < 3; k++)
            CU_ASSERT_EQUAL(shares[k], cases[i].shares[k]);
    }
}

int main(void) {
    static CU_TestInfo tests[] = {
        {"formulas", test_formulas},
        {"shares", test_shares},
        CU_TEST_INFO_NULL,
    };
    return unit_run("plan: chunks", tests);
}
