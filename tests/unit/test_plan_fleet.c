/* The fleet: what several plans share, with numbers worked out by hand. */
#include <math.h>

#include "plan/plan_state.h"
#include "plan_steps.h"
#include "unit.h"

static const int two_of_two[] = {2, 2};

static dmap__fleet_share shares[3];

static dmap__plan *make_share(dmap__fleet *fleet, int share, uint32_t weight, uint64_t count) {
    return make((dmap__plan_config){.branches = 2,
                                    .workers = two_of_two,
                                    .fleet = fleet,
                                    .share = &shares[share],
                                    .weight = weight,
                                    .count = count});
}

static dmap__plan *make_on(dmap__fleet *fleet, uint32_t task, uint64_t count) {
    return make((dmap__plan_config){
        .branches = 2, .workers = two_of_two, .fleet = fleet, .share = &shares[0], .task = task, .count = count});
}

/* Leases of so many items at both branches. */
static void know(dmap__fleet *fleet, uint32_t task, uint64_t items, double item_s) {
    for (int branch = 0; branch < 2; branch++)
        dmap__speed_keep(dmap__fleet_speeds(fleet, task), branch, 2,
                         &(dmap__speed_chunk){.items = items, .busy_s = (double)items * item_s});
}

/* The second lease of a call that begins; the first is of one item. */
static void begins_with(dmap__fleet *fleet, uint32_t task, uint64_t items) {
    dmap__plan *plan = make_on(fleet, task, 1000000);
    granted(plan, 0, 0, 1, 1);
    granted(plan, 1, 1, 1 + items, 1);
    CU_ASSERT_PTR_NULL(dmap__plan_check(plan));
    dmap__plan_destroy(plan);
    dmap__fleet_destroy(fleet);
}

static dmap__fleet *knowing(uint32_t task, uint64_t items, double item_s) {
    dmap__fleet *fleet = dmap__fleet_create(two_of_two, 2);
    know(fleet, task, items, item_s);
    return fleet;
}

/* The second call of a task begins with what the first has learned. No chunk is longer than a millisecond by that. */
static void test_speed_is_kept(void) {
    dmap__fleet *fleet = dmap__fleet_create(two_of_two, 2);
    dmap__plan *plan = make_on(fleet, 3, 100);
    uint32_t first = granted(plan, 0, 0, 1, 1), second = granted(plan, 1, 1, 3, 1);
    finish(plan, first, 0, 1, 1, 10e-6);
    finish(plan, second, 1, 3, 1, 10e-6);
    dmap__plan_destroy(plan);
    begins_with(fleet, 3, 32);
    begins_with(knowing(1, 1000, 10e-6), 1, 16 * 12); /* of 200 that take 1 ms */
    begins_with(knowing(0, 1000, 0.1), 0, 5);         /* 0.25 s */
    begins_with(knowing(0, 1000, 0.1), 2, 2);         /* of this task nothing is known */
}

/* Another call of the task does not change what one that runs has measured. */
static void test_calls_measure_apart(void) {
    dmap__fleet *fleet = dmap__fleet_create(two_of_two, 2);
    dmap__plan *plan = make_on(fleet, 0, 1000000);
    finish(plan, granted(plan, 0, 0, 1, 1), 0, 1, 1, 1e-3);
    double before_s = dmap__speed_item_s(&plan->speed, &plan->branches[0].speed);
    know(fleet, 0, 1000, 1);
    CU_ASSERT_DOUBLE_EQUAL(dmap__speed_item_s(&plan->speed, &plan->branches[0].speed), before_s, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(before_s, 1e-3, 1e-9);
    dmap__plan_destroy(plan);
    dmap__fleet_destroy(fleet);
}

/* What is out counts by what its items are expected to take; what came back, by what they took. By weight. */
static void test_shares(void) {
    dmap__fleet *fleet = dmap__fleet_create(two_of_two, 2);
    dmap__plan *plan = make_share(fleet, 0, 2, 1000);
    uint32_t lease = granted(plan, 0, 0, 1, 1);
    CU_ASSERT_DOUBLE_EQUAL(shares[0].had_s, 0.5e-3, 1e-12); /* nothing is known: 1 ms */
    finish(plan, lease, 0, 1, 1, 0.1);
    CU_ASSERT_DOUBLE_EQUAL(shares[0].had_s, 0.05, 1e-12);
    lease = granted(plan, 1, 1, 3, 1);
    CU_ASSERT_DOUBLE_EQUAL(shares[0].had_s, 0.15, 1e-12);
    CU_ASSERT_EQUAL(dmap__plan_returned(plan, lease, &(dmap__range){2, 3}, 1), DMAP_OK);
    CU_ASSERT_DOUBLE_EQUAL(shares[0].had_s, 0.1, 1e-12);
    CU_ASSERT_EQUAL(dmap__plan_returned(plan, lease, &(dmap__range){1, 2}, 1), DMAP_OK);
    CU_ASSERT_DOUBLE_EQUAL(shares[0].had_s, 0.05, 1e-12);
    dmap__plan_done(plan, 2, lease, 0, 0);
    CU_ASSERT_DOUBLE_EQUAL(shares[0].had_s, 0.05, 1e-12);
    dmap__plan_destroy(plan);
    dmap__fleet_destroy(fleet);
}

static void has_had(dmap__fleet *fleet, int share, double seconds) {
    dmap__fleet_charge(fleet, &shares[share], seconds - shares[share].had_s);
}

/* A call that begins is level with what the others have had in the mean, by weight, whichever of them has left. */
static void test_late_calls(void) {
    dmap__fleet *fleet = dmap__fleet_create(two_of_two, 2);
    dmap__plan *first = make_share(fleet, 0, 1, 10), *second = make_share(fleet, 1, 3, 10);
    has_had(fleet, 0, 7);
    has_had(fleet, 1, 5);
    CU_ASSERT_EQUAL(dmap__fleet_part(fleet, &shares[1], 0, false), 0.2 * 2 * 3 / 4);
    dmap__plan *third = make_share(fleet, 2, 4, 10);
    CU_ASSERT_EQUAL(shares[2].had_s, (7 + 3 * 5) / 4.0);
    CU_ASSERT_EQUAL(dmap__fleet_part(fleet, &shares[2], 0, false), 0.2 * 2 * 4 / 8);
    dmap__plan_destroy(second);
    has_had(fleet, 2, 9);
    second = make_share(fleet, 1, 1, 10);
    CU_ASSERT_DOUBLE_EQUAL(shares[1].had_s, (7 + 4 * 9) / 5.0, 1e-12);
    dmap__plan_destroy(first);
    dmap__plan_destroy(second);
    CU_ASSERT_EQUAL(dmap__fleet_part(fleet, &shares[2], 0, false), 1);
    dmap__plan_destroy(third);
    dmap__fleet_destroy(fleet);
}

/* A call that has no items for a while does not hold the level back, and makes up for no time as it goes on. */
static void test_rest(void) {
    dmap__fleet *fleet = dmap__fleet_create(two_of_two, 2);
    dmap__plan *stream = make((dmap__plan_config){
        .branches = 2, .workers = two_of_two, .fleet = fleet, .share = &shares[1], .weight = 1, .is_stream = true});
    CU_ASSERT_TRUE(idle(stream, 0));
    dmap__plan *first = make_share(fleet, 0, 1, 10), *third;
    has_had(fleet, 0, 7);
    third = make_share(fleet, 2, 1, 10);
    CU_ASSERT_EQUAL(shares[2].had_s, 7);
    has_had(fleet, 2, 9);
    dmap__plan_offer(stream, 3, false);
    uint32_t lease = granted(stream, 0, 0, 1, 1);
    CU_ASSERT_DOUBLE_EQUAL(shares[1].had_s, 8 + 1e-3, 1e-12);
    finish(stream, lease, 0, 1, 1, 2);
    CU_ASSERT_DOUBLE_EQUAL(shares[1].had_s, 10, 1e-12);
    dmap__plan_offer(stream, 3, true);
    while (!idle(stream, 1))
        continue;
    double had_s = shares[1].had_s; /* it rests, ahead of the others */
    dmap__plan_destroy(first);
    dmap__plan_destroy(third);
    first = make_share(fleet, 0, 1, 10);
    CU_ASSERT(shares[0].had_s < had_s);
    dmap__plan_destroy(first);
    dmap__plan_destroy(stream);
    dmap__fleet_destroy(fleet);
}

/* A chunk is as much shorter as the branch has others to serve, and so short that all get some soon. */
static void test_parts(void) {
    int ones[40];
    for (int i = 0; i < 40; i++)
        ones[i] = 1;
    dmap__fleet *fleet = dmap__fleet_create(ones, 40);
    dmap__fleet_join(fleet, &shares[0], 1);
    CU_ASSERT_EQUAL(dmap__fleet_part(fleet, &shares[0], 0, false), 1);
    dmap__fleet_join(fleet, &shares[1], 2);
    dmap__fleet_join(fleet, &shares[2], 37);
    CU_ASSERT_DOUBLE_EQUAL(dmap__fleet_part(fleet, &shares[0], 0, false), 0.2, 1e-12); /* a fifth of its 40 in 40 */
    CU_ASSERT_DOUBLE_EQUAL(dmap__fleet_part(fleet, &shares[2], 0, false), 1, 1e-12);
    dmap__fleet_arrive(fleet, &shares[1], 0);
    CU_ASSERT_DOUBLE_EQUAL(dmap__fleet_part(fleet, &shares[2], 0, false), 37.0 / 39, 1e-12);
    uint64_t changes = dmap__fleet_changes(fleet, 0);
    dmap__fleet_arrive(fleet, &shares[2], 0);
    CU_ASSERT_NOT_EQUAL(changes, dmap__fleet_changes(fleet, 0));
    CU_ASSERT_DOUBLE_EQUAL(dmap__fleet_part(fleet, &shares[2], 0, true), 37.0 / 39, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(dmap__fleet_part_here(fleet, &shares[2], 0), 37.0 / 39, 1e-12);
    dmap__fleet_depart(fleet, &shares[1], 0);
    CU_ASSERT_DOUBLE_EQUAL(dmap__fleet_part_here(fleet, &shares[2], 0), 1, 1e-12);
    dmap__fleet_destroy(fleet);
}

/* In a round what is free goes to the call that has had least, until it has had more than the next. */
static void test_rounds(void) {
    static const struct {
        int share;
        double until_s, had_s; /* < 0: it passes */
    } turns[] = {{1, 2, 3}, {0, 3, 4}, {1, 4, -1}, {0, 5, 7}, {2, 7, 6}, {2, 7, -1}, {0, INFINITY, -1}};
    dmap__fleet *fleet = dmap__fleet_create(two_of_two, 2);
    double until_s;
    for (int i = 0; i < 3; i++)
        dmap__fleet_join(fleet, &shares[i], 1);
    has_had(fleet, 0, 2);
    has_had(fleet, 1, 1);
    has_had(fleet, 2, 5);
    dmap__fleet_round(fleet);
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        dmap__fleet_share *share = dmap__fleet_next(fleet, &until_s);
        CU_ASSERT_PTR_EQUAL_FATAL(share, &shares[turns[i].share]);
        CU_ASSERT_EQUAL(until_s, turns[i].until_s);
        if (turns[i].had_s < 0)
            dmap__fleet_pass(fleet, share);
        else
            has_had(fleet, turns[i].share, turns[i].had_s);
    }
    CU_ASSERT_PTR_NULL(dmap__fleet_next(fleet, &until_s));
    dmap__fleet_round(fleet);
    CU_ASSERT_PTR_EQUAL(dmap__fleet_next(fleet, &until_s), &shares[1]);
    dmap__fleet_leave(fleet, &shares[1]);
    CU_ASSERT_PTR_EQUAL(dmap__fleet_next(fleet, &until_s), &shares[2]);
    CU_ASSERT_EQUAL(until_s, 7);
    dmap__fleet_join(fleet, &shares[1], 1);
    dmap__fleet_round(fleet);
    CU_ASSERT_PTR_EQUAL(dmap__fleet_next(fleet, &until_s), &shares[2]); /* it was there before */
    CU_ASSERT_EQUAL(until_s, 6.5);
    dmap__fleet_destroy(fleet);
}

/* A call goes to a branch that has nothing to do before one that others have given work; and to one that is full of
 * others' leases not at all. */
static void test_queues(void) {
    dmap__fleet *fleet = dmap__fleet_create(two_of_two, 2);
    dmap__plan *others[2], *plan;
    for (int i = 0; i < 2; i++)
        others[i] = make_share(fleet, i, 1, 100);
    granted(others[0], 0, 0, 1, 1);
    granted(others[0], 1, 1, 3, 1);
    plan = make_share(fleet, 2, 1, 100);
    finish(plan, granted(plan, 0, 0, 1, 1), 0, 1, 1, 1); /* one of its two workers has nothing to do */
    dmap__plan_destroy(plan);
    granted(others[1], 0, 0, 1, 1);
    plan = make_share(fleet, 2, 1, 100);
    granted(plan, 1, 0, 1, 1); /* neither has: the one that has waited longer */
    for (int i = 0; i < 6; i++)
        for (int branch = 0; branch < 2; branch++)
            dmap__fleet_grant(fleet, branch, false, 1);
    CU_ASSERT_EQUAL(dmap__fleet_count(fleet, DMAP__FREE) + dmap__fleet_count(fleet, DMAP__ROOM), 0);
    CU_ASSERT_TRUE(idle(plan, 0));
    for (int branch = 0; branch < 2; branch++)
        dmap__fleet_end(fleet, branch, false, 1);
    dmap__step step;
    CU_ASSERT_TRUE(dmap__plan_next(plan, 0, &step) && step.kind == DMAP__STEP_GRANT);
    CU_ASSERT_PTR_NULL(dmap__plan_check(plan));
    for (int i = 0; i < 2; i++)
        dmap__plan_destroy(others[i]);
    dmap__plan_destroy(plan);
    dmap__fleet_destroy(fleet);
}

int main(void) {
    static CU_TestInfo tests[] = {
        {"speed is kept", test_speed_is_kept},
        {"calls measure apart", test_calls_measure_apart},
        {"shares", test_shares},
        {"late calls", test_late_calls},
        {"rest", test_rest},
        {"parts", test_parts},
        {"rounds", test_rounds},
        {"queues", test_queues},
        CU_TEST_INFO_NULL,
    };
    return unit_run("fleet", tests);
}
