/* What the jobs of a rank may have of its node, and which job holds what of it. Cores are the rank's own; memory, GPUs
 * and jobs at a time the node's. Pure; without locks. */
#ifndef DMAP_APPS_RUN_JOB_LEDGER_H
#define DMAP_APPS_RUN_JOB_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/base/cpus.h"
#include "run/job/gpus.h"
#include "run/options/needs.h"

typedef struct run_core {
    run_cpus cpus;    /* none: jobs are not bound */
    int numa, socket; /* -1: not known */
    uint64_t gpus;    /* near it: a bit each */
    int holder;       /* 0: it is free */
} run_core;

/** What is there, then what is left of it. Zero is a rank that has nothing. */
typedef struct run_ledger {
    run_core *cores; /* in the order in which they are neighbours; the ledger's own */
    int n_cores;
    run_gpus gpus;
    int gpu_holder[RUN_GPUS]; /* 0: it is free; below 0: another rank's job */
    uint64_t memory, memory_held;
    int jobs, jobs_held; /* at a time */
} run_ledger;

/** What a job holds. */
typedef struct run_hold {
    int holder; /* 0: nothing */
    run_needs needs;
    run_cpus cpus; /* of its cores; none: those of its slot */
} run_hold;

typedef enum run_room_found {
    RUN_HAS_ROOM,
    RUN_IS_FULL,   /* now */
    RUN_NEVER_FITS /* not even if nothing else runs */
} run_room_found;

/** Once cores and gpus are there, before the first job. */
void run_ledger_open(run_ledger *ledger);
void run_ledger_close(run_ledger *ledger);
/** Takes what a job needs. Cores are neighbours, if there are such, of one NUMA node and near free GPUs, if it needs
 *  some; GPUs are those nearest to its cores.
 *  holder: 1 or more; nobody else's.  own: CPUs of its slot */
run_room_found run_ledger_take(run_ledger *ledger, const run_needs *needs, int holder, const run_cpus *own,
                               run_hold *hold);
void run_ledger_give_back(run_ledger *ledger, run_hold *hold);
/** True if so many cores are free now. */
bool run_ledger_has_cores(const run_ledger *ledger, int cores);
/** False if not even if nothing else runs. */
bool run_ledger_can_fit(const run_ledger *ledger, const run_needs *needs);
/** "8 cores are needed, and a rank on node7 has 4": of what can never be met. host: node7 */
void run_ledger_say_lack(const run_ledger *ledger, const run_needs *needs, const char *host, char *text, size_t size);
/** The GPUs that a job holds, as a variable has them: "0,2". Returns false if they have no names there, or do not
 *  fit. Of a job with none: "". */
bool run_ledger_name_gpus(const run_ledger *ledger, const run_hold *hold, int variable, char *text, size_t size);

#endif
