/* A worker's spawner, seen from the rank: a small process that starts the worker's commands, one at a time, and sees to
 * it that nothing of them outlives the run. */
#ifndef DMAP_APPS_RUN_JOB_SPAWNER_H
#define DMAP_APPS_RUN_JOB_SPAWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/job/spawner_wire.h"

typedef struct run_spawner run_spawner;

/** What to start. */
typedef struct run_start {
    uint64_t seq;
    char *const *args;     /* ended by NULL; NULL: the command line goes to the shell */
    const char *variables; /* "NAME=value" each, ended by a NUL: of this job's environment, beyond or instead of what
                              all have. DMAP_CPUS says what it is bound to */
    uint64_t memory;       /* bytes that it may have, if it can be held to them; 0: no limit */
    int n_variables;       /* up to SPAWNER_VARIABLES */
    size_t variables_size; /* bytes */
    const char *command;   /* the command line; the shell gets it, too, if args[0] cannot be run */
    int input;             /* descriptors of the job, borrowed; input: -1 for none */
    int output, error;
} run_start;

/** exported: run/job/exported.h. Returns NULL with a sentence. */
run_spawner *run_spawner_open(const spawner_birth *birth, const char *exported, char *error, size_t size);
/** Kills what is left of its jobs. spawner: may be NULL. Blocks: until that is gone */
void run_spawner_close(run_spawner *spawner);

/** Starts a job. Returns false if the spawner is lost. */
bool run_spawner_start(run_spawner *spawner, const run_start *start);
/** A signal for the job's group; SIGKILL: for all that it has started. Returns false if the spawner is lost. */
bool run_spawner_signal(run_spawner *spawner, int signal);
/** Takes the report of the job's end, when the descriptor is readable. Returns false if the spawner is lost. Blocks. */
bool run_spawner_take(run_spawner *spawner, spawner_report *report);
int run_spawner_fd(const run_spawner *spawner);

#endif
