/* The pool that a run needs. */
#ifndef DMAP_APPS_RUN_POOL_H
#define DMAP_APPS_RUN_POOL_H

#include <dmap/dmap.h>

#include "run/options/options.h"

/** Before the pool is opened, on every rank. Says so if there is no room for as many jobs as are wanted. */
dmap_options run_choose_pool(const run_options *options);

#endif
