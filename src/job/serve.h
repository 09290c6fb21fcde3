/* The other side of a call: what a rank that is not the master does, from open to close. */
#ifndef DMAP_JOB_SERVE_H
#define DMAP_JOB_SERVE_H

#include "job/pool.h"

/** Serves the master until it closes the pool.
 *  Returns DMAP_OK, or, with the sentence in pool->error, DMAP_EMPI or DMAP_ENOMEM if the service broke. */
dmap_status dmap__serve(dmap_pool *pool);

#endif
