/* Calls in flight: a map, or a single item, as an object that is looked at, waited for, or cancelled while the program
 * does other things; and streams, whose results are asked for one by one.
 *
 * Calls move along inside dmap_wait, dmap_wait_any, dmap_step, dmap_stream_next, dmap_map and dmap_close alone: a
 * program that calls none of these for a while finds the workers idle, unless the pool has a helper
 * (dmap_options.helper). That is a thread of the master's, which moves calls along while the program computes: it hands
 * out items, takes results to their place (dmap_into, dmap_collect), has submitted items run, and sees calls end.
 * Functions of the program's still run in its own thread alone, inside the functions above, and what waits for them
 * waits: the items of dmap_pull, all of a call with a cost hint, results for dmap_each, dmap_fold and dmap_fold_blob
 * (held up to options.window) and for a stream, on_watch, on_done. While a call with on_emit runs the helper rests. In
 * a pool of several ranks it calls MPI: unless that was started with MPI_THREAD_MULTIPLE, the program calls MPI on the
 * master only while no call is in flight, and dmap_open and dmap_close are called as ever. Any number may be in flight;
 * up to 1024 run at a time, others wait for one of them to end. Calls that run share the workers fairly: each gets its
 * part of the workers' time, by dmap_map_options.priority.
 *
 * Unless a comment says otherwise: on the master, by the thread that opened the pool, outside any task. A call may be
 * made, cancelled and freed from inside a source, sink, or on_done function: it waits, and is not nested; what blocks
 * (dmap_wait, dmap_wait_any, dmap_step, dmap_stream_next, dmap_map) is refused there. A handle that was freed, or is
 * none, is refused with DMAP_EINVAL. */
#ifndef DMAP_CALL_H
#define DMAP_CALL_H

#include <dmap/dmap.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Begins a map, as dmap_map does it, and returns at once.
 *  source, sink: what they point to is borrowed until the call has ended; options are copied, what they point to is not
 *  call:         *call is the new call, to be freed by dmap_call_free; untouched if the call could not be made
 *  Returns:      DMAP_OK; DMAP_EINVAL, DMAP_ENOMEM, DMAP_EMPI, DMAP_ECANCELLED (the pool is being closed): the sentence
 *                is in dmap_error(pool) */
DMAP_API dmap_status dmap_map_async(dmap_pool *pool, const dmap_task *task, dmap_source source, dmap_sink sink,
                                    const dmap_map_options *options, dmap_call **call);

/** Has one item run. Submits with the same task and options share one call inside: they travel in batches.
 *  Called by:  any thread, outside tasks. In the thread that opened the pool it waits, while `queue` submits are held,
 *              by moving calls along; in others by sleeping. So a program whose other threads submit keeps one of
 *              dmap_wait, dmap_step, … running, or has a helper
 *  item:       copied; size must be the task's item_size, if that is fixed
 *  options:    NULL for defaults. chunk, schedule, unordered, window, on_error, journal, journal_name, cost,
 *              progress, on_emit and on_watch do not apply, and are refused if set
 *  Returns:    DMAP_OK; DMAP_PENDING (options.no_wait, and the queue is full: nothing was submitted); DMAP_EINVAL,
 *              DMAP_ENOMEM, DMAP_EMPI; DMAP_ECANCELLED (the pool is being closed) */
DMAP_API dmap_status dmap_submit(dmap_pool *pool, const dmap_task *task, const void *item, size_t size,
                                 const dmap_map_options *options, dmap_call **call);

/** Waits for a call to end, and runs what on_done functions are due.
 *  timeout_s:  seconds from now; < 0: no limit; 0: takes what has come, and does not wait
 *  Returns:    the call's own status, once it has ended, however often it is asked; DMAP_PENDING before; DMAP_EINVAL */
DMAP_API dmap_status dmap_wait(dmap_call *call, double timeout_s);
/** Waits for any of n calls, which may be of one pool only; NULL among them is passed over.
 *  which:      set to the place of one that has ended: the lowest
 *  Returns:    that one's own status; DMAP_PENDING, with *which = n; DMAP_EINVAL (n is 0, which is NULL, no call), with
 *              *which = n: the status of a call may be that, too */
DMAP_API dmap_status dmap_wait_any(dmap_call *const *calls, size_t n, double timeout_s, size_t *which);

/** DMAP_PENDING, or how the call ended; DMAP_EINVAL. Never blocks. Called by: any thread. */
DMAP_API dmap_status dmap_call_status(const dmap_call *call);
/** The result of a dmap_submit that ended well; NULL for any other call. size may be NULL. Valid until
 *  dmap_call_free. */
DMAP_API const void *dmap_call_result(const dmap_call *call, size_t *size);
/** The sentence of a call that ended otherwise; "" if there is none. Valid until dmap_call_free. */
DMAP_API const char *dmap_call_error(const dmap_call *call);
/** What a map did; of one that has not ended, what it has done so far: `items` and `failed` are those that the master
 *  knows to have ended, which are told a chunk at a time, and `seconds` count from when it was made. Bytes that were
 *  sent and received come with the end, as they are those of all calls; zeros for dmap_submit. */
DMAP_API void dmap_call_report(const dmap_call *call, dmap_report *report);

/** Drops what has not begun; what runs is asked to stop (dmap_cancelled), or killed (options.kill, with processes).
 *  Results delivered stay. The call then ends with DMAP_ECANCELLED, in one of the functions that move calls along: a
 *  map when nothing of it runs any more; a submitted item at once, also one that runs and has yet to notice, and whose
 *  worker is free after that. dmap_map_options.timeout_s of a submitted item does the same, with DMAP_ETIMEOUT. Of a
 *  call that has ended nothing changes.
 *  Called by:  any thread
 *  Returns:    DMAP_OK, DMAP_EINVAL. Never blocks */
DMAP_API dmap_status dmap_cancel(dmap_call *call);
/** Frees a call; one that runs is cancelled, and freed when it has ended: what its source and sink point to must be
 *  there until then. Its on_done is not run any more. call: may be NULL. Never blocks. */
DMAP_API void dmap_call_free(dmap_call *call);

/** A map whose results are asked for, one by one, in index order unless options.unordered.
 *  options:    NULL for defaults. cost is refused without unordered: results would be held beyond the window. on_done
 *              has no meaning: dmap_stream_next says when the map has ended
 *  Returns:    as dmap_map_async; DMAP_ECANCELLED (the pool is being closed) */
DMAP_API dmap_status dmap_stream_open(dmap_pool *pool, const dmap_task *task, dmap_source source,
                                      const dmap_map_options *options, dmap_stream **stream);
/** The next result. While nobody asks, the workers go on until options.window is full.
 *  result:     valid until the next call on the stream
 *  Returns:    DMAP_OK; DMAP_PENDING (none within timeout_s; < 0: no limit); DMAP_END after the last; how the map ended
 *              otherwise (DMAP_EITEM, …), after the last before that, with the sentence in dmap_error(pool). When the
 *              pool was closed: DMAP_END if all results had been taken, else how the map ended, with the sentence in
 *              dmap_error(NULL) */
DMAP_API dmap_status dmap_stream_next(dmap_stream *stream, double timeout_s, dmap_item_result *result);
/** Ends a stream, at any time: what has not begun is dropped. stream: may be NULL. Never blocks. */
DMAP_API void dmap_stream_close(dmap_stream *stream);

/** Moves every call along, and runs what on_done functions are due: until a call has ended, or for timeout_s seconds
 *  (0: takes what has come, and does not wait; < 0: no limit).
 *  Returns:    DMAP_OK: a call has ended since the step before; DMAP_PENDING: none has; DMAP_END: none is in flight;
 *              DMAP_EINVAL, DMAP_EMPI */
DMAP_API dmap_status dmap_step(dmap_pool *pool, double timeout_s);
/** A descriptor for poll, epoll, or a loop as libuv's: readable when dmap_step has something to do, and until it was
 *  called (level-triggered). Only to be waited for; the pool's, closed with it. -1: it could not be made, and
 *  dmap_error(pool) says why.
 *  Cost:       a thread of the pool's own, which sleeps while nothing happens */
DMAP_API int dmap_fd(dmap_pool *pool);

#ifdef __cplusplus
}
#endif
#endif
