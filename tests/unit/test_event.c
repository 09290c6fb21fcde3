/* Events of a worker: what follows one another at once is one event, and however many there are, no time is lost. */
#include <stdlib.h>

#include "base/event.h"
#include "unit.h"

static dmap__event event_of(uint64_t begin, uint64_t end, double began_s, double task_s) {
    return (dmap__event){.begin = begin,
                         .end = end,
                         .items = end - begin,
                         .began_s = began_s,
                         .ended_s = began_s + task_s,
                         .task_s = task_s,
                         .longest_s = task_s / (double)(end - begin),
                         .longest = begin,
                         .attempt = 1};
}

static void test_joined(void) {
    dmap__events events = {0};
    dmap__event first = event_of(0, 4, 1, 100e-6), next = event_of(4, 5, 1 + 101e-6, 200e-6);
    dmap__event late = event_of(5, 6, 2, 100e-6), elsewhere = event_of(9, 10, 2 + 101e-6, 100e-6);
    dmap__event large = event_of(10, 11, 2 + 202e-6, 5e-3);
    dmap__events_add(&events, &first, 1e-3);
    dmap__events_add(&events, &next, 1e-3);
    dmap__events_add(&events, &late, 1e-3);
    dmap__events_add(&events, &elsewhere, 1e-3);
    dmap__events_add(&events, &large, 1e-3);
    CU_ASSERT_EQUAL_FATAL(events.n, 4);
    CU_ASSERT(events.all[0].begin == 0 && events.all[0].end == 5 && events.all[0].items == 5);
    CU_ASSERT_DOUBLE_EQUAL(events.all[0].task_s, 300e-6, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(events.all[0].ended_s, 1 + 301e-6, 1e-9);
    CU_ASSERT(events.all[0].longest == 4 && events.all[0].longest_s > 199e-6);
    dmap__events_fini(&events);
}

static void test_bounded(void) {
    dmap__events events = {0}, all = {0};
    double now = 0, task_s = 0, setup_s = 0, got_task_s = 0, got_setup_s = 0;
    uint64_t n = 20000 + unit_below(20000), got = 0;
    for (uint64_t i = 0; i < n; i++) {
        dmap__event event = event_of(2 * i, 2 * i + 1, now, 1e-3 * (double)(1 + unit_below(5)));
        event.setup_s = unit_chance(100) ? 1e-3 : 0;
        task_s += event.task_s;
        setup_s += event.setup_s;
        now = event.ended_s + (double)unit_below(3);
        dmap__events_add(&events, &event, 1e-3);
    }
    CU_ASSERT(events.n <= 4096);
    CU_ASSERT(dmap__events_move(&all, &events) && !events.n);
    for (size_t i = 0; i < all.n; i++) {
        CU_ASSERT(i == 0 || all.all[i].began_s >= all.all[i - 1].ended_s);
        got += all.all[i].items;
        got_task_s += all.all[i].task_s;
        got_setup_s += all.all[i].setup_s;
    }
    CU_ASSERT_EQUAL(got, n);
    CU_ASSERT_DOUBLE_EQUAL(got_task_s, task_s, 1e-6 * task_s);
    CU_ASSERT_DOUBLE_EQUAL(got_setup_s, setup_s, 1e-6 * task_s);
    CU_ASSERT(all.all[0].began_s == 0 && all.all[all.n - 1].ended_s <= now);
    dmap__events_fini(&events);
    dmap__events_fini(&all);
}

int main(void) {
    CU_TestInfo tests[] = {{"joined", test_joined}, {"bounded", test_bounded}, CU_TEST_INFO_NULL};
    return unit_run("event", tests);
}
