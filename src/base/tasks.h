/* The tasks of the program, as DMAP_TASK registered them before main. */
#ifndef DMAP_BASE_TASKS_H
#define DMAP_BASE_TASKS_H

#include <stdbool.h>
#include <stddef.h>

#include <dmap/dmap.h>

typedef struct dmap__tasks {
    const dmap_task **tasks;
    size_t count, capacity;
    bool out_of_memory; /* not all could be kept */
} dmap__tasks;

dmap__tasks *dmap__tasks_get(void);

#endif
