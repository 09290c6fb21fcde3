/* The joblog: GNU parallel's columns, a line at a job's end, and what it says about jobs of an earlier run. */
#ifndef DMAP_APPS_RUN_LOG_JOBLOG_H
#define DMAP_APPS_RUN_LOG_JOBLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/job/record.h"
#include "run/log/joblog_past.h"
#include "run/options/options.h"
#include "run/output/print.h"

typedef struct run_joblog run_joblog;

/** Opens the joblog as the options say: overwritten, appended to (+FILE), or read and then appended to (--resume,
 *  --resume-failed). Returns NULL with a sentence: it cannot be read or written, or is no joblog. A damaged or torn
 *  line counts as not there. With --dry-run it is read only. "-" is standard output, by the printer. *damaged: how many
 *  of those. An empty or new file gets a header, with +FILE too. */
run_joblog *run_joblog_open(const run_options *options, run_printer *printer, size_t *damaged, char *error,
                            size_t size);
/** Writes what is buffered and closes. Returns false with a sentence if that failed. */
bool run_joblog_close(run_joblog *log, char *error, size_t size);

/** What it says of earlier runs. */
run_past *run_joblog_past(run_joblog *log);
/** Adds a line; on the disk at once (one write). Returns false with a sentence. */
bool run_joblog_add(run_joblog *log, const run_record *record, char *error, size_t size);

#endif
