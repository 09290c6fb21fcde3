/* A serving rank: the loop, with calls that come from the master. */
#ifndef DMAP_POOL_SERVE_H
#define DMAP_POOL_SERVE_H

#include "pool/pool.h"

/** Serves until the master closes the pool. Returns DMAP_OK, DMAP_EMPI, DMAP_ENOMEM with the sentence in pool->error.
 *  Blocks: until then. */
dmap_status dmap__serve(dmap_pool *pool);

#endif
