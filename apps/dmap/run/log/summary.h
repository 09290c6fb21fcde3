/* What is said at the end, on standard error: which jobs failed, how, and how to run just those again. */
#ifndef DMAP_APPS_RUN_LOG_SUMMARY_H
#define DMAP_APPS_RUN_LOG_SUMMARY_H

#include <stdint.h>

#include "run/job/job_wire.h"
#include "run/job/jobs.h"
#include "run/job/record.h"
#include "run/options/options.h"

enum { RUN_SUMMARY_NAMED = 10 }; /* jobs that are named */

typedef struct run_failure {
    uint64_t seq;
    char how[128];
    char host[64];
    char *command; /* its beginning */
} run_failure;

typedef struct run_summary {
    uint64_t failed, changed;
    run_failure failures[RUN_SUMMARY_NAMED];
} run_summary;

void run_summary_fini(run_summary *summary);
/** A job has failed for good. */
void run_summary_note_failed(run_summary *summary, const run_record *record, const run_result *result, int attempts);
/** Its command is not the one that the joblog has: said at once, of the first few. */
void run_summary_note_changed(run_summary *summary, uint64_t seq);
/** The failures, and how to run them again. argv: of dmap, for the command line. */
void run_summary_print(const run_summary *summary, const run_options *options, char **argv);
/** The running jobs, one a line. */
void run_summary_list_running(const run_jobs *jobs, double now);

#endif
