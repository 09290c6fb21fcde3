/* --usage: what each job took of processors and memory, a line each. */
#ifndef DMAP_APPS_RUN_LOG_USAGE_H
#define DMAP_APPS_RUN_LOG_USAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "run/job/record.h"
#include "run/options/options.h"
#include "run/output/print.h"

typedef struct run_usage run_usage;

/** Opens the log: overwritten, or added to (+FILE, or where the run goes on with an earlier one); half a line that is
 *  at its end is cut off. "-" is standard output, by the printer. Returns NULL with a sentence. */
run_usage *run_usage_open(const run_options *options, run_printer *printer, char *error, size_t size);
/** Adds the line of a job that has ended; on the disk at once. Returns false with a sentence. */
bool run_usage_add(run_usage *usage, const run_record *record, char *error, size_t size);
/** usage: may be NULL. Returns false with a sentence. */
bool run_usage_close(run_usage *usage, char *error, size_t size);

/** The most memory that a job took so far, in KiB, and which it was; 0: none has ended. usage: may be NULL */
uint64_t run_usage_peak(const run_usage *usage, uint64_t *seq);

#endif
