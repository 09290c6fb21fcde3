/* What the tests of single rooms share: a seed that is printed and can be given, numbers drawn from it, and a main. */
#ifndef DMAP_UNIT_H
#define DMAP_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>

/** The next number of a stream; any state starts one. Threads have a stream each. */
uint64_t unit_next(uint64_t *state);
/** The next number of the test's own stream, which starts from the seed; the tests' thread only. */
uint64_t unit_random(void);
/** One below n (> 0), near enough to evenly. */
uint64_t unit_below(uint64_t n);
/** True once in n times. */
bool unit_chance(uint64_t n);

/** n, or a quarter of it (1 at the least) where time is short: under a sanitizer, with DMAP_TEST_SMALL=1. Ten times as
 *  many with DMAP_TEST_LONG=1. */
unsigned unit_rounds(unsigned n);

/** Runs the tests (up to CU_TEST_INFO_NULL) of a room and returns main's value. DMAP_SEED sets the seed. */
int unit_run(const char *room, CU_TestInfo *tests);

#endif
