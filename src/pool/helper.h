/* A thread of the pool's own that moves calls along while the program computes.
 *
 * It does what the loop does, but for what may call a function of the program's: that waits for the owner, the thread
 * that opened the pool. One of the two is at the pool at a time: the owner has the lock as long as it is in a function
 * that looks at calls, the helper for a round of the loop. So MPI_THREAD_SERIALIZED is enough. */
#ifndef DMAP_POOL_HELPER_H
#define DMAP_POOL_HELPER_H

#include "pool/pool.h"

/** Starts it, if the options say so: pool->helper. The owner is inside then, until dmap__helper_leave. */
dmap_status dmap__helper_open(dmap_pool *pool, dmap__error *error);
/** Ends it, also while the owner is inside. Blocks: until its round is over. */
void dmap__helper_close(dmap_pool *pool);

/** Helpers of this process: where there is none, nobody need be kept out. Any thread. */
extern _Atomic size_t dmap__helpers;
/** The owner comes in, and goes. It may come in again while it is inside. Blocks: until a round is over. */
void dmap__helper_enter(dmap__helper *helper);
void dmap__helper_leave(dmap_pool *pool);
/** A call was made. By the owner, inside. */
void dmap__helper_wake(dmap_pool *pool);
/** The text of an error of the pool, which the owner may read while it is not inside. */
const char *dmap__helper_tell(dmap__helper *helper, const dmap__error *error);

#endif
