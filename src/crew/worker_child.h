/* What a worker's process runs. */
#ifndef DMAP_CREW_WORKER_CHILD_H
#define DMAP_CREW_WORKER_CHILD_H

#include <stdbool.h>
#include <stddef.h>

/** Does once what takes memory: before worker processes are forked from this one (DMAP_FORK), else in them. Returns
 *  false if memory is out. */
bool dmap__worker_child_prepare(void);

/** Answers requests on the stage, which is descriptor 3, until it is told to quit. A dmap_process_fn. */
int dmap__worker_child(void *argument, size_t size);

#endif
