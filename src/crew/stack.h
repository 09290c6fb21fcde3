/* How large the stacks of workers' threads are. */
#ifndef DMAP_CREW_STACK_H
#define DMAP_CREW_STACK_H

#include <stddef.h>

/** Bytes where nobody said how many, for each of so many workers: the soft limit (ulimit -s), as the main thread has;
 *  where there is none, much. */
size_t dmap__stack_usual(int workers);
/** The same number, or what a thread may have next to it. */
size_t dmap__stack_round(size_t size);

#endif
