/* --memfree: which job of a node gives way where memory becomes scarce. */
#ifndef DMAP_APPS_RUN_JOB_YOUNGEST_H
#define DMAP_APPS_RUN_JOB_YOUNGEST_H

#include <stdbool.h>

#include "run/options/options.h"

/** A job of this rank that runs. Embedded, no memory of its own. */
typedef struct run_running {
    struct run_running *older;
} run_running;

/** It begins: it is the youngest now. Any thread. */
void run_running_enter(run_running *job);
/** It has ended. */
void run_running_leave(run_running *job);
/** True if it is to be ended, and run again later: it is the youngest, and less than half of the memory is free that
 *  the rule wants for one more. Looks once a second at most, for all jobs of the rank. proc: "/proc" */
bool run_running_gives_way(const run_running *job, const run_admission_rule *rule, const char *proc);

#endif
