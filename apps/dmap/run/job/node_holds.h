/* What the jobs of all ranks of a node hold of it, if several ranks share it: memory, GPUs, places at a time. */
#ifndef DMAP_APPS_RUN_JOB_NODE_HOLDS_H
#define DMAP_APPS_RUN_JOB_NODE_HOLDS_H

#include <stdbool.h>
#include <stdint.h>

#include "run/job/gpus.h"

enum { RUN_NODE_GPU = 64 }; /* bytes of a GPU's name that tell it from others */

typedef struct run_node_holds {
    char prefix[40]; /* of names: the run's */
} run_node_holds;

/** What is held, by this rank's jobs too. */
typedef struct run_node_held {
    uint64_t memory;
    int jobs;
    uint64_t waits; /* since when the first waits that is in line for the node; 0: none */
    int n_gpus;
    char gpus[RUN_GPUS][RUN_NODE_GPU];
} run_node_held;

/** id: of the run, on all its ranks. */
void run_node_holds_open(run_node_holds *holds, uint64_t id);
/** Waits until no other rank has it, and keeps it until it is closed: what is held is looked at and taken in one go.
 *  Returns -1 with errno if that cannot be done. */
int run_node_holds_lock(const run_node_holds *holds);
/** Returns false if it cannot be known. */
bool run_node_holds_look(const run_node_holds *holds, run_node_held *held);

/* They return a descriptor: it is held until that is closed, or this process ends. -1 with errno if it cannot be. */

/** A job's place and memory. */
int run_node_holds_job(const run_node_holds *holds, uint64_t memory);
int run_node_holds_gpu(const run_node_holds *holds, const char *name);
/** A place in line: since, of CLOCK_MONOTONIC in ns, is not another's of this process. */
int run_node_holds_wait(const run_node_holds *holds, uint64_t since);

#endif
