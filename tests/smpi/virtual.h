/* What the simulated ranks have in place of a machine: a clock that SimGrid turns, and crews whose workers only let
 * time pass. All ranks are one process with one thread: what is written here once is the same for all of them. */
#ifndef DMAP_TESTS_VIRTUAL_H
#define DMAP_TESTS_VIRTUAL_H

#include <stdint.h>

typedef enum virtual_load { VIRTUAL_UNIFORM, VIRTUAL_EXPONENTIAL, VIRTUAL_PARETO, VIRTUAL_LOADS } virtual_load;

typedef struct virtual_work {
    int workers; /* of each rank */
    double mean_s;
    virtual_load load;
} virtual_work;

/** Set before any rank opens its pool, to the same by all. */
extern virtual_work virtual_work_now;

/** Seconds of the item of this index; and its result. */
double virtual_seconds(uint64_t index);
uint64_t virtual_result(uint64_t index);

struct dmap__crew;

/** What is a rank's own: the thread that calls is the one that the simulator has given it. */
typedef struct virtual_rank {
    double slept_s;          /* so far */
    struct dmap__crew *crew; /* which rings the bell on which it sleeps */
} virtual_rank;

virtual_rank *virtual_me(void);

#endif
