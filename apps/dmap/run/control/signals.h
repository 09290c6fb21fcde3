/* Signals to dmap run itself: a handler only sets a flag, which the master looks at. */
#ifndef DMAP_APPS_RUN_CONTROL_SIGNALS_H
#define DMAP_APPS_RUN_CONTROL_SIGNALS_H

#include <stdbool.h>

/** On every rank, before the pool is opened: on the others than the master a signal is then without effect, so that the
 *  master, which has got it too, can end the run in order. */
void run_signals_install(void);
/** When a signal came last, by run_clock; 0: never, or it is neither SIGCONT nor one that the
 *  run acts on. */
double run_signals_came(int number);
/** The signal after which the run is to stop now (SIGINT, SIGTERM), or 0. Stays. */
int run_signals_stop(void);
/** True if SIGHUP has come: no more jobs are to be started. Stays. */
bool run_signals_drain(void);
/** True once for each SIGUSR1: a list of the running jobs is wanted. */
bool run_signals_take_list(void);
/** True once for each SIGUSR2: progress is to be shown, or no longer. */
bool run_signals_take_toggle(void);

#endif
