/* A descriptor for what has none: a thread sleeps for it, and makes it readable. */
#ifndef DMAP_PROC_SHARED_WATCH_H
#define DMAP_PROC_SHARED_WATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"

typedef struct dmap__shared_watch dmap__shared_watch;

/** Waits up to timeout_s for what is watched; may wake early. Returns whether it has come.
 *  Called by:  the watch's thread */
typedef bool dmap__shared_wait_fn(void *arg, double timeout_s);

/** The descriptor of the watch at *place, which is made if there is none (of this process). It is readable from when
 *  wait has returned true, until dmap__shared_watch_again.
 *  making:   guards the making
 *  Returns:  -1 on failure */
int dmap__shared_watch_ready(_Atomic(dmap__shared_watch *) *place, pthread_mutex_t *making, dmap__shared_wait_fn *wait,
                             void *arg, dmap__error *error);
/** It was looked at: the thread waits anew. watch may be NULL. */
void dmap__shared_watch_again(dmap__shared_watch *watch);
/** Ends the thread, once its wait has returned. watch may be NULL. */
void dmap__shared_watch_stop(dmap__shared_watch *watch);

#endif
