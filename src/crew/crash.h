/* A crash of a task that runs in the rank itself (DMAP_THREADS, DMAP_SERIAL): the item is named on stderr before the
 * signal does what it does. */
#ifndef DMAP_CREW_CRASH_H
#define DMAP_CREW_CRASH_H

/** Watches for crashes, but for signals that the program handles itself. Goes with dmap__crash_close. */
void dmap__crash_open(void);
/** The last one takes the handlers away, where the program has put no others in their place. */
void dmap__crash_close(void);

/** Gives the calling thread a stack for signal handlers, if it has none: for a crash because the stack is full.
 *  Returns:  that stack, for dmap__crash_stack_drop by the same thread; NULL if it had one, or memory is out */
void *dmap__crash_stack(void);
/** stack: may be NULL */
void dmap__crash_stack_drop(void *stack);

#endif
