/* dmap_share: one copy of read-only data a host.
 *
 * The master sends the data to the first rank of each host (its leader), which puts it in memory without a name
 * (memfd); then it tells the other ranks of the host where: they map the leader's memory through
 * /proc/PROCESS/fd/DESCRIPTOR. A rank that cannot (another user, another process table) says so, and is sent a copy of
 * its own. Nothing has a name, so nothing can be left behind. */
#ifndef DMAP_JOB_SHARE_H
#define DMAP_JOB_SHARE_H

#include "pool/pool.h"

/** The master's part; the sentence of a failure is in pool->error. */
dmap_status dmap__share_give(dmap_pool *pool, const void *data, size_t size);

/** Another rank's part: takes a SHARE in, and says how it went in `reply`. */
void dmap__share_take(dmap_pool *pool, const dmap__message *message, dmap__head *reply);

/** Unmaps what was shared. */
void dmap__share_drop(dmap_pool *pool);

#endif
