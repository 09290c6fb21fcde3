/* The signals of a worker's thread. */
#ifndef DMAP_CREW_SIGNALS_H
#define DMAP_CREW_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/** What the calling thread has blocked. */
void dmap__signals_get(sigset_t *mask);
/** Of two that dmap__signals_get gave. */
bool dmap__signals_equal(const sigset_t *a, const sigset_t *b);
/** From now on the calling thread has these blocked. */
void dmap__signals_set(const sigset_t *mask);
/** The calling thread, and what it starts, runs nothing of the program's: it takes no signal that comes from outside.
 *  What a thread does to itself (SIGSEGV and the like, SIGPROF) is left as it is: a blocked crash would end the process
 *  without a word.
 *  before:   gets what was blocked; may be NULL */
void dmap__signals_rest(sigset_t *before);

#endif
