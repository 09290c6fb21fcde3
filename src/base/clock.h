/* Time, for measuring: seconds since some moment, never backwards. */
#ifndef DMAP_BASE_CLOCK_H
#define DMAP_BASE_CLOCK_H

double dmap__clock_now(void);

/** Sleeps about so long; may return early. */
void dmap__clock_sleep(double seconds);
/** Lets another thread run. */
void dmap__clock_yield(void);

/** Makes this thread's short sleeps exact to a microsecond (Linux rounds them up by 50). Returns what dmap__clock_blunt
 *  needs to undo it. */
long dmap__clock_sharpen(void);
void dmap__clock_blunt(long slack);

#endif
