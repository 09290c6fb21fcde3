/* How much memory jobs may have on this node. */
#ifndef DMAP_APPS_RUN_JOB_NODE_MEMORY_H
#define DMAP_APPS_RUN_JOB_NODE_MEMORY_H

#include <stdint.h>

/** Bytes that the machine has, or those that Slurm's allocation or a cgroup allows, if that is less; UINT64_MAX: not
 *  known. root: put before /proc and /sys; "" but in tests. */
uint64_t run_node_memory(const char *root);

#endif
