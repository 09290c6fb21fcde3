/* Shared by the files of test_live. */
#ifndef DMAP_TESTS_LIVE_H
#define DMAP_TESTS_LIVE_H

#include <stdlib.h>

#include "harness.h"

/** Tests of items that wait for a word of the master's: live_ends.c. */
void live_add_ends(CU_pSuite suite);
/** Tests of the numbers that a user sees while a call runs: live_progress.c. */
void live_add_progress(CU_pSuite suite);

#endif
