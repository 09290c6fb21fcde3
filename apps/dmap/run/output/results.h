/* --results: what each job wrote, in files of its own or as rows of a table, on the master's file system. */
#ifndef DMAP_APPS_RUN_OUTPUT_RESULTS_H
#define DMAP_APPS_RUN_OUTPUT_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "run/job/jobs.h"
#include "run/job/record.h"
#include "run/options/options.h"
#include "run/output/order.h"

typedef struct run_results run_results;

/** options->results is a folder, a name with placeholders, or a table (X.csv, X.tsv, X.json); of a table the order
 *  hands whole jobs to it. total: of jobs, for a name with {##}. Returns NULL with a sentence. */
run_results *run_results_open(const run_options *options, run_order *order, uint64_t total, char *error, size_t size);
/** Returns false with a sentence if the table could not be written to its end. results: may be NULL */
bool run_results_close(run_results *results, char *error, size_t size);

/** As run_template_check_names, of a name with placeholders. results: may be NULL */
bool run_results_check_names(const run_results *results, const char *const *names, char *error, size_t size);

/* Of one job. They return false with a sentence in run_results_error. */
bool run_results_begin(run_results *results, run_job *job, const run_values *values, const char *const *names);
bool run_results_add(run_results *results, run_job *job, int stream, const void *data, size_t size);
/** What was added is of an attempt that failed: it is kept apart from what the next one adds. */
bool run_results_set_aside(run_results *results, run_order *order, run_job *job, const run_record *record);
/** What was added is no longer wanted. */
void run_results_reset(run_results *results, run_job *job);
bool run_results_end(run_results *results, run_job *job, const run_record *record);
/** The name of the file that standard output of a job is in, valid until the next call; NULL if memory is out. Not of a
 *  table. */
const char *run_results_file(run_results *results, const run_job *job);
const char *run_results_error(const run_results *results);

#endif
