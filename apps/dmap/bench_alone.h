/* A pool of one rank on the master's node, beside the pool that is open: in a process of its own, as a program has one
 * pool. */
#ifndef DMAP_APPS_BENCH_ALONE_H
#define DMAP_APPS_BENCH_ALONE_H

#include "bench_measure.h"

/** Runs `dmap bench --plain` on the CPUs of the workers that pool has on the master's node.
 *  to:       its backend and workers are what is asked for; the rest is filled
 *  Returns:  false, with a sentence, if it could not be run */
bool bench_alone(dmap_pool *pool, double seconds, bench_pool *to, char *error, size_t error_size);

/** Workers that the pool has on the master's node. */
int bench_workers_here(dmap_pool *pool);

#endif
