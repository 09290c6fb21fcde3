/* Where workers run, asked about an open pool. The first question about another rank asks all of them at once, and the
 * answers are kept, packed, as long as the pool: places do not change. So a table of a thousand ranks costs one round
 * of messages, and a pool that is never asked costs nothing. */
#ifndef DMAP_POOL_PLACES_H
#define DMAP_POOL_PLACES_H

#include <dmap/place.h>

#include "net/wire.h"
#include "pool/pool.h"

/** The master's part. The rank has such a worker. The sentence of a failure is in pool->error. */
dmap_status dmap__places_get(dmap_pool *pool, int rank, int worker, dmap_place *place);

/** Another rank's part: the answer to a PLACES. packed->meta is the caller's, packed->parts is NULL. */
void dmap__places_tell(dmap_pool *pool, dmap__head *reply, dmap__packed *packed);

/** A place as the public has it, without host and rank. */
void dmap__places_describe(const dmap__topology *topology, const dmap__place_request *request, int workers,
                           const dmap__place *of, dmap_place *place);
/** The same of the one worker of DMAP_SERIAL. */
void dmap__places_describe_serial(dmap_place *place);

/** Forgets the answers. */
void dmap__places_drop(dmap_pool *pool);

#endif
