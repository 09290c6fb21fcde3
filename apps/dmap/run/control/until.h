/* When the run has to end. */
#ifndef DMAP_APPS_RUN_CONTROL_UNTIL_H
#define DMAP_APPS_RUN_CONTROL_UNTIL_H

#include "run/options/options.h"

/** When the allocation ends, as `--until` or the batch system (Slurm: SLURM_JOB_END_TIME, else squeue; PBS: qstat's
 *  walltime) says: seconds since the epoch; 0: not known. */
double run_until(const run_options *options);

#endif
