/* The main of a room's tests. Each test starts the stream of random numbers anew, from the seed and its own place in
 * the list, so that a failing test can be looked at alone: the seed is printed first. What it does not do: no test
 * framework of its own; assertions and counting are CUnit's, which are not for threads: those report to the test's
 * thread. */
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <CUnit/Basic.h>

static uint64_t seed, stream;

/* SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014). */
uint64_t unit_next(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t unit_random(void) {
    return unit_next(&stream);
}

uint64_t unit_below(uint64_t n) {
    return unit_random() % n;
}

bool unit_chance(uint64_t n) {
    return unit_below(n) == 0;
}

unsigned unit_rounds(unsigned n) {
    const char *small = getenv("DMAP_TEST_SMALL"), *is_long = getenv("DMAP_TEST_LONG");
    if (is_long && is_long[0] == '1')
        n *= 10;
    if (!small || small[0] != '1')
        return n;
    return n < 4 ? 1 : n / 4;
}

/* Before each test, by the suite: CUnit's basic interface puts its own handler in the place of the one for a test's
 * start. */
static void start_stream(void) {
    stream = seed;
    for (const char *c = CU_get_current_test()->pName; *c; c++)
        stream = stream * 31 + (unsigned char)*c;
}

int unit_run(const char *room, CU_TestInfo *tests) {
    CU_SuiteInfo suites[] = {{.pName = room, .pSetUpFunc = start_stream, .pTests = tests}, CU_SUITE_INFO_NULL};
    const char *given = getenv("DMAP_SEED");
    seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 1000003u;
    printf("DMAP_SEED=%" PRIu64 "\n", seed);
    fflush(stdout);
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return EXIT_FAILURE;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    bool failed = CU_get_number_of_failures() != 0 || CU_get_number_of_tests_run() == 0;
    CU_cleanup_registry();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
