/* How fast a branch is, chunk by chunk, with numbers worked out by hand. */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan/speed.h"
#include "unit.h"

#define MOST_CHUNKS 4

enum { FEW = 16383, MANY = 16384 };

static void test_rates(void) {
    static const struct {
        int workers;
        dmap__speed_chunk chunks[MOST_CHUNKS]; /* items, busy_s, clock_s, bytes, waited */
        double rate;                           /* after the last */
    } cases[] = {
        {1, {{10, 1, 1, MANY, true}}, 10},
        {1, {{10, 1, 1.4, MANY, true}}, 10}, /* not notable */
        {1, {{10, 1, 4, MANY, true}}, 2.5},
        {2, {{10, 1, 4, MANY, true}}, 5}, /* 2 s, as one of the two workers sees it */
        {1, {{10, 1, 4, FEW, true}}, 10},
        {1, {{10, 0, 4, MANY, true}}, 2.5},                          /* a clock that saw nothing */
        {1, {{10, 1, 0, MANY, true}}, 10},                           /* two that were seen to end at once */
        {1, {{10, 1, 8, MANY, true}, {10, 1, 0, MANY, true}}, 3.75}, /* 15 items in 4 s */
        /* The first tells how long the way is at most, until one tells better. */
        {1, {{10, 1, 4, MANY, false}}, 2.5},
        {1, {{10, 1, 4, MANY, false}, {10, 1, 2, MANY, true}}, 5},
        {1, {{10, 1, 4, MANY, false}, {10, 1, 8, MANY, false}}, 1.25},
        {1, {{10, 1, 2, MANY, true}, {10, 1, 4, MANY, false}}, 5},
        {1, {{10, 1, 2, MANY, true}, {10, 1, 1.5, MANY, false}}, 6}, /* 15 items in 2.5 s */
        /* One long wait among short ones is forgotten, and be it by chunks of few bytes. */
        {1, {{10, 1, 8, MANY, true}, {10, 1, 1, MANY, true}}, 3},
        {1, {{10, 1, 8, MANY, true}, {10, 1, 1, FEW, true}, {10, 1, 1, FEW, true}}, 5}, /* 17.5 in 3.5 s */
        {1, {{10, 1, 4, MANY, true}, {10, 1, 1, FEW, true}, {10, 1, 1, FEW, true}}, 10},
        {1, {{10, 1, 4, MANY, true}, {10, 1, -1, MANY, true}}, 2.5}, /* not known */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dmap__speed_all all;
        dmap__speed speed = {0};
        dmap__speed_all_init(&all, (uint64_t)cases[i].workers, 1);
        for (int k = 0; k < MOST_CHUNKS && cases[i].chunks[k].items; k++)
            dmap__speed_update(&all, &speed, cases[i].workers, &cases[i].chunks[k]);
        double rate = dmap__speed_rate(&all, &speed, cases[i].workers);
        bool right = fabs(rate - cases[i].rate) < 1e-9 && fabs(dmap__speed_rate_all(&all) - rate) < 1e-9;
        if (!right)
            printf("\n    case %zu: %g/s, not %g", i, rate, cases[i].rate);
        CU_ASSERT_TRUE(right);
    }
}

/* The time in tasks stays what it is. */
static void test_item_s(void) {
    dmap__speed_all all;
    dmap__speed speeds[2] = {0};
    dmap__speed_all_init(&all, 2, 2);
    dmap__speed_update(&all, &speeds[0], 1, &(dmap__speed_chunk){100, 1, 1, MANY, true});
    dmap__speed_update(&all, &speeds[1], 1, &(dmap__speed_chunk){100, 1, 50, MANY, true});
    CU_ASSERT_DOUBLE_EQUAL(dmap__speed_item_s(&all, &speeds[1]), 0.01, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(dmap__speed_rate(&all, &speeds[1], 1), 2, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(dmap__speed_rate_all(&all), 102, 1e-9);
}

static void test_workers(void) {
    static const struct {
        dmap__speed_chunk chunk;
        uint64_t of_four;
    } cases[] = {
        {{4, 4, 5, MANY, true}, 4},     {{4, 4, 8, MANY, true}, 3}, /* two would do what comes */
        {{4, 4, 40, MANY, true}, 1},    {{4, 4, 40, MANY, false}, 1},
        {{4, 4, 40, FEW, true}, 4},     {{80, 4, 40, MANY, true}, 3}, /* 8 items/s */
        {{4000, 4, 40, MANY, true}, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dmap__speed_all all;
        dmap__speed speed = {0};
        dmap__speed_all_init(&all, 4, 1);
        CU_ASSERT_EQUAL(dmap__speed_workers(&speed, 4), 4);
        dmap__speed_update(&all, &speed, 4, &cases[i].chunk);
        uint64_t workers = dmap__speed_workers(&speed, 4);
        if (workers != cases[i].of_four)
            printf("\n    case %zu: %d workers", i, (int)workers);
        CU_ASSERT_EQUAL(workers, cases[i].of_four);
    }
}

/* What is old counts as four items, and says little of how long a chunk may be. */
static void test_old(void) {
    dmap__speeds *known = calloc(1, sizeof *known + sizeof known->of[0]);
    dmap__speed_all all;
    dmap__speed speed = {0};
    dmap__speed_all_init(&known->all, 2, 1);
    dmap__speed_all_init(&all, 2, 1);
    dmap__speed_all_seed(&all, &known->all);
    dmap__speed_seed(&all, &speed, 2, &known->of[0]);
    CU_ASSERT(all.items == 0 && speed.items == 0 && dmap__speed_largest(&all, &speed, 2) == 0);
    dmap__speed_keep(known, 0, 2, &(dmap__speed_chunk){100000, 1, 1, MANY, true});
    dmap__speed_all_seed(&all, &known->all);
    dmap__speed_seed(&all, &speed, 2, &known->of[0]);
    CU_ASSERT_DOUBLE_EQUAL(dmap__speed_item_s(&all, &speed), 1e-5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(dmap__speed_rate(&all, &speed, 2), 2e5, 1e-3);
    CU_ASSERT_DOUBLE_EQUAL(dmap__speed_rate_all(&all), 2e5, 1e-3);
    CU_ASSERT_EQUAL(dmap__speed_largest(&all, &speed, 2), 12); /* 16 times as many take 1 ms of two workers */
    dmap__speed_update(&all, &speed, 2, &(dmap__speed_chunk){1, 1, 1, 0, true});
    CU_ASSERT_DOUBLE_EQUAL(dmap__speed_item_s(&all, &speed), 1.0 / 3, 1e-3); /* one item of 1 s, two of before */
    CU_ASSERT_DOUBLE_EQUAL(dmap__speed_rate_all(&all), 6, 0.1);
    free(known);
}

int main(void) {
    static CU_TestInfo tests[] = {
        {"rates", test_rates}, {"time of an item", test_item_s}, {"workers", test_workers}, {"what is old", test_old},
        CU_TEST_INFO_NULL,
    };
    return unit_run("plan: speed", tests);
}
