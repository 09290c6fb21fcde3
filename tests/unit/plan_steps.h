/* Steps of a plan, and what is told to it: shared by the tests of src/plan. */
#ifndef DMAP_TESTS_PLAN_STEPS_H
#define DMAP_TESTS_PLAN_STEPS_H

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>

#include "plan/plan.h"

static const int four_ones[] = {1, 1, 1, 1};

static inline dmap__plan *make(dmap__plan_config config) {
    if (!config.workers)
        config.workers = four_ones;
    dmap__plan *plan = dmap__plan_create(&config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    return plan;
}

/* The next step must be a grant of [begin, end) to branch; its lease. */
static inline uint32_t granted(dmap__plan *plan, int branch, uint64_t begin, uint64_t end, int attempt) {
    dmap__step step = {.branch = -2};
    bool any = dmap__plan_next(plan, 0, &step);
    bool right = any && step.kind == DMAP__STEP_GRANT && step.branch == branch && step.begin == begin &&
                 step.end == end && step.attempt == attempt;
    if (!right) {
        printf("\n    wanted [%llu, %llu) at %d, attempt %d; got %d, kind %d, [%llu, %llu) at %d, attempt %d",
               (unsigned long long)begin, (unsigned long long)end, branch, attempt, any, (int)step.kind,
               (unsigned long long)step.begin, (unsigned long long)step.end, step.branch, step.attempt);
    }
    CU_ASSERT_TRUE(right);
    return step.lease;
}

static inline bool idle(dmap__plan *plan, double now) {
    dmap__step step;
    return !dmap__plan_next(plan, now, &step);
}

static inline void give(dmap__plan *plan, uint32_t lease, uint64_t begin, uint64_t end, uint64_t bytes) {
    dmap__piece piece = {begin, end, bytes, NULL};
    CU_ASSERT_EQUAL(dmap__plan_piece(plan, lease, &piece), DMAP_OK);
}

/* The whole lease in one piece, at item_s an item. */
static inline void finish(dmap__plan *plan, uint32_t lease, uint64_t begin, uint64_t end, double now, double item_s) {
    give(plan, lease, begin, end, 0);
    dmap__plan_done(plan, now, lease, end - begin, item_s * (double)(end - begin));
}

#endif
