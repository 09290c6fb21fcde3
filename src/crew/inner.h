/* Inner libraries: OpenMP and the BLAS libraries start threads of their own inside a task. Each worker gets no more of
 * them than its share of the cores, where the user has not said otherwise. */
#ifndef DMAP_CREW_INNER_H
#define DMAP_CREW_INNER_H

#include <stdint.h>

#include "crew/topology.h"

/** What workers are to tell those libraries. Plain bytes: it travels to workers' processes. */
typedef struct dmap__inner {
    int32_t threads;    /* 0: nothing is told */
    uint32_t variables; /* that the user has not set: bits, in the order of inner.c's table */
} dmap__inner;

/** A worker's share: its rank's cores over its rank's workers, 1 or more, and no more cores than it is bound to.
 *  allowance: dmap__topology_allowance    places: of the rank's workers */
int dmap__inner_share(int allowance, const dmap__place *places, int workers);

/** Sets the libraries' variables (OMP_NUM_THREADS, …) to `threads` where the user has not set them, for what is loaded
 *  or started from now on, and tells those libraries that are here and know one number for the whole process.
 *  Returns what workers are to be told. Goes with dmap__inner_close.
 *  Called by:  the rank's own thread, before workers start: it changes the environment */
dmap__inner dmap__inner_open(int threads);
/** Takes it back, when the last of those that were opened is closed. inner: of dmap__inner_open; or all zero, no
 *  effect */
void dmap__inner_close(dmap__inner inner);

/** Tells the libraries that count threads for each thread of the program. Called by: each worker, where it runs tasks,
 *  before the first. */
void dmap__inner_enter(dmap__inner inner);
/** Tells all of them. Called by: a worker's process, at its start. */
void dmap__inner_enter_process(dmap__inner inner);

#endif
