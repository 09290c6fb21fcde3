/* The tasks of test_spawn.c: trees whose shape comes from dmap_seed. */
#ifndef DMAP_TESTS_SPAWN_TASK_H
#define DMAP_TESTS_SPAWN_TASK_H

#include "harness.h"

#define ROOTS    40
#define CHILDREN 300 /* of each, in a broad forest */

/* What becomes of items: of some, by their seed. */
enum { FAILS_FIRST = 1, FAILS_ALWAYS = 2, CRASHES = 4, LATE = 8, ENDLESS = 16, BROAD = 32 };

typedef struct node {
    uint64_t root;
    uint32_t depth, how;
} node;

typedef struct sums {
    uint64_t nodes, hash;
} sums;

/** How many were there, and the sum of what their seeds come to. */
void spawn_combine(void *into, const void *from);

/** Items of fixed size; numbers, as dmap_range has them; of any size; by run_batch; in a call without .spawns; first,
 *  numbers of which 0 offers a bound that the others wait for; and numbers that offer one, and fail at first. */
extern const dmap_task spawn_best, spawn_stays, spawn_sums, spawn_numbers, spawn_blobs, spawn_batch, spawn_vain;

#endif
