/* When to stop, how long jobs take, and what the exit status is. Pure. */
#ifndef DMAP_APPS_RUN_HALT_H
#define DMAP_APPS_RUN_HALT_H

#include "options.h"

typedef struct run_tally {
    uint64_t done, failed; /* ended, and of those failed */
    int last_failure;      /* exit code, or 128 + signal, or 255 if it timed out, of the job that met the rule */
    bool halted;           /* the rule was met */
} run_tally;

/** "never", "now,fail=1", "soon,done=30%", and GNU parallel's old 0, 1, 2, -1, -2, N%. Returns false if it is none. */
bool run_halt_parse(const char *text, run_halt_rule *rule);
/** A job ended: counts it, and says what is to be done. total: jobs in all, UINT64_MAX while
 *  unknown. exit_code: as in the joblog, -1 if it timed out. */
run_halt_when run_halt_note(const run_halt_rule *rule, run_tally *tally, uint64_t total, int exit_code, int signal);
/** 0; 1 to 100: so many failed; 101: more; or what the rule makes of it, as GNU parallel has it. */
int run_halt_status(const run_halt_rule *rule, const run_tally *tally, uint64_t total);

/** The median of run times, in memory that does not grow: a histogram with steps of 1%. */
typedef struct run_median run_median;
run_median *run_median_create(void);
void run_median_free(run_median *median);
void run_median_add(run_median *median, double seconds);
/** Seconds; 0 before the first, or fewer than three, have been added. */
double run_median_get(const run_median *median);

/** When the allocation ends, as `--until` or the batch system (Slurm: SLURM_JOB_END_TIME, else squeue; PBS: qstat's
 *  walltime) says: seconds since the epoch; 0: not known. */
double run_until(const run_options *options);
/** "+90", "+1h30m", "2026-11-23T18:00", "2026-11-23 18:00:30", "18:00" (today or tomorrow). Returns false if it is no
 *  time. */
bool run_until_parse(const char *text, double now, double *until);

#endif
