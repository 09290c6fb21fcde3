/* Calls in flight: what the files of this program share. */
#ifndef DMAP_TESTS_CALLS_H
#define DMAP_TESTS_CALLS_H

#include <dmap/call.h>

#include "harness.h"

/** Tasks: a number's hash; a number of microseconds to be spent, unless the call is cancelled; bytes, and their copy;
 *  a number that fails if it is odd; one without a function. */
extern const dmap_task calls_hash, calls_spend, calls_copy, calls_odd, calls_empty;

/** Waits, and checks that the call ends so. */
void calls_end(dmap_call *call, dmap_status wanted);

/* The suites of the other files. */
void calls_add_beside_tests(CU_pSuite suite);
void calls_add_bad_tests(CU_pSuite suite);
void calls_add_asked_tests(CU_pSuite suite);
void calls_add_ends_tests(CU_pSuite suite);
void calls_add_loop_tests(CU_pSuite suite);
void calls_add_stream_tests(CU_pSuite suite);
void calls_add_soak(CU_pSuite suite);
void calls_add_memory_tests(CU_pSuite suite);

#endif
