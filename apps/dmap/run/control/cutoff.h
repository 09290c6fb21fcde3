/* Jobs that were cut off: they died of a signal that was meant for the run, as batch systems send it to all processes
 * of a job. Such a job is not done. Pure.
 *
 * The job's end may be known before the signal is, or after it, on whatever node the job was: so one that died of what
 * is sent from outside is looked at until a second has passed. Who sends SIGKILL to all leaves nobody to look. */
#ifndef DMAP_APPS_RUN_CONTROL_CUTOFF_H
#define DMAP_APPS_RUN_CONTROL_CUTOFF_H

#include <stdbool.h>

/** The signal from outside that a job may have died of, as its shell tells it (128 and its number), too; else 0. */
int run_cutoff_signal(int exit_code, int signal);

typedef enum run_cutoff { RUN_NOT_CUT_OFF, RUN_CUT_OFF, RUN_CUT_OFF_PERHAPS } run_cutoff;
/** signal:     of run_cutoff_signal
 *  ended:      when the job's end was known
 *  came:       when the run got that signal last; 0: never
 *  announced:  when it got SIGCONT last; 0: never
 *  Times are seconds of one clock. */
run_cutoff run_cutoff_look(int signal, double ended, double came, double announced, double now);

#endif
