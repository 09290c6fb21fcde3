/* What a job needs of its node while it runs. */
#ifndef DMAP_APPS_RUN_JOB_NEEDS_H
#define DMAP_APPS_RUN_JOB_NEEDS_H

#include <stdint.h>

typedef struct run_needs {
    uint64_t memory; /* bytes */
    int32_t cores;   /* of its own; 0: it has its slot's */
    int32_t gpus;    /* of its own */
} run_needs;

#endif
