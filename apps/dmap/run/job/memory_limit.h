/* A cgroup for the jobs of one slot, which holds each to the memory that it has said it needs. */
#ifndef DMAP_APPS_RUN_JOB_MEMORY_LIMIT_H
#define DMAP_APPS_RUN_JOB_MEMORY_LIMIT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct run_memory_limit {
    char folder[PATH_MAX];
    int processes;  /* where a process enters by writing "0"; -1: there is no cgroup */
    bool is_set;    /* the job that entered last has one */
    uint64_t kills; /* that there had been when it was set */
} run_memory_limit;

/** Makes one, where this process may: of version 2, below one that hands the memory controller down. Else jobs are not
 *  held to what they said.
 *  root:   put before /proc and /sys; "" but in tests
 *  owner:  a number of its own */
void run_memory_limit_open(run_memory_limit *limit, const char *root, pid_t owner);
/** For the job that is to enter next; 0: it has none. Returns false if there is no limit then. */
bool run_memory_limit_set(run_memory_limit *limit, uint64_t bytes);
/** True if there is a limit and something was killed since, as it would have taken more. */
bool run_memory_limit_was_passed(const run_memory_limit *limit);
/** Removes it; no process may be left in it. */
void run_memory_limit_close(run_memory_limit *limit);
/** Removes that of an owner who has been killed. */
void run_memory_limit_remove(const char *root, pid_t owner);

#endif
