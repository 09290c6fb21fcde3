/* Driving one job from its start to its end: starts it, feeds it, reads what it writes, and ends it when it must. */
#ifndef DMAP_APPS_RUN_JOB_DRIVE_H
#define DMAP_APPS_RUN_JOB_DRIVE_H

#include <stdbool.h>

#include <dmap/dmap.h>

#include "run/job/admission.h"
#include "run/job/capture.h"
#include "run/job/job_wire.h"
#include "run/job/rank_ledger.h"
#include "run/job/spawner.h"
#include "run/options/options.h"

/** A worker's own state. */
typedef struct run_worker {
    spawner_birth birth;
    const char *exported; /* among what is shared with all ranks */
    run_spawner *spawner;
    run_capture capture;
    run_text command; /* with the slot in its places */
    bool may_skip_shell;
    run_ending ending;
    run_admission_rule rule; /* of starting one */
    run_admission admission;
    bool shows, announces; /* -v, -t */
    bool has_needs;        /* jobs say what they need; what the one that runs has of it: */
    run_share share;
} run_worker;

/** Runs the job. result->output points into the worker's buffers. Returns 0, or dmap_fail's code: it could not be run
 *  for a reason of this rank's. */
int run_drive(run_worker *worker, dmap_context *ctx, const run_item *item, run_result *result);

#endif
