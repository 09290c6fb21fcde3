/* How long jobs take. Pure. */
#ifndef DMAP_APPS_RUN_CONTROL_MEDIAN_H
#define DMAP_APPS_RUN_CONTROL_MEDIAN_H

/** The median of run times, in memory that does not grow: a histogram with steps of 1%. */
typedef struct run_median run_median;
run_median *run_median_create(void);
void run_median_free(run_median *median);
void run_median_add(run_median *median, double seconds);
/** Seconds; 0 before the first, or fewer than three, have been added. */
double run_median_get(const run_median *median);

#endif
