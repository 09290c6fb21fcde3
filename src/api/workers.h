/* The workers of a rank: how many, where, and what all ranks know of that. */
#ifndef DMAP_API_WORKERS_H
#define DMAP_API_WORKERS_H

#include "pool/pool.h"

/** Places and starts this rank's workers, and learns every rank's number of them.
 *  Called by: collective over the pool, while it is being opened. Returns the same on every rank */
dmap_status dmap__workers_open(dmap_pool *pool, dmap__error *error);

#define DMAP__NO_WORKERS (-1) /* fewer were asked for than the host has ranks: this one has an idle one */

/** How many workers the options ask for on one of the `ranks` of a host; 0: the library decides. */
int dmap__workers_asked(const dmap_options *options, int rank, int ranks);

#endif
