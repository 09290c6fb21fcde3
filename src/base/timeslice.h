/* How soon a thread that wakes is run where others are busy. Linux gives its core to who has waited longest, in slices
 * of some milliseconds; a thread that asks for short ones may interrupt who has long ones (EEVDF, from Linux 6.12 on;
 * older kernels tell of no slices, and are asked for none). Threads and processes inherit it from who starts them. */
#ifndef DMAP_BASE_TIMESLICE_H
#define DMAP_BASE_TIMESLICE_H

#include <stdint.h>

/** Asks for the shortest slices for the calling thread. Returns what it had, in ns, for dmap__timeslice_restore; 0:
 *  nothing was changed, as the kernel refuses or is older, or the thread's policy is not the usual one. */
uint64_t dmap__timeslice_shorten(void);
/** was: 0 does nothing. */
void dmap__timeslice_restore(uint64_t was);

#endif
