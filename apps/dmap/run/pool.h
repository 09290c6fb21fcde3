/* The pool that a run needs. */
#ifndef DMAP_APPS_RUN_POOL_H
#define DMAP_APPS_RUN_POOL_H

#include <stdbool.h>

#include <dmap/dmap.h>

#include "run/options/options.h"

/** Before the pool is opened, on every rank. Says so if there is no room for as many jobs as are wanted.
 *  False if the number of jobs is none: that is left to the master to say. */
bool run_choose_pool(const run_options *options, dmap_options *pool);

#endif
