/* A crash of a task that runs in the rank itself (DMAP_THREADS, DMAP_SERIAL): the item is named on stderr before the
 * signal does what it does. If it strikes a thread that is no worker's, which a task may have started, those items are
 * named that run. */
#ifndef DMAP_CREW_CRASH_H
#define DMAP_CREW_CRASH_H

#include <pthread.h>

#include <dmap/task.h>

/** Workers whose items are watched. Theirs is the memory, from dmap__crash_open to dmap__crash_close. */
typedef struct dmap__crash_watch {
    int workers;
    const dmap_context *(*context_of)(const void *arg, int worker); /* asked by a signal handler. NULL: none yet */
    const void *arg;
    /* Private to crash.c. */
    struct dmap__crash_watch *_Atomic next;
    pthread_t manager;
} dmap__crash_watch;

/** Watches for crashes, but for signals that the program handles itself. Goes with dmap__crash_close.
 *  Called by:  the workers' manager: no task has started that thread */
void dmap__crash_open(dmap__crash_watch *workers);
/** The last one takes the handlers away, where the program has put no others in their place. */
void dmap__crash_close(dmap__crash_watch *workers);

/** Gives the calling thread a stack for signal handlers, if it has none: for a crash because the stack is full.
 *  Returns:  that stack, for dmap__crash_stack_drop by the same thread; NULL if it had one, or memory is out */
void *dmap__crash_stack(void);
/** stack: may be NULL */
void dmap__crash_stack_drop(void *stack);

#endif
