/* Calls in flight, as the program sees them: what src/api's files share.
 *
 *   call.c     dmap_map, dmap_map_async, waiting, cancelling, freeing
 *   wind_up.c  what becomes of them when the pool is closed
 *   submit.c   dmap_submit
 *   submits.c  items that share a call
 *   stream.c   dmap_stream_open, …
 *   ended.c    who is told of an end
 *   handle.c   handles */
#ifndef DMAP_API_CALLS_H
#define DMAP_API_CALLS_H

#include "api/handle.h"
#include "pool/pool.h"

/** The call of a handle has ended with that status: tells whoever waits, and has on_done run when it is due. */
void dmap__handle_end(dmap__handle *handle, dmap_status status);
/** Its on_done is not to be run any more. */
void dmap__handle_untell(dmap__handle *handle);
/** Runs what on_done functions are due. Only outside of them, and of other functions of the program's. */
void dmap__handles_tell(dmap_pool *pool);
/** Makes a call from arguments that were not checked. Returns DMAP_OK with *call, or why not, in pool->error. */
dmap_status dmap__call_make(dmap_pool *pool, const char *function, const dmap_task *task, dmap_source source,
                            dmap_sink sink, const dmap_map_options *options, bool by_hand, dmap__call **call);
/** Ends the calls in flight of a pool that is to be closed, as its options say, and takes its handles leave of it.
 *  Returns DMAP_OK; DMAP_ETIMEOUT: one does not end. */
dmap_status dmap__calls_wind_up(dmap_pool *pool);

/* ---- submits.c ---- */

/** Once a round of the loop: calls are opened for items that need one; cancelled items end. */
void dmap__submits_turn(dmap_pool *pool);
/** Calls of theirs that have no item. */
size_t dmap__submits_idle(const dmap_pool *pool);
/** Submitted items that have not ended. */
size_t dmap__submits_pending(const dmap_pool *pool);
/** ends: from now on their calls end as soon as they have no item; another is opened for one that comes then. */
void dmap__submits_end(dmap_pool *pool, bool ends);
/** Queued items are dropped, nothing can be submitted any more, and those that run are cancelled. */
void dmap__submits_cancel(dmap_pool *pool);
/** It could not be closed: there may be others. */
void dmap__submits_go_on(dmap_pool *pool);
/** Frees them. No call of theirs may be in flight. */
void dmap__submits_destroy(dmap_pool *pool);

#endif
