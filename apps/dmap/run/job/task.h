/* The task that the pool maps over jobs. */
#ifndef DMAP_APPS_RUN_JOB_TASK_H
#define DMAP_APPS_RUN_JOB_TASK_H

#include <dmap/dmap.h>

extern const dmap_task run_task;

#endif
