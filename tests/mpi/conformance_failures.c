/* Items that fail: what a serial loop would report, on any number of ranks. */
#include "cases.h"
#include "conformance.h"

/* Runs the case in every source and sink, the schedules taking turns; then once more longest first. */
static void run_everywhere(const test_case *pattern) {
    for (unsigned i = 0; i < SOURCES * SINKS * 2; i++) {
        test_case c = *pattern;
        c.source = (case_source)(i % SOURCES);
        c.sink = (case_sink)(i / SOURCES % SINKS);
        c.cost = i >= SOURCES * SINKS;
        c.batch = i % 5 == 1;
        c.world.is_range = c.source == SOURCE_RANGE;
        c.options.schedule = (dmap_schedule)(i % 5);
        c.options.chunk = i % 3 == 0 ? 11 : 0;
        if (case_is_possible(&c) && !case_run(&c))
            return;
    }
}

static test_case pattern_of(uint64_t a, uint64_t b, uint64_t d, uint32_t times) {
    test_case c = case_of(SOURCE_ARRAY, SINK_INTO, 2000);
    c.world.fail_at[0] = a;
    c.world.fail_at[1] = b;
    c.world.fail_at[2] = d;
    c.world.fail_times = times;
    return c;
}

static void test_stop_at_lowest(void) {
    test_case c = pattern_of(17, 4, 900, ALWAYS);
    run_everywhere(&c);
    c.world.burn_ns = 20000;
    c.count = 1000;
    run_everywhere(&c);
    CU_PASS("no case has failed");
}

static void test_stop_at_edges(void) {
    test_case lone = pattern_of(0, NEVER, NEVER, ALWAYS), last = pattern_of(1999, NEVER, NEVER, ALWAYS);
    run_everywhere(&lone);
    run_everywhere(&last);
    lone.count = 1;
    run_everywhere(&lone);
    CU_PASS("no case has failed");
}

static void test_keep_going(void) {
    test_case c = pattern_of(17, 4, 900, ALWAYS);
    c.options.on_error = DMAP_KEEP_GOING;
    run_everywhere(&c);
    c.world.fail_one_in = 3;
    c.world.fail_key = harness_seed;
    run_everywhere(&c);
    c.world.fail_one_in = 1;
    run_everywhere(&c);
    CU_PASS("no case has failed");
}

static void test_retries(void) {
    test_case c = pattern_of(17, 4, 900, 2);
    c.options.retries = 2;
    run_everywhere(&c);
    c.options.retries = 1;
    run_everywhere(&c);
    c.options.on_error = DMAP_KEEP_GOING;
    c.world.fail_one_in = 7;
    c.world.fail_key = harness_seed;
    run_everywhere(&c);
    CU_PASS("no case has failed");
}

static void test_always_with_retries(void) {
    test_case c = pattern_of(17, 4, 900, ALWAYS);
    c.options.retries = 3;
    run_everywhere(&c);
    c.options.on_error = DMAP_KEEP_GOING;
    run_everywhere(&c);
    CU_PASS("no case has failed");
}

static void test_sink_stops(void) {
    test_case c = case_of(SOURCE_ARRAY, SINK_ORDERED, 3000);
    for (unsigned i = 0; i < 24; i++) {
        static const uint64_t at[] = {0, 1, 700, 2999};
        c.source = (case_source)(i % SOURCES);
        c.world.is_range = c.source == SOURCE_RANGE;
        c.sink = i & 4 ? SINK_ORDERED : SINK_UNORDERED;
        c.sink_stops_at = at[i / 8 + i % 2];
        c.cost = c.source != SOURCE_PULL && i % 3 == 0;
        if (!case_run(&c))
            return;
    }
    CU_PASS("no case has failed");
}

static void test_source_fails(void) {
    for (unsigned i = 0; i < SINKS * 5; i++) {
        static const uint64_t at[] = {0, 1, 5, 1500, 2000};
        test_case c = case_of(SOURCE_PULL, (case_sink)(i % SINKS), 2000);
        c.source_fails_at = at[i / SINKS];
        if (!case_run(&c))
            return;
        c.world.fail_at[0] = 3;
        c.world.fail_times = ALWAYS;
        if (!case_run(&c))
            return;
    }
    CU_PASS("no case has failed");
}

void conformance_add_failures(void) {
    CU_pSuite suite = CU_add_suite("failures", NULL, NULL);
    CU_ADD_TEST(suite, test_stop_at_lowest);
    CU_ADD_TEST(suite, test_stop_at_edges);
    CU_ADD_TEST(suite, test_keep_going);
    CU_ADD_TEST(suite, test_retries);
    CU_ADD_TEST(suite, test_always_with_retries);
    CU_ADD_TEST(suite, test_sink_stops);
    CU_ADD_TEST(suite, test_source_fails);
}
