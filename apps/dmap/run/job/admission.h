/* --load, --memfree and --noswap: whether a node may start one more job. */
#ifndef DMAP_APPS_RUN_JOB_ADMISSION_H
#define DMAP_APPS_RUN_JOB_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "run/options/options.h"

/** What a worker remembers from look to look. Zero at first. */
typedef struct run_admission {
    double swaps_s; /* when the counters were read, by run_clock */
    uint64_t swaps_in, swaps_out;
    bool is_swapping;
} run_admission;

/** True if there is anything to look at. */
bool run_admission_is_asked(const run_admission_rule *rule);
/** True if the node may start a job now. proc: "/proc". What cannot be read holds nothing back. */
bool run_admission_look(run_admission *admission, const run_admission_rule *rule, const char *proc);

/** True if less than half of the memory that --memfree asks for is free. */
bool run_admission_is_scarce(const run_admission_rule *rule, const char *proc);

#endif
