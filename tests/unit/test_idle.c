/* How long to sleep: never longer than allowed, longer the longer nothing has happened, and not at all at first where
 * there are cores to spare. Time is an argument here: no test sleeps. */
#include "pool/idle.h"
#include "unit.h"

static void test_grows(void) {
    for (unsigned round = unit_rounds(400); round; round--) {
        dmap__idle idle = {
            .is_rung = unit_chance(2), .spins = unit_chance(2), .most_s = 1e-4 * (double)(1 + unit_below(1000))};
        double now = 1 + (double)unit_below(1000000), begin = now, last = 0;
        for (int step = 0; step < 2000; step++) {
            double sleep_s = dmap__idle_next(&idle, now);
            CU_ASSERT(sleep_s >= last || sleep_s == idle.most_s);
            CU_ASSERT(sleep_s <= idle.most_s);
            CU_ASSERT(sleep_s > 0 || (idle.spins && now - begin < 1e-3));
            last = sleep_s;
            now += sleep_s + 1e-6;
        }
        CU_ASSERT(last > idle.most_s / 2 || now - begin < idle.most_s * 8);
    }
}

/* A pool that has rested for a minute looks around no more than a hundred times a second; one that is woken, at once
 * again. */
static void test_costs_little(void) {
    dmap__idle idle = {.spins = true, .most_s = 10e-3};
    double now = 5;
    unsigned looks = 0;
    for (; now < 65; looks++)
        now += dmap__idle_next(&idle, now) + 1e-6;
    CU_ASSERT(looks < 60 * 100 + 500);
    dmap__idle_reset(&idle);
    CU_ASSERT_EQUAL(dmap__idle_next(&idle, now), 0);
    idle.spins = false;
    dmap__idle_reset(&idle);
    CU_ASSERT(dmap__idle_next(&idle, now) < 1e-4);
}

/* Where the bell rings for messages it soon sleeps as long as it may. */
static void test_rung_costs_less(void) {
    dmap__idle idle = {.is_rung = true, .most_s = 0.25};
    double now = 5;
    unsigned looks = 0;
    for (; now < 65; looks++)
        now += dmap__idle_next(&idle, now) + 1e-6;
    CU_ASSERT(looks < 60 * 4 + 50);
    dmap__idle_reset(&idle);
    CU_ASSERT(dmap__idle_next(&idle, now) < 1e-4);
}

int main(void) {
    CU_TestInfo tests[] = {{"grows", test_grows},
                           {"costs little", test_costs_little},
                           {"rung costs less", test_rung_costs_less},
                           CU_TEST_INFO_NULL};
    return unit_run("idle", tests);
}
