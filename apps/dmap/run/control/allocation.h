/* What the batch system says of the allocation that this runs in. */
#ifndef DMAP_APPS_RUN_CONTROL_ALLOCATION_H
#define DMAP_APPS_RUN_CONTROL_ALLOCATION_H

#include <stdbool.h>

/** Its end, in seconds since the epoch; 0: there is none, or it is not known. Asks squeue, scontrol or qstat, and waits
 *  a few seconds at most for an answer. */
double run_allocation_end(double now);
/** What they print, read. Returns false if the end is not in it. */
bool run_allocation_read_squeue(const char *text, double now, double *end); /* "1-02:03:04", the time left */
bool run_allocation_read_scontrol(const char *text, double *end);           /* "… EndTime=2026-11-23T18:00:00 …" */
bool run_allocation_read_qstat(const char *text, double now, double *end);  /* PBS, of "qstat -f" */

#endif
