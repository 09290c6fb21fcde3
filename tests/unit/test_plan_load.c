/* The plan, by what its branches have to do: many leases of long items, branches with an idle worker, lean plans, plans
 * that wait for their source or are drained. Numbers are worked out by hand. */
#include <stdlib.h>

#include "plan/plan_state.h"
#include "plan_steps.h"
#include "unit.h"

static const int two[] = {2};

static dmap__plan_config singles(bool lean) {
    return (dmap__plan_config){
        .branches = 1, .workers = two, .count = 100, .schedule = DMAP_DYNAMIC, .chunk = 1, .no_prefetch = lean};
}

/* Two running and two waiting; each that ends makes room for one. */
static void test_single_items(void) {
    dmap__plan *plan = make(singles(false));
    uint32_t first = granted(plan, 0, 0, 1, 1);
    for (uint64_t i = 1; i < 4; i++)
        granted(plan, 0, i, i + 1, 1);
    CU_ASSERT_TRUE(idle(plan, 0));
    CU_ASSERT_EQUAL(plan->out, 4);
    finish(plan, first, 0, 1, 1, 1);
    granted(plan, 0, 4, 5, 1);
    CU_ASSERT_TRUE(idle(plan, 1));
    CU_ASSERT_PTR_NULL(dmap__plan_check(plan));
    dmap__plan_destroy(plan);
}

static void test_lean(void) {
    dmap__plan *plan = make(singles(true));
    granted(plan, 0, 0, 1, 1);
    uint32_t second = granted(plan, 0, 1, 2, 1);
    CU_ASSERT_TRUE(idle(plan, 0));
    finish(plan, second, 1, 2, 1, 1);
    granted(plan, 0, 2, 3, 1);
    CU_ASSERT_TRUE(idle(plan, 1));
    dmap__plan_destroy(plan);
}

/* A long item holds up the end of both leases; that the others have ended is known, and makes room. */
static void test_progress_makes_room(void) {
    dmap__plan_config config = singles(false);
    config.chunk = 10;
    dmap__plan *plan = make(config);
    uint32_t a = granted(plan, 0, 0, 10, 1), b = granted(plan, 0, 10, 20, 1);
    CU_ASSERT_TRUE(idle(plan, 0));
    dmap__plan_progress(plan, 1, a, 9);
    CU_ASSERT_TRUE(idle(plan, 1));
    dmap__plan_progress(plan, 2, b, 9);
    granted(plan, 0, 20, 30, 1);
    CU_ASSERT_TRUE(idle(plan, 2));
    CU_ASSERT_PTR_NULL(dmap__plan_check(plan));
    dmap__plan_destroy(plan);
}

/* Bytes for each worker bound the leases of all branches, or of all but the first. */
static void test_share(void) {
    static const int workers[] = {2, 2};
    dmap__plan_config config = {
        .branches = 2, .workers = workers, .count = 1000, .schedule = DMAP_DYNAMIC, .chunk = 40, .max_share = 5};
    dmap__plan *plan = make(config);
    granted(plan, 0, 0, 40, 1);
    granted(plan, 1, 40, 50, 1);
    dmap__plan_destroy(plan);
    config.all_share = true;
    plan = make(config);
    granted(plan, 0, 0, 10, 1);
    granted(plan, 1, 10, 20, 1);
    dmap__plan_destroy(plan);
}

/* Six large leases that each wait for one item: then small ones. */
static void test_large_leases_are_few(void) {
    static const int eight[] = {8};
    dmap__plan_config config = singles(false);
    config.workers = eight;
    config.chunk = 10;
    dmap__plan *plan = make(config);
    for (uint64_t i = 0; i < 6; i++)
        dmap__plan_progress(plan, 1, granted(plan, 0, 10 * i, 10 * i + 10, 1), 9);
    granted(plan, 0, 60, 64, 1);
    granted(plan, 0, 64, 68, 1);
    granted(plan, 0, 68, 72, 1);
    CU_ASSERT_TRUE(idle(plan, 1)); /* 6 + 12 items: two a worker */
    dmap__plan_destroy(plan);
}

/* Of what a branch would get it gets what is there; what is left of its share it gets in its next turn. */
static void test_offer(void) {
    dmap__plan *plan =
        make((dmap__plan_config){.branches = 2, .count = 20, .is_offered = true, .schedule = DMAP_STATIC});
    CU_ASSERT_TRUE(idle(plan, 0));
    CU_ASSERT_EQUAL(dmap__plan_wanted(plan), 10);
    dmap__plan_offer(plan, 4, false);
    CU_ASSERT_EQUAL(dmap__plan_wanted(plan), 0); /* first what is there */
    granted(plan, 0, 0, 4, 1);
    CU_ASSERT_EQUAL(dmap__plan_wanted(plan), 10);
    dmap__plan_offer(plan, 14, false);
    granted(plan, 1, 4, 14, 1);
    CU_ASSERT_EQUAL(dmap__plan_wanted(plan), 6);
    dmap__plan_offer(plan, 20, false);
    granted(plan, 0, 14, 20, 1); /* the rest of its share */
    CU_ASSERT_EQUAL(dmap__plan_wanted(plan), 0);
    dmap__plan_destroy(plan);
}

/* What is to be granted again takes the branch: nothing is asked for that would then lie about. */
static void test_offer_after_requeue(void) {
    dmap__plan *plan = make((dmap__plan_config){
        .branches = 1, .workers = (const int[]){1}, .is_stream = true, .chunk = 1, .no_prefetch = true});
    CU_ASSERT_EQUAL(dmap__plan_wanted(plan), 1);
    dmap__plan_offer(plan, 1, false);
    uint32_t lease = granted(plan, 0, 0, 1, 1);
    CU_ASSERT_EQUAL(dmap__plan_wanted(plan), 0); /* its worker is busy */
    CU_ASSERT_EQUAL(dmap__plan_failed(plan, lease, 0, DMAP__VERDICT_RETRY), DMAP_OK);
    dmap__plan_done(plan, 0.1, lease, 1, 0.1);
    CU_ASSERT_EQUAL(dmap__plan_wanted(plan), 0);
    lease = granted(plan, 0, 0, 1, 2);
    finish(plan, lease, 0, 1, 0.2, 0.1);
    CU_ASSERT_EQUAL(dmap__plan_wanted(plan), 1);
    dmap__plan_offer(plan, 1, true);
    dmap__plan_destroy(plan);
}

/* The one rule for what has failed. */
static void test_verdicts(void) {
    static const struct {
        int attempt, status;
        bool may_begin, stop;
        dmap__verdict verdict;
    } cases[] = {{1, DMAP_ITEM_FAILED, true, false, DMAP__VERDICT_RETRY},
                 {2, DMAP_ITEM_CRASHED, true, true, DMAP__VERDICT_RETRY},
                 {3, DMAP_ITEM_FAILED, true, false, DMAP__VERDICT_FAILED},
                 {3, DMAP_ITEM_CRASHED, true, true, DMAP__VERDICT_STOP},
                 {1, DMAP_ITEM_FAILED, false, false, DMAP__VERDICT_FAILED},
                 {1, DMAP_ITEM_FAILED, false, true, DMAP__VERDICT_STOP},
                 {1, DMAP_ITEM_CANCELLED, true, false, DMAP__VERDICT_FAILED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dmap__call_spec spec = {.retries = 2, .stop = cases[i].stop};
        CU_ASSERT_EQUAL(dmap__verdict_of(&spec, cases[i].status, cases[i].attempt, cases[i].may_begin),
                        cases[i].verdict);
    }
}

static void test_nothing_there(void) {
    dmap__plan_config config = singles(false);
    config.is_stream = true;
    dmap__plan *plan = make(config);
    dmap__plan_offer(plan, 0, false);
    CU_ASSERT_TRUE(idle(plan, 0));
    CU_ASSERT_FALSE(dmap__plan_over(plan));
    dmap__plan_offer(plan, 1, false);
    granted(plan, 0, 0, 1, 1);
    CU_ASSERT_TRUE(idle(plan, 0));
    dmap__plan_destroy(plan);
}

/* Drained: all is asked back, what comes back is a piece without a tag, in its place; nothing is tried again. */
static void test_drain(void) {
    dmap__plan_config config = singles(false);
    config.chunk = 2;
    config.ordered = true;
    config.window = 1000;
    config.result_bytes = 1;
    dmap__plan *plan = make(config);
    uint32_t a = granted(plan, 0, 0, 2, 1), b;
    b = granted(plan, 0, 2, 4, 1);
    CU_ASSERT_EQUAL(dmap__plan_drain(plan), DMAP_OK);
    dmap__step step = {0};
    CU_ASSERT_TRUE(dmap__plan_next(plan, 0, &step));
    CU_ASSERT_TRUE(step.kind == DMAP__STEP_RECALL && step.lease == b && step.want >= 2);
    CU_ASSERT_TRUE(dmap__plan_next(plan, 0, &step));
    CU_ASSERT_TRUE(step.kind == DMAP__STEP_RECALL && step.lease == a && step.want >= 2);
    CU_ASSERT_TRUE(idle(plan, 0));
    dmap__range all = {2, 4};
    CU_ASSERT_EQUAL(dmap__plan_returned(plan, b, &all, 1), DMAP_OK);
    dmap__plan_done(plan, 0, b, 0, 0);
    dmap__range back = {1, 2};
    CU_ASSERT_EQUAL(dmap__plan_returned(plan, a, &back, 1), DMAP_OK);
    CU_ASSERT_FALSE(dmap__plan_may_begin(plan, 0));
    CU_ASSERT_EQUAL(dmap__plan_failed(plan, a, 0, DMAP__VERDICT_FAILED), DMAP_OK);
    dmap__piece piece = {0, 1, 1, plan};
    CU_ASSERT_EQUAL(dmap__plan_piece(plan, a, &piece), DMAP_OK);
    dmap__plan_done(plan, 1, a, 1, 1);
    CU_ASSERT_TRUE(dmap__plan_take(plan, &piece) && piece.begin == 0 && piece.tag == plan);
    CU_ASSERT_TRUE(dmap__plan_take(plan, &piece) && piece.begin == 1 && piece.end == 2 && !piece.tag);
    CU_ASSERT_TRUE(dmap__plan_take(plan, &piece) && piece.begin == 2 && piece.end == 4 && !piece.tag);
    CU_ASSERT_TRUE(idle(plan, 1));
    CU_ASSERT_TRUE(dmap__plan_over(plan));
    CU_ASSERT_PTR_NULL(dmap__plan_check(plan));
    dmap__plan_destroy(plan);
}

/* Two results that come a second apart, of items of 10 ms; how many items the branch then gets. */
static uint64_t next_after(uint64_t bytes) {
    dmap__plan *plan = make((dmap__plan_config){.branches = 2, .count = 10000});
    granted(plan, 0, 0, 1, 1);
    uint32_t first = granted(plan, 1, 1, 2, 1);
    granted(plan, 0, 2, 3, 1);
    uint32_t second = granted(plan, 1, 3, 4, 1);
    give(plan, first, 1, 2, bytes);
    dmap__plan_done(plan, 1, first, 1, 0.01);
    dmap__step step = {0};
    CU_ASSERT_TRUE(dmap__plan_next(plan, 1, &step) && step.branch == 1);
    give(plan, second, 3, 4, bytes);
    dmap__plan_done(plan, 2, second, 1, 0.01);
    uint64_t begin = step.end;
    CU_ASSERT_EQUAL(step.begin, 4);
    CU_ASSERT_EQUAL(step.end, bytes ? 5 : 20);
    CU_ASSERT_TRUE(dmap__plan_next(plan, 2, &step) && step.branch == 1 && step.begin == begin);
    CU_ASSERT_PTR_NULL(dmap__plan_check(plan));
    dmap__plan_destroy(plan);
    return step.end - step.begin;
}

static void test_slow_link(void) {
    CU_ASSERT_EQUAL(next_after(0), 16);
    CU_ASSERT_EQUAL(next_after(1 << 20), 1); /* 0.25 s are less than one */
}

static void finish_large(dmap__plan *plan, uint32_t lease, uint64_t begin, uint64_t end, double now) {
    give(plan, lease, begin, end, 1 << 20);
    dmap__plan_done(plan, now, lease, end - begin, 0.01 * (double)(end - begin));
}

/* A chunk that waited behind no other took a message's way there and back: it does not make a branch slow. */
static void test_latency(void) {
    dmap__plan *plan = make((dmap__plan_config){.branches = 1, .count = 10000});
    uint32_t first = granted(plan, 0, 0, 1, 1), second = granted(plan, 0, 1, 2, 1);
    finish_large(plan, first, 0, 1, 0.01);
    finish_large(plan, second, 1, 2, 0.02);
    dmap__step step = {0};
    CU_ASSERT_TRUE(dmap__plan_next(plan, 0.02, &step) && step.end == 18);
    finish_large(plan, step.lease, 2, 18, 5);
    granted(plan, 0, 18, 43, 1); /* 0.25 s */
    CU_ASSERT_PTR_NULL(dmap__plan_check(plan));
    dmap__plan_destroy(plan);
}

/* Eight long items for four workers; the link brings one in 100 s, then in 1 s: no more are sent until it is faster. */
static void test_long_items_behind_a_link(void) {
    static const int four[] = {4};
    static const double ends_s[] = {100, 101, 101.25};
    dmap__plan_config config = singles(false);
    config.workers = four;
    dmap__plan *plan = make(config);
    uint32_t leases[8];
    for (uint64_t i = 0; i < 8; i++)
        leases[i] = granted(plan, 0, i, i + 1, 1);
    for (uint64_t i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(idle(plan, 100));
        give(plan, leases[i], i, i + 1, 1 << 20);
        dmap__plan_done(plan, ends_s[i], leases[i], 1, 1);
        CU_ASSERT_PTR_NULL(dmap__plan_check(plan));
    }
    granted(plan, 0, 8, 9, 1);
    CU_ASSERT_TRUE(idle(plan, 101));
    dmap__plan_destroy(plan);
}

int main(void) {
    static CU_TestInfo tests[] = {
        {"single items", test_single_items},
        {"lean", test_lean},
        {"progress makes room", test_progress_makes_room},
        {"large leases are few", test_large_leases_are_few},
        {"verdicts", test_verdicts},
        {"nothing there", test_nothing_there},
        {"offer", test_offer},
        {"offer after requeue", test_offer_after_requeue},
        {"drain", test_drain},
        {"share", test_share},
        {"slow link", test_slow_link},
        {"latency", test_latency},
        {"long items behind a link", test_long_items_behind_a_link},
        CU_TEST_INFO_NULL,
    };
    return unit_run("plan's load", tests);
}
