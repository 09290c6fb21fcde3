/* The cgroups that a process is in, of either version. */
#ifndef DMAP_APPS_RUN_JOB_CGROUPS_H
#define DMAP_APPS_RUN_JOB_CGROUPS_H

#include <stdint.h>

typedef void run_cgroup_fn(void *arg, const char *folder);

/** Calls visit for this process's cgroup and each above it, from there up, where limits of a controller ("pids",
 *  "memory") are: their folders, of which some may not be there. root: put before /proc and /sys; "" but in tests. */
void run_cgroups_visit(const char *root, const char *controller, run_cgroup_fn *visit, void *arg);
/** The number in a file of one line; UINT64_MAX if there is none ("max"). */
uint64_t run_number_in(const char *folder, const char *file);

#endif
