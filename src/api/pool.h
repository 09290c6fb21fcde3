/* Opening and closing pools, and telling one that is open from anything else. */
#ifndef DMAP_API_POOL_H
#define DMAP_API_POOL_H

#include "pool/helper.h"
#include "pool/pool.h"

/** Makes a pool on comm (taken over, also on failure; NULL: one rank without MPI). On the master: returns with
 *  *pool, which is closed when MPI ends, if not before; on the others: serves, and returns with *pool NULL.
 *  The status is the same on every rank until service begins. */
dmap_status dmap__pool_open(dmap__comm *comm, const dmap_options *options, dmap_pool **pool, dmap__error *error);
/** Ends it, on the master: tells the other ranks. */
dmap_status dmap__pool_close(dmap_pool *pool);

/** DMAP_OK if the pool may be used now, by this thread, outside any task and call; else DMAP_EINVAL and a sentence in
 *  dmap_error(NULL) (and in the pool's error, if there is a pool). */
dmap_status dmap__pool_check(dmap_pool *pool, const char *function);
/** The same for what may be called inside a function of a call, too; and by any thread, too. */
dmap_status dmap__pool_check_making(dmap_pool *pool, const char *function);
dmap_status dmap__pool_check_submitting(dmap_pool *pool, const char *function);
/** Keeps the helper out, from here to the end of the block, if this is a pool with one, and its thread. Does nothing
 *  otherwise: before the pool has been checked, too. Files that use it are compiled with -fexceptions. */
#define DMAP__ENTER(pool) __attribute__((cleanup(dmap__pool_leave))) dmap_pool *entered = dmap__pool_enter(pool)
dmap_pool *dmap__pool_enter_helped(const dmap_pool *pool);
static inline dmap_pool *dmap__pool_enter(const dmap_pool *pool) {
    bool is_any = atomic_load_explicit(&dmap__helpers, memory_order_relaxed) > 0;
    return is_any ? dmap__pool_enter_helped(pool) : NULL;
}
static inline void dmap__pool_leave(dmap_pool **entered) {
    if (*entered)
        dmap__helper_leave(*entered);
}
/** The owner has made a call: there is something to do, for whoever waits for the descriptor, and for the helper. */
void dmap__pool_touch(dmap_pool *pool);
/** True for the thread that opened the pool. */
bool dmap__pool_is_owners(const dmap_pool *pool);
/** The same for what is called while a call runs. */
dmap_status dmap__pool_check_calling(dmap_pool *pool, const char *function);
/** True if the pool is open, and this is the thread that opened it, in the process that did, outside any task: then it
 *  may look at all of it. */
bool dmap__pool_is_own(const dmap_pool *pool);
/** True in a process that was forked from the pool's: its workers and messages are not there. */
bool dmap__pool_is_copy(const dmap_pool *pool);
/** True if the pool is open. */
bool dmap__pool_is_open(const dmap_pool *pool);

/** This thread's last error that belongs to no pool. */
dmap__error *dmap__thread_error(void);

#endif
