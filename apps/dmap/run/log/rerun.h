/* How to run again what failed. */
#ifndef DMAP_APPS_RUN_LOG_RERUN_H
#define DMAP_APPS_RUN_LOG_RERUN_H

#include "run/options/options.h"

/** The whole command line, with what started this program, and --resume-failed before all else, unless it is
 *  --retry-failed. argv: of dmap */
void run_rerun_print(const run_options *options, char **argv);

#endif
