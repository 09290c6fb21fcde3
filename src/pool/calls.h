/* The calls in flight, on the master.
 *
 *   calls.c     the table of them
 *   dispatch.c  down: what a call wants done goes to the branches
 *   collect.c   up: what branches send goes to its call
 *   master.c    their turns */
#ifndef DMAP_POOL_CALLS_H
#define DMAP_POOL_CALLS_H

#include "pool/pool.h"

#define DMAP__CALLS_RUNNING 1024 /* at most: others wait for one of them to end */

dmap_status dmap__calls_open(dmap_pool *pool, dmap__error *error);
/** Frees what is left. No lease may be out. */
void dmap__calls_close(dmap_pool *pool);

/** Makes a call and has it wait for its turn. Returns NULL if memory is out: the sentence is in pool->error.
 *  is_first: before all others that wait */
dmap__call *dmap__calls_add(dmap_pool *pool, const dmap__call_request *request, bool is_first);
/** Nobody holds the call any more: it is freed, once it has ended. */
void dmap__calls_forget(dmap_pool *pool, dmap__call *call);
/** The running call of that number; NULL: there is none. */
dmap__call *dmap__calls_find(const dmap_pool *pool, uint64_t id);
/** Has the call cancelled in the loop's next round. Any thread; ring the bell after that. */
void dmap__calls_cancel(dmap_pool *pool, dmap__call *call);
/** The same for those whose results are taken by hand. */
void dmap__calls_cancel_streams(dmap_pool *pool);
/** The same now, by the pool's thread. */
void dmap__calls_cancel_now(dmap__call *call);
/** The same for all but those that have nothing, and what becomes of that which runs. */
void dmap__calls_cancel_all(dmap_pool *pool, dmap__fate fate);
/** A call that waits does so no longer. */
void dmap__calls_unlink_waiting(dmap_pool *pool, const dmap__call *call);
/** Calls that run or wait. */
size_t dmap__calls_in_flight(const dmap_pool *pool);

/** An item of a running call, which nobody waits for any more, is not begun, where it is now; if it runs, it is asked
 *  to stop, and its process killed if options.kill. Its end comes all the same. */
void dmap__calls_cancel_item(dmap_pool *pool, dmap__call *call, uint64_t position);

/** dispatch.c: tells the branches the call's bound, if it has become lower. Returns true if it has. */
bool dmap__dispatch_best(dmap_pool *pool, dmap__call *call);
/** dispatch.c: does what the call wants done at branches, until its share is above until_s. Returns true if there was
 *  anything. *is_done: there is nothing left */
bool dmap__dispatch(dmap_pool *pool, dmap__call *call, double now, double until_s, bool *is_done);

#endif
