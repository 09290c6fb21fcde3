/* The spawner's own side. */
#ifndef DMAP_APPS_RUN_JOB_SPAWNER_CHILD_H
#define DMAP_APPS_RUN_JOB_SPAWNER_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "run/job/spawner_wire.h"

/** The spawner's life: a dmap_process_fn. argument: a spawner_birth, and what follows it. */
int run_spawner_live(void *argument, size_t size);

/* spawner_exec.c: starting one command. */

typedef struct spawner_exec spawner_exec; /* the environment and the shell of all jobs */
/** Returns NULL if memory is out. */
spawner_exec *spawner_exec_create(const spawner_birth *birth);
/** The next command enters a cgroup by writing "0" there; -1: none. */
void spawner_exec_enter(spawner_exec *exec, int processes);
/** Starts a command, in a group of its own. strings: as they follow the request; fds: its standard output, error and
 *  input. Returns its pid; -1 with errno if nothing could be run. */
pid_t spawner_exec_start(spawner_exec *exec, const spawner_request *request, char *strings, const int fds[3]);

/* spawner_environment.c: what jobs find in their environment. */

typedef struct spawner_environment spawner_environment;
/** Returns NULL if memory is out. */
spawner_environment *spawner_environment_create(const spawner_birth *birth);
/** That of a job, until the next is asked for. own: "NAME=value", SPAWNER_VARIABLES at most, instead of what all have;
 *  borrowed. */
char *const *spawner_environment_of(spawner_environment *environment, uint64_t seq, char *const *own, int n_own);

/* spawner_reap.c: ending what is left. */

/** Waits some milliseconds for every child to end, then kills those that have not, and what becomes a child by that,
 *  until there is none, or it will not die within some seconds.
 *  since: spares what was started before that (clock ticks since the boot, as /proc/PID/stat has them); 0: spares
 *  nothing. Children are reaped, and counted in the report; if `job` is among them, its status is left in *status and
 *  true returned. */
bool spawner_end_all(unsigned long long since, int grace_ms, pid_t job, int *status, spawner_report *report);
/** Adds to the report what a process that was reaped has used. */
void spawner_count(spawner_report *report, const struct rusage *usage);
/** When a process was started, in those ticks; 0 if it is not there. */
unsigned long long spawner_start_of(pid_t pid);

#endif
