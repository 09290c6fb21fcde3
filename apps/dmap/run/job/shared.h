/* What every rank is told once (by dmap_share): where its jobs run and how. */
#ifndef DMAP_APPS_RUN_JOB_SHARED_H
#define DMAP_APPS_RUN_JOB_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/dmap.h>

#include "run/options/options.h"

/** Read: the pointers lead into the shared data. */
typedef struct run_shared {
    run_output output; /* when it is sent */
    bool shows;        /* -v: begins with the command line */
    bool announces;    /* -t: which is written to standard error */
    bool has_nice;
    int nice;
    run_admission_rule admission;
    int run_pid;    /* of the master */
    uint64_t id;    /* of the run, no other's */
    int first_slot; /* of the rank asked for */
    bool needs[RUN_NEEDS];
    int node_jobs;             /* at a time, if jobs have needs: as -j has it */
    int workers, node_workers; /* of the rank, and of all of its node */
    const char *cores;         /* of the rank, if jobs need some: a line each, with NUMA node, socket and CPUs */
    run_ending ending;
    const char *host, *shell, *directory;
    const char *slot_variable; /* "": none */
    const char *exported;      /* run/job/exported.h */
} run_shared;

/** Sends it to all ranks. exported: run/job/exported.h */
dmap_status run_shared_send(dmap_pool *pool, const run_options *options, const char *exported);
/** As a rank sees it. */
void run_shared_read(const void *shared, int rank, run_shared *to);

#endif
