/* How long a job may run, and how it is ended. */
#ifndef DMAP_APPS_RUN_JOB_LIMIT_H
#define DMAP_APPS_RUN_JOB_LIMIT_H

#include <stdbool.h>

#include "run/job/job_wire.h"
#include "run/options/options.h"

/** One job's: embedded, no memory of its own. */
typedef struct run_limit {
    double began_s;
    double timeout_s, percent; /* as run_item has them */
    const run_ending *ending;
    int stage;     /* signals sent so far */
    double next_s; /* when the next is due */
    run_end end;   /* why it is being ended; RUN_ENDED while it is not */
} run_limit;

void run_limit_begin(run_limit *limit, const run_item *item, const run_ending *ending);
/** The signal that is due now, or 0. why: RUN_ENDED, or what the job is to be ended for, but for its own limit. */
int run_limit_step(run_limit *limit, run_end why);
/** Milliseconds until the next look, 1 or more. */
int run_limit_wait_ms(const run_limit *limit);
/** A job of this rank took so long, and was not ended by us: for a limit in percent. Any thread. */
void run_limit_note(const run_item *item, double seconds);

#endif
