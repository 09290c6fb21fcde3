/* Every source x every sink x every schedule x (chunk or none), run and run_batch, fixed and variable sizes, in order
 * and longest first: each like a plain loop. The back end and the number of ranks are the run's: see CMakeLists.txt. */
#include "cases.h"
#include "conformance.h"

static const uint64_t counts[] = {0, 1, 2, 3, 7, 100, 1000, 4097, 50000};
enum { N_COUNTS = sizeof counts / sizeof *counts };

/* What makes a difference to a schedule does so within some thousand items. */
static uint64_t count_at(uint64_t i, uint64_t most) {
    uint64_t count = counts[i % N_COUNTS];
    return count > most ? most : count;
}

/* Calls fn with every choice of what is not a number; stops at the first that fails, as the rest would say the same. */
static void for_each_kind(bool (*fn)(test_case *c, uint64_t number)) {
    uint64_t number = 0;
    for (unsigned i = 0; i < SOURCES * SINKS * 16; i++) {
        test_case c = case_of((case_source)(i % SOURCES), (case_sink)(i / SOURCES % SINKS), 0);
        unsigned bits = i / (SOURCES * SINKS);
        c.variable_items = bits & 1;
        c.variable_results = bits & 2;
        c.batch = bits & 4;
        c.cost = bits & 8;
        if (case_is_possible(&c) && !fn(&c, number++))
            return;
    }
}

static void pass_if(bool good) {
    CU_ASSERT_TRUE(good);
}

/* Every schedule, without and with a chunk; the counts take turns, and begin elsewhere in every run. */
static bool run_schedules(test_case *c, uint64_t number) {
    static const size_t chunks[] = {0, 1, 13, 700, 100000};
    uint64_t turn = number + (uint64_t)dmap_ranks(harness_pool) * 5 + (uint64_t)dmap_workers(harness_pool) * 3;
    bool good = true;
    for (unsigned i = 0; i < 10 && good; i++) {
        c->options.schedule = (dmap_schedule)(i % 5);
        c->count = count_at(turn + i * 4 + i / 5, harness_is_small() ? 300 : 10007);
        uint64_t turns = c->count < 5000 ? 4 : 2; /* a chunk of one item is for short calls */
        c->options.chunk = i < 5 ? 0 : chunks[4 - (turn + i) % turns];
        good = case_run(c);
    }
    return good;
}

static void test_schedules(void) {
    for_each_kind(run_schedules);
    pass_if(true);
}

static bool run_counts(test_case *c, uint64_t number) {
    (void)number;
    bool good = true;
    for (uint64_t i = 0; i < N_COUNTS && good; i++) {
        c->count = count_at(i, harness_is_small() ? 1009 : UINT64_MAX);
        good = case_run(c);
    }
    return good;
}

static void test_counts(void) {
    for_each_kind(run_counts);
    pass_if(true);
}

/* Two cases of very different shape one after the other: nothing of the first is left over. */
static void test_in_turn(void) {
    test_case large = case_of(SOURCE_ARRAY, SINK_ORDERED, 5000), small = case_of(SOURCE_PULL, SINK_COLLECT, 3);
    large.world.fail_at[0] = 10;
    large.world.fail_times = ALWAYS;
    small.variable_items = small.variable_results = true;
    for (int i = 0; i < 20; i++)
        if (!case_run(&large) || !case_run(&small))
            return;
    pass_if(true);
}

static void add_tests(void) {
    if (harness_has("random")) {
        conformance_add_random();
        return;
    }
    CU_pSuite suite = CU_add_suite("conformance", NULL, NULL);
    CU_ADD_TEST(suite, test_counts);
    CU_ADD_TEST(suite, test_schedules);
    CU_ADD_TEST(suite, test_in_turn);
    conformance_add_failures();
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
