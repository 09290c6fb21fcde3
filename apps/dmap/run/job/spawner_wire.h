/* What a worker and its spawner say to each other, over a socket and a page of shared memory. Both are of one
 * program. */
#ifndef DMAP_APPS_RUN_JOB_SPAWNER_WIRE_H
#define DMAP_APPS_RUN_JOB_SPAWNER_WIRE_H

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "run/base/cpus.h"

enum {
    SPAWNER_SOCKET = 3, /* descriptors of the spawner, above the standard ones */
    SPAWNER_PAGE = 4,
    SPAWNER_GIVEN = 5,     /* and, from here on, those that jobs inherit */
    SPAWNER_VARIABLES = 8, /* most that one job has of its own */
    SPAWNER_INHERITED = 64 /* most of them */
};

/** What a spawner is told once. Followed by what all jobs are to have in their environment, as run/job/exported.h has
 *  it. */
typedef struct spawner_birth {
    int32_t slot, rank, worker, run_pid;
    int32_t limits_memory;  /* of jobs: a cgroup for them is wanted */
    int32_t nice, has_nice; /* of the jobs; has_nice 0: as this process has it */
    run_cpus cpus;          /* of the worker; none: not known */
    int32_t grace_ms;       /* for what a job that was told to end has started, after its own end */
    int32_t n_inherited, inherited[SPAWNER_INHERITED]; /* the numbers that jobs know these descriptors by */
    uint64_t soft_files;                               /* of jobs: the soft limit on open files; 0: as it is */
    char undo[8192]; /* changes of the environment: "NAME" is taken out, "NAME=value" put back; each ended by a NUL, all
                        by one more */
    char cpus_text[1024];
    char node[256];
    char slot_variable[256]; /* of jobs, with the slot from 0 on; "": none */
    char shell[PATH_MAX];
    char directory[PATH_MAX];
} spawner_birth;

enum { SPAWNER_START = 1, SPAWNER_SIGNAL = 2 };

/** A request. SPAWNER_START: followed by n_variables strings, n_args strings and the command line, each ended by a NUL
 *  (bytes in all), and comes with the job's descriptors: its output, its error and, if has_input, its input. */
typedef struct spawner_request {
    int32_t what;
    int32_t signal; /* SPAWNER_SIGNAL: to the job's group; SIGKILL: and to all that is left of the job */
    int32_t n_args; /* 0: by the shell */
    int32_t has_input;
    int32_t n_variables; /* set in the job's environment. DMAP_CPUS among them binds it */
    int32_t unused;
    uint64_t memory; /* bytes that the job may have, where a cgroup can hold it to them; 0: no limit */
    uint64_t seq, bytes;
} spawner_request;

/** The end of a job. */
typedef struct spawner_report {
    int32_t status; /* as waitpid has it */
    int32_t error;  /* errno if nothing could be run, not even the shell */
    int32_t told;   /* HUP, INT or TERM, if that came to the spawner meanwhile, as what is sent to all does; else 0 */
    int32_t passed_memory; /* it was killed, or some of it, as it would have taken more than it may */
    double started;        /* seconds since the epoch */
    double seconds;
    double user_s, system_s; /* of the job, and of those that it waited for or that were ended with it */
    uint64_t peak_kib;       /* of the one of them that took the most memory */
} spawner_report;

/** Shared. */
typedef struct spawner_page {
    _Atomic pid_t job;     /* that runs: whose group is to be killed, should the spawner be killed itself; 0: none */
    _Atomic int suspended; /* the rank is stopped: a job that is started now is, too */
} spawner_page;

#endif
