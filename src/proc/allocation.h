/* What the batch system says of the allocation that this runs in. */
#ifndef DMAP_PROC_ALLOCATION_H
#define DMAP_PROC_ALLOCATION_H

#include <stdbool.h>
#include <stdint.h>

/** Seconds until its end, as dmap_allocation_end finds it; INFINITY: there is none, or it is not known. */
double dmap__allocation_left(void);
/** Digits only, up to `most`. */
bool dmap__allocation_read_number(const char *text, uint64_t most, uint64_t *value);
/** What squeue, scontrol and qstat print, read. Returns false if the end is not in it. */
bool dmap__allocation_read_squeue(const char *text, double now, double *end); /* "1-02:03:04", the time left */
bool dmap__allocation_read_scontrol(const char *text, double *end);          /* "… EndTime=2026-11-23T18:00:00 …" */
bool dmap__allocation_read_qstat(const char *text, double now, double *end); /* PBS, of "qstat -f" */

#endif
