/* A copy of a process that has a pool: made by a fork() of a task's, a source's or a sink's. The pool is not the
 * copy's, nor are its workers and messages: so when the function that forked returns on both sides, the copy leaves. */
#ifndef DMAP_CREW_COPY_H
#define DMAP_CREW_COPY_H

#include <stdbool.h>

#include "crew/child_end.h"

extern bool dmap__copy_is_here; /* this process was forked after its last dmap__copy_watch */

/** From now on copies of this process know that they are. Takes memory the first time. Returns false if it is out.
 *  Called by:  who opens a pool; a worker's process */
bool dmap__copy_watch(void);

/** After each function of the program: ends the process if it is a copy. */
static inline void dmap__copy_leave(void) {
    if (__builtin_expect(dmap__copy_is_here, 0))
        dmap__child_leave(0);
}

#endif
