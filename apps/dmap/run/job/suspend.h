/* Ctrl-Z, and its kin: what stops the run stops its jobs, which are in process groups of their own. */
#ifndef DMAP_APPS_RUN_JOB_SUSPEND_H
#define DMAP_APPS_RUN_JOB_SUSPEND_H

#include <stdbool.h>

#include "run/job/spawner_wire.h"

/** On every rank, before the pool is opened. A signal that is ignored stays so. */
void run_suspend_install(void);
/** The job of this page is stopped and continued with the rank, until the page is taken out. Returns false if there are
 *  too many. Any thread. */
bool run_suspend_add(spawner_page *page);
void run_suspend_remove(spawner_page *page);
/** As run_clock, less the time in which the rank was stopped: for the limits of jobs. */
double run_suspend_clock(void);

#endif
