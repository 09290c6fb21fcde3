/* A crew and a task to test it with: the task looks at a table that says of each item how often it fails, and counts
 * what ran. For the tests of src/crew/crew.c. */
#ifndef DMAP_UNIT_CREW_WORLD_H
#define DMAP_UNIT_CREW_WORLD_H

#include <stdatomic.h>

#include "crew/crew.h"

#define MOST  500 /* items */
#define NEVER 100 /* fails so often: for good */

enum { TASK_BATCH = 0, TASK_FIXED = 1, TASK_VARIABLE = 2 };

typedef struct crew_world {
    uint8_t fails[MOST]; /* attempts that fail, by position; written while no grant is out */
    _Atomic uint32_t ran[MOST];
    _Atomic int setups, teardowns, wrong;
    _Atomic bool hold, held; /* item 0 waits while hold */
    int setup_code;
    const void *shared;
    dmap__bell bell;
} crew_world;

extern crew_world world;
extern const dmap_task *const world_tasks[3];

/** Opens a crew of threads (0: the caller itself), the world cleared; ends it, and checks that nothing went wrong. */
dmap__crew *world_open(int workers);
void world_close(dmap__crew *crew);

/** Begins a call of a task; items are the numbers from 1000 on, results three times that. */
dmap__crew_call world_begin(uint32_t task, dmap__want want);
dmap__grant *world_submit(dmap__crew *crew, dmap__crew_call *call, uint64_t from, uint64_t to);
/** The next grant that ends. */
dmap__grant *world_wait(dmap__crew *crew);
void world_destroy(dmap__grant *grant);
/** The result of a position, or 0. */
uint64_t world_result(const dmap__outcome *outcome, uint64_t position);
/** Combines two results, in order. */
void world_combine(void *into, const void *from);

#endif
