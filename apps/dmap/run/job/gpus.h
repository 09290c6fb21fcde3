/* The GPUs that jobs may have on this node, found without the vendors' libraries. */
#ifndef DMAP_APPS_RUN_JOB_GPUS_H
#define DMAP_APPS_RUN_JOB_GPUS_H

#include <stdbool.h>
#include <stddef.h>

#include "run/base/cpus.h"

enum {
    RUN_GPUS = 64,         /* of a node, at most */
    RUN_GPU_VARIABLES = 4, /* CUDA_VISIBLE_DEVICES and its like */
    RUN_GPU_NAME = 128
};

typedef struct run_gpu {
    char name[RUN_GPU_VARIABLES][RUN_GPU_NAME]; /* in each variable; "": it is not told there */
    run_cpus near;                              /* CPUs; none: not known */
} run_gpu;

typedef struct run_gpus {
    int n;
    run_gpu gpu[RUN_GPUS];
    bool tells[RUN_GPU_VARIABLES]; /* some are named there */
    bool by_bus;                   /* names are numbers in the order of the PCI bus */
} run_gpus;

/** Those that a variable of the environment names, which is the allocation's word; else those that NVIDIA's driver
 *  lists; else AMD's; else Intel's. root: put before /proc, /sys and /dev; "" but in tests. */
void run_gpus_find(run_gpus *gpus, const char *root);
/** The name of a variable that tells programs which GPUs to use. */
const char *run_gpu_variable(int variable);
/** True if an empty list hides all GPUs from programs that read it. */
bool run_gpu_variable_hides(int variable);

#endif
