/* What --resume leaves out. */
#ifndef DMAP_APPS_RUN_LOG_RESUME_H
#define DMAP_APPS_RUN_LOG_RESUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/command/template.h"
#include "run/input/inputs.h"
#include "run/job/jobs.h"
#include "run/log/joblog.h"

/** True unless --resume was given a joblog of other commands: then error has a sentence. log: may be NULL */
bool run_resume_check(const run_options *options, run_joblog *log, const run_template *template, char *error,
                      size_t size);
/** What the log says of a job whose command is composed; slots: how many there are, for a command with {%}.
 *  *seq: its number, or that of an earlier job with this command that is to be run in its stead. */
run_verdict run_resume_look(run_joblog *log, const run_template *template, const run_job *job, const run_values *values,
                            const char *const *names, int slots, uint64_t *seq);

#endif
