/* The joblog: GNU parallel's columns, a line at a job's end, and what it says about jobs of an earlier run. */
#ifndef DMAP_APPS_RUN_LOG_JOBLOG_H
#define DMAP_APPS_RUN_LOG_JOBLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/job/record.h"
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

typedef enum run_verdict {
    RUN_IT,      /* not in the log, or failed and --resume-failed, or timed out */
    RUN_DONE,    /* it is in the log, with this command, or with any if --changed */
    RUN_CHANGED, /* it is there, with another command: runs again, and that is to be said */
} run_verdict;
/** What the log of the earlier run says of a job. *exit_code, *signal: how it ended then (RUN_DONE).
 *  command: NULL if it is not known before the job runs ({%} in it): then the number alone counts */
run_verdict run_joblog_look(const run_joblog *log, uint64_t seq, const char *command, size_t size, int *exit_code,
                            int *signal);
/** Adds a line; on the disk at once (one write). Returns false with a sentence. */
bool run_joblog_add(run_joblog *log, const run_record *record, char *error, size_t size);

#endif
