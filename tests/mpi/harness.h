/* What the programs of this folder share: a CUnit run on the master inside dmap_run, random numbers from a printed
 * seed, and a watchdog that names what hung. */
#ifndef DMAP_TESTS_HARNESS_H
#define DMAP_TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <dmap/dmap.h>

/** The pool of this run; argv of the program. */
extern dmap_pool *harness_pool;
extern int harness_argc;
extern char **harness_argv;

/** DMAP_SEED of the environment, else a new one; it is printed. */
extern uint64_t harness_seed;

/** main of a test program. Arguments: "serial", "threads N" or "processes N" choose the back end, "refresh_items N" and
 *  "refresh_memory BYTES" bound its processes, "away" keeps items off the master's rank; the rest is the program's own.
 *  add_tests:  called on the master, registers suites
 *  Returns:    0 if tests ran and none failed */
int harness_run(int argc, char **argv, void (*add_tests)(void));

/** True if the program was given this argument. */
bool harness_has(const char *argument);

/** The environment asks for small sizes (DMAP_TEST_SMALL), as under sanitizers. */
bool harness_is_small(void);

/** It asks for the long form of a test (DMAP_TEST_LONG=1), as tests/run --long does. */
bool harness_is_long(void);

/** From now on `what` (copied) has so many seconds, and on a busy machine five times that: then it hangs, which the
 *  process says, and it ends. "" and 0: nothing is watched. */
void harness_watch(const char *what, unsigned seconds);

/** Prints the sentence of a failed check, and fails the current CUnit test. Returns false. */
bool harness_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** SplitMix64: a hash of x, and the next number of a stream. */
uint64_t mix(uint64_t x);
uint64_t draw(uint64_t *state);
/** A number below n. */
uint64_t draw_below(uint64_t *state, uint64_t n);

/** Bytes that follow from a key, and their hash. */
void fill(void *bytes, size_t size, uint64_t key);
uint64_t hash(const void *bytes, size_t size);

/** Seconds of the monotonic clock. */
double now_s(void);
/** Keeps the core busy. */
void burn(double seconds);

#endif
