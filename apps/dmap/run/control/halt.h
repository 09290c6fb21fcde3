/* When to stop, and what the exit status is. Pure. */
#ifndef DMAP_APPS_RUN_CONTROL_HALT_H
#define DMAP_APPS_RUN_CONTROL_HALT_H

#include <stdbool.h>
#include <stdint.h>

#include "run/options/options.h"

typedef struct run_tally {
    uint64_t done, failed; /* ended, and of those failed */
    int last_failure;      /* exit code, or 128 + signal, or 255 if it timed out, of the job that met the rule */
    bool halted;           /* the rule was met */
} run_tally;

/** A job ended: counts it, and says what is to be done. total: jobs in all, UINT64_MAX while
 *  unknown. exit_code: as in the joblog, -1 if it timed out. */
run_halt_when run_halt_note(const run_halt_rule *rule, run_tally *tally, uint64_t total, int exit_code, int signal);
/** 0; 1 to 100: so many failed; 101: more; or what the rule makes of it, as GNU parallel has it. */
int run_halt_status(const run_halt_rule *rule, const run_tally *tally, uint64_t total);

#endif
