/* A run that is told to stop: by SIGINT or SIGTERM (base/stop_signal.h), or as the batch job that it runs in ends.
 *
 * No item is begun any more; those that run have a moment to end, then they are cancelled, and killed where they are
 * processes. A second signal cancels at once. Towards the end of a batch job no item is begun that would end too late,
 * going by the longest one of the call. */
#ifndef DMAP_POOL_STOPPING_H
#define DMAP_POOL_STOPPING_H

#include "pool/pool.h"

/** The master's, at both ends of a round: signals are noted while a call is in flight, and only then. */
void dmap__stopping_arm(dmap_pool *pool);
/** The master's, once a round: the calls that run are stopped if it is time. Returns true if one was. */
bool dmap__stopping_look(dmap_pool *pool, double now);
/** True if an item that runs in this thread has to stop. */
bool dmap__stopping_is_over(const dmap_pool *pool, double now);
/** A call that is about to begin: it fails if none may. */
void dmap__stopping_refuse(dmap_pool *pool, dmap__call *call);
/** A serving rank's, once a round: it serves on, as the master is told as well and ends it; if that takes too long the
 *  signal was for this rank alone, and ends it. */
void dmap__stopping_serve(double now);

#endif
