/* A descriptor that says when dmap_step has something to do. MPI_THREAD_FUNNELED stays enough: a thread of the pool's
 * own waits for the bell, a timer tells when to look for what cannot ring; neither calls MPI. */
#ifndef DMAP_POOL_FD_H
#define DMAP_POOL_FD_H

#include "pool/pool.h"

/** The descriptor, made when it is asked for first; -1: it cannot be had, and pool->error says why. */
int dmap__fd_open(dmap_pool *pool);
void dmap__fd_close(dmap_pool *pool);
/** dmap_step begins, and has ended. has_calls: something is in flight, which wants to be looked at now and then */
void dmap__fd_begin(dmap_pool *pool);
void dmap__fd_end(dmap_pool *pool, bool has_calls);
/** There is something to do. */
void dmap__fd_touch(dmap_pool *pool);

#endif
