/* Seconds. */
#ifndef DMAP_APPS_RUN_BASE_CLOCK_H
#define DMAP_APPS_RUN_BASE_CLOCK_H

/** Of a clock that only goes on: for spans. */
double run_clock(void);
/** Since the epoch. */
double run_date(void);

#endif
