/* The plan, event by event, with numbers worked out by hand. What only many ranks and odd times would show is the
 * simulator's part (tests/sim). */
#include <stdlib.h>

#include "plan/plan_state.h"
#include "plan_steps.h"
#include "unit.h"

static uint64_t take(dmap__plan *plan) {
    dmap__piece piece;
    uint64_t items = 0;
    while (dmap__plan_take(plan, &piece)) {
        items += piece.end - piece.begin;
        dmap__plan_release(plan, piece.bytes);
    }
    return items;
}

static dmap__plan_stats stats_of(const dmap__plan *plan) {
    dmap__plan_stats stats;
    dmap__plan_stats_get(plan, &stats);
    return stats;
}

static void end(dmap__plan *plan, bool over) {
    CU_ASSERT_PTR_NULL(dmap__plan_check(plan));
    CU_ASSERT_EQUAL(dmap__plan_over(plan), over);
    dmap__plan_destroy(plan);
}

static void test_static_shares_in_turn(void) {
    static const int workers[] = {1, 0, 2};
    dmap__plan *plan =
        make((dmap__plan_config){.branches = 3, .workers = workers, .count = 9, .schedule = DMAP_STATIC});
    uint32_t a = granted(plan, 0, 0, 3, 1), b = granted(plan, 2, 3, 9, 1);
    CU_ASSERT_TRUE(idle(plan, 0));
    finish(plan, b, 3, 9, 0.1, 0.01);
    CU_ASSERT_TRUE(idle(plan, 100)); /* never asks for work back */
    finish(plan, a, 0, 3, 0.2, 0.01);
    CU_ASSERT_EQUAL(take(plan), 9);
    end(plan, true);
}

static void test_static_chunks_in_turn(void) {
    dmap__plan *plan = make((dmap__plan_config){.branches = 2, .count = 10, .schedule = DMAP_STATIC, .chunk = 2});
    granted(plan, 0, 0, 2, 1);
    granted(plan, 1, 2, 4, 1);
    uint32_t a = granted(plan, 0, 4, 6, 1), b = granted(plan, 1, 6, 8, 1);
    CU_ASSERT_TRUE(idle(plan, 0));
    finish(plan, b, 6, 8, 0.1, 0.01);
    CU_ASSERT_TRUE(idle(plan, 0.1)); /* branch 0 is next, whoever waits */
    finish(plan, a, 4, 6, 0.2, 0.01);
    granted(plan, 0, 8, 9, 1);
    granted(plan, 1, 9, 10, 1);
    CU_ASSERT_TRUE(idle(plan, 0.2));
    end(plan, false);
}

static void test_factoring_batches(void) {
    dmap__plan *plan = make((dmap__plan_config){.branches = 2, .count = 100, .schedule = DMAP_FACTORING});
    uint32_t a = granted(plan, 0, 0, 25, 1); /* a batch of 50 */
    granted(plan, 1, 25, 50, 1);
    granted(plan, 0, 50, 63, 1); /* of 25: 13 and 12 */
    granted(plan, 1, 63, 75, 1);
    CU_ASSERT_TRUE(idle(plan, 0));
    finish(plan, a, 0, 25, 0.1, 0.01);
    granted(plan, 0, 75, 82, 1); /* of 13: 7 */
    end(plan, false);
}

static void test_two_leases_a_branch_and_max_chunk(void) {
    dmap__plan *plan = make(
        (dmap__plan_config){.branches = 2, .count = UINT64_C(1) << 63, .schedule = DMAP_GUIDED, .max_chunk = 1000});
    granted(plan, 0, 0, 1000, 1);
    granted(plan, 1, 1000, 2000, 1);
    granted(plan, 0, 2000, 3000, 1);
    granted(plan, 1, 3000, 4000, 1);
    CU_ASSERT_TRUE(idle(plan, 1e9));
    CU_ASSERT_EQUAL(plan->out, 4);
    CU_ASSERT_EQUAL(plan->granted, 4000);
    end(plan, false);
}

/* Items that take no measurable time: sizes grow by 16 and stay below 2^63. */
static void test_no_time_at_all(void) {
    dmap__plan *plan = make((dmap__plan_config){.branches = 1, .count = UINT64_C(1) << 63});
    dmap__step step;
    uint64_t largest = 0;
    for (int i = 0; i < 40; i++) {
        CU_ASSERT_TRUE_FATAL(dmap__plan_next(plan, i, &step));
        uint64_t size = step.end - step.begin;
        CU_ASSERT_TRUE(size > 0 && (i == 0 || size <= 16 * (largest ? largest : 1)));
        finish(plan, step.lease, step.begin, step.end, i, 0);
        largest = size > largest ? size : largest;
    }
    CU_ASSERT_EQUAL(largest, 2500000000u); /* 0.25 s at the shortest time an item can have */
    take(plan);
    end(plan, false);
}

/* The largest number is a number: it is no stream, in any schedule. */
static void test_all_there_are(void) {
    for (int schedule = DMAP_AUTO; schedule <= DMAP_FACTORING; schedule++) {
        dmap__plan *plan = make((dmap__plan_config){
            .branches = 2, .count = UINT64_MAX, .schedule = (dmap_schedule)schedule, .max_chunk = UINT64_C(1) << 31});
        dmap__step step;
        for (int i = 0; i < 40; i++) {
            CU_ASSERT_TRUE_FATAL(dmap__plan_next(plan, i, &step) && step.kind == DMAP__STEP_GRANT);
            finish(plan, step.lease, step.begin, step.end, i, 0);
        }
        uint64_t granted_so_far = plan->granted;
        dmap__plan_offer(plan, UINT64_MAX, true); /* not a stream: it says nothing */
        CU_ASSERT(dmap__plan_next(plan, 40, &step) && step.begin == granted_so_far);
        finish(plan, step.lease, step.begin, step.end, 41, 0);
        take(plan);
        end(plan, false);
    }
}

static void test_zero_items(void) {
    dmap__plan *plan = make((dmap__plan_config){.branches = 4, .count = 0});
    CU_ASSERT_TRUE(idle(plan, 0));
    end(plan, true);
    plan = make((dmap__plan_config){.branches = 1, .is_stream = true});
    CU_ASSERT_EQUAL(dmap__plan_wanted(plan), 1);
    CU_ASSERT_TRUE(idle(plan, 0));
    CU_ASSERT_FALSE(dmap__plan_over(plan));
    dmap__plan_offer(plan, 0, true);
    CU_ASSERT_EQUAL(dmap__plan_wanted(plan), 0);
    CU_ASSERT_TRUE(idle(plan, 0));
    CU_ASSERT_EQUAL(stats_of(plan).chunks, 0);
    end(plan, true);
}

static void test_window_head_rule(void) {
    dmap__plan *plan = make((dmap__plan_config){
        .branches = 2, .count = 9, .schedule = DMAP_GUIDED, .ordered = true, .window = 10, .result_bytes = 100});
    uint32_t lease = granted(plan, 0, 0, 1, 1); /* larger than the window, yet let in */
    CU_ASSERT_TRUE(idle(plan, 0));
    give(plan, lease, 0, 1, 100);
    dmap__plan_done(plan, 0.1, lease, 1, 0.1);
    CU_ASSERT_TRUE(idle(plan, 0.1)); /* it is held */
    dmap__piece piece;
    CU_ASSERT_TRUE(dmap__plan_take(plan, &piece));
    CU_ASSERT_TRUE(idle(plan, 0.1)); /* until released */
    dmap__plan_release(plan, 60);
    CU_ASSERT_TRUE(idle(plan, 0.1));
    dmap__plan_release(plan, 40);
    granted(plan, 1, 1, 2, 1);
    end(plan, false);
}

static void test_window_in_order(void) {
    dmap__plan *plan = make((dmap__plan_config){
        .branches = 2, .count = 100, .schedule = DMAP_GUIDED, .ordered = true, .window = 80, .result_bytes = 1});
    uint32_t a = granted(plan, 0, 0, 20, 1), b = granted(plan, 1, 20, 40, 1); /* half a branch's part: 20 */
    dmap__piece piece;
    give(plan, b, 20, 40, 20);
    CU_ASSERT_FALSE(dmap__plan_take(plan, &piece));
    give(plan, a, 10, 20, 10);
    CU_ASSERT_FALSE(dmap__plan_take(plan, &piece));
    give(plan, a, 0, 10, 10);
    for (uint64_t begin = 0; begin < 40; begin = piece.end) {
        CU_ASSERT_TRUE_FATAL(dmap__plan_take(plan, &piece));
        CU_ASSERT_EQUAL(piece.begin, begin);
    }
    CU_ASSERT_EQUAL(stats_of(plan).window_peak, 40);
    end(plan, false);
}

static void test_retry_elsewhere(void) {
    dmap__plan *plan = make((dmap__plan_config){.branches = 2, .count = 4, .schedule = DMAP_DYNAMIC, .chunk = 2});
    uint32_t a = granted(plan, 0, 0, 2, 1), b = granted(plan, 1, 2, 4, 1);
    CU_ASSERT_TRUE(idle(plan, 0));
    CU_ASSERT_EQUAL(dmap__plan_failed(plan, a, 1, DMAP__VERDICT_RETRY), DMAP_OK);
    give(plan, a, 0, 1, 0);
    dmap__plan_done(plan, 0.1, a, 2, 0.02);
    uint32_t again = granted(plan, 1, 1, 2, 2); /* branch 0 is idle, but it failed there */
    finish(plan, b, 2, 4, 0.1, 0.01);
    CU_ASSERT_EQUAL(dmap__plan_failed(plan, again, 1, DMAP__VERDICT_STOP), DMAP_OK);
    CU_ASSERT_EQUAL(plan->limit, 1);
    dmap__plan_done(plan, 0.2, again, 1, 0.01);
    dmap__step step;
    CU_ASSERT_TRUE(dmap__plan_next(plan, 0.2, &step) && step.kind == DMAP__STEP_LIMIT && step.begin == 1);
    CU_ASSERT_EQUAL(take(plan), 1);
    dmap__piece piece;
    CU_ASSERT_TRUE(dmap__plan_drop(plan, &piece) && piece.begin == 2);
    end(plan, true);
}

static void test_retry_in_place_if_alone(void) {
    dmap__plan *plan = make((dmap__plan_config){.branches = 1, .count = 1});
    uint32_t a = granted(plan, 0, 0, 1, 1);
    dmap__plan_failed(plan, a, 0, DMAP__VERDICT_RETRY);
    dmap__plan_done(plan, 0.1, a, 1, 0.01);
    a = granted(plan, 0, 0, 1, 2);
    finish(plan, a, 0, 1, 0.2, 0.01);
    CU_ASSERT_EQUAL(take(plan), 1);
    end(plan, true);
}

/* Items 4, then 3, then 0 fail: the limit falls to each, and what lies below is still waited for. */
static void test_lowest_failure_wins(void) {
    static const uint64_t failing[] = {4, 3, 0};
    dmap__plan *plan = make((dmap__plan_config){.branches = 3,
                                                .count = 6,
                                                .schedule = DMAP_DYNAMIC,
                                                .chunk = 2,
                                                .ordered = true,
                                                .window = 1000,
                                                .result_bytes = 1});
    uint32_t leases[3];
    dmap__step step;
    for (int i = 0; i < 3; i++)
        leases[i] = granted(plan, i, 2 * (uint64_t)i, 2 * (uint64_t)i + 2, 1);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(dmap__plan_may_begin(plan, failing[i]));
        CU_ASSERT_EQUAL(dmap__plan_failed(plan, leases[failing[i] / 2], failing[i], DMAP__VERDICT_STOP), DMAP_OK);
        CU_ASSERT_FALSE(dmap__plan_may_begin(plan, failing[i]));
        CU_ASSERT_TRUE(plan->limit == failing[i] && !dmap__plan_over(plan));
    }
    CU_ASSERT_EQUAL(dmap__plan_failed(plan, leases[2], 5, DMAP__VERDICT_STOP), DMAP_OK);
    CU_ASSERT_EQUAL(plan->limit, 0);
    CU_ASSERT_TRUE(dmap__plan_next(plan, 0, &step) && step.kind == DMAP__STEP_LIMIT && step.begin == 0);
    CU_ASSERT_TRUE(idle(plan, 0)); /* three falls, told once */
    for (int i = 0; i < 3; i++)
        dmap__plan_done(plan, 0.1, leases[i], 1, 0.1);
    CU_ASSERT_EQUAL(take(plan), 0);
    end(plan, true);
}

static void test_limit_zero(void) {
    dmap__plan *plan = make((dmap__plan_config){.branches = 2, .count = 100, .schedule = DMAP_DYNAMIC, .chunk = 10});
    uint32_t a = granted(plan, 0, 0, 10, 1), b = granted(plan, 1, 10, 20, 1);
    dmap__step step;
    dmap__piece piece;
    finish(plan, a, 0, 10, 0.1, 0.01);
    dmap__plan_limit(plan, 0);
    CU_ASSERT_TRUE(dmap__plan_next(plan, 0.1, &step) && step.kind == DMAP__STEP_LIMIT && step.begin == 0);
    CU_ASSERT_TRUE(idle(plan, 0.1));
    CU_ASSERT_FALSE(dmap__plan_over(plan));
    give(plan, b, 10, 12, 0);
    dmap__plan_done(plan, 0.2, b, 2, 0.02);
    CU_ASSERT_FALSE(dmap__plan_take(plan, &piece));
    CU_ASSERT_TRUE(dmap__plan_drop(plan, &piece) && dmap__plan_drop(plan, &piece));
    CU_ASSERT_FALSE(dmap__plan_drop(plan, &piece));
    end(plan, true);
}

/* Two branches, 10 items each by guided; branch 1 finishes early. */
static dmap__plan *half_done(uint32_t *slow, dmap__step *recall) {
    dmap__plan *plan = make((dmap__plan_config){.branches = 2, .count = 20, .schedule = DMAP_GUIDED, .chunk = 10});
    *slow = granted(plan, 0, 0, 10, 1);
    uint32_t fast = granted(plan, 1, 10, 20, 1);
    finish(plan, fast, 10, 20, 10e-3, 1e-3);
    *recall = (dmap__step){.want = 0};
    CU_ASSERT_TRUE(dmap__plan_next(plan, 10e-3, recall));
    CU_ASSERT_EQUAL(recall->kind, DMAP__STEP_RECALL);
    CU_ASSERT_EQUAL(recall->branch, 0);
    CU_ASSERT_TRUE(recall->want >= 1 && recall->want <= 9);
    CU_ASSERT_TRUE(idle(plan, 10e-3)); /* one at a time */
    return plan;
}

static void test_recall(void) {
    uint32_t slow;
    dmap__step recall;
    dmap__plan *plan = half_done(&slow, &recall);
    dmap__range back = {8, 10};
    CU_ASSERT_EQUAL(dmap__plan_returned(plan, slow, &back, 1), DMAP_OK);
    uint32_t again = granted(plan, 1, 8, 10, 1);
    finish(plan, again, 8, 10, 0.02, 0.001);
    finish(plan, slow, 0, 8, 0.02, 0.001);
    CU_ASSERT_EQUAL(stats_of(plan).recalled, 2);
    CU_ASSERT_EQUAL(take(plan), 20);
    end(plan, true);
}

/* While one has run out and the other has what could be asked back, time alone may be the reason to do so. */
static void test_uneven(void) {
    dmap__plan *plan = make((dmap__plan_config){.branches = 2, .count = 20, .schedule = DMAP_GUIDED, .chunk = 10});
    dmap__step recall;
    uint32_t slow = granted(plan, 0, 0, 10, 1), fast = granted(plan, 1, 10, 20, 1);
    CU_ASSERT_FALSE(dmap__plan_is_uneven(plan));
    finish(plan, fast, 10, 20, 10e-3, 1e-3);
    CU_ASSERT_TRUE(dmap__plan_is_uneven(plan));
    CU_ASSERT_TRUE(dmap__plan_next(plan, 10e-3, &recall));
    CU_ASSERT_FALSE(dmap__plan_is_uneven(plan)); /* it is being asked */
    CU_ASSERT_EQUAL(dmap__plan_returned(plan, slow, NULL, 0), DMAP_OK);
    CU_ASSERT_FALSE(dmap__plan_is_uneven(plan)); /* and had nothing to give */
    end(plan, false);
}

static void test_recall_in_vain(void) {
    uint32_t slow;
    dmap__step recall;
    dmap__plan *plan = half_done(&slow, &recall);
    CU_ASSERT_EQUAL(dmap__plan_returned(plan, slow, NULL, 0), DMAP_OK);
    CU_ASSERT_TRUE(idle(plan, 10)); /* not asked again */
    end(plan, false);
}

static void test_recall_of_an_ended_lease(void) {
    uint32_t slow;
    dmap__step recall;
    dmap__plan *plan = half_done(&slow, &recall);
    finish(plan, slow, 0, 10, 0.012, 0.001);
    CU_ASSERT_TRUE(idle(plan, 0.012));
    CU_ASSERT_EQUAL(take(plan), 20);
    end(plan, true);
}

static void test_returned_is_split(void) {
    static const int workers[] = {1, 1, 1};
    dmap__plan *plan =
        make((dmap__plan_config){.branches = 3, .workers = workers, .count = 300, .schedule = DMAP_STATIC});
    uint32_t a = granted(plan, 0, 0, 100, 1), b = granted(plan, 1, 100, 200, 1), c = granted(plan, 2, 200, 300, 1);
    finish(plan, b, 100, 200, 0.1, 10e-3);
    finish(plan, c, 200, 300, 0.1, 10e-3);
    dmap__range back = {20, 100};
    CU_ASSERT_EQUAL(dmap__plan_returned(plan, a, &back, 1), DMAP_OK);
    granted(plan, 1, 20, 60, 1);
    granted(plan, 2, 60, 100, 1);
    take(plan);
    end(plan, false);
}

static void have(dmap__plan *plan, uint64_t begin, uint64_t end) {
    dmap__piece piece = {begin, end, 10, plan};
    CU_ASSERT_EQUAL(dmap__plan_have(plan, &piece), DMAP_OK);
    CU_ASSERT_EQUAL(dmap__plan_granted(plan), end);
    CU_ASSERT_PTR_NULL(dmap__plan_check(plan));
}

/* What has ended before is delivered in its place, and the first chunk is of one item all the same. */
static void test_had_before(void) {
    dmap__piece piece;
    dmap__plan *plan =
        make((dmap__plan_config){.branches = 2, .count = 30, .is_offered = true, .ordered = true, .window = 1000});
    have(plan, 0, 10);
    CU_ASSERT_TRUE(idle(plan, 0));
    dmap__plan_offer(plan, 15, false);
    uint32_t lease = granted(plan, 0, 10, 11, 1), rest = granted(plan, 1, 11, 12, 1);
    CU_ASSERT_EQUAL(dmap__plan_held(plan), 10);
    CU_ASSERT_TRUE(dmap__plan_take(plan, &piece) && piece.begin == 0 && piece.end == 10);
    CU_ASSERT_FALSE(dmap__plan_take(plan, &piece));
    dmap__plan_release(plan, piece.bytes);
    CU_ASSERT_EQUAL(dmap__plan_held(plan), 0);
    finish(plan, lease, 10, 11, 1, 1);
    finish(plan, rest, 11, 12, 1, 1);
    for (dmap__step step; dmap__plan_granted(plan) < 15 && dmap__plan_next(plan, 1, &step);)
        finish(plan, step.lease, step.begin, step.end, 1, 1);
    have(plan, 15, 30);
    for (uint64_t end = 10; end < 30; end = piece.end)
        CU_ASSERT_TRUE_FATAL(dmap__plan_take(plan, &piece) && piece.begin == end);
    CU_ASSERT_TRUE(dmap__plan_over(plan));
    dmap__plan_destroy(plan);
}

static void test_mistakes_are_named(void) {
    dmap__plan *plan = make((dmap__plan_config){.branches = 1, .count = 4, .schedule = DMAP_GUIDED});
    uint32_t lease = granted(plan, 0, 0, 4, 1);
    give(plan, lease, 0, 3, 0);
    CU_ASSERT_PTR_NULL(dmap__plan_check(plan));
    dmap__plan_done(plan, 0.1, lease, 4, 0.1); /* item 3 is nowhere */
    CU_ASSERT_PTR_NOT_NULL(dmap__plan_check(plan));
    dmap__plan_destroy(plan);
}

int main(void) {
    static CU_TestInfo tests[] = {
        {"had before", test_had_before},
        {"static: shares in turn", test_static_shares_in_turn},
        {"static: chunks in turn", test_static_chunks_in_turn},
        {"factoring: batches", test_factoring_batches},
        {"two leases a branch, max_chunk", test_two_leases_a_branch_and_max_chunk},
        {"no time at all, 2^63 items", test_no_time_at_all},
        {"zero items", test_zero_items},
        {"all there are", test_all_there_are},
        {"window: head rule", test_window_head_rule},
        {"window: in order", test_window_in_order},
        {"retry elsewhere", test_retry_elsewhere},
        {"retry in place if alone", test_retry_in_place_if_alone},
        {"lowest failure wins", test_lowest_failure_wins},
        {"limit 0", test_limit_zero},
        {"recall", test_recall},
        {"uneven", test_uneven},
        {"recall in vain", test_recall_in_vain},
        {"recall of an ended lease", test_recall_of_an_ended_lease},
        {"returned ranges are split", test_returned_is_split},
        {"mistakes are named", test_mistakes_are_named},
        CU_TEST_INFO_NULL,
    };
    return unit_run("plan", tests);
}
