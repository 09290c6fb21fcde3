/* What a worker's process runs. */
#ifndef DMAP_CREW_WORKER_CHILD_H
#define DMAP_CREW_WORKER_CHILD_H

#include <stddef.h>

/** Answers requests on the stage, which is descriptor 3, until it is told to quit. A dmap_process_fn. */
int dmap__worker_child(void *argument, size_t size);

#endif
