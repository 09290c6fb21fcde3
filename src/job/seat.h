/* Where, and how soon, a rank's own thread runs while it serves a call. It sleeps most of the time, and when it wakes,
 * workers wait for it, or somebody for their results: it is to be run at once, though they keep all cores busy. And
 * where several ranks share a host it is to run on its rank's cores: else the kernel would now and then have it wake,
 * or wait for, a core of another rank. */
#ifndef DMAP_JOB_SEAT_H
#define DMAP_JOB_SEAT_H

#include "job/pool.h"

/** For the rank's own thread. Costs a few microseconds, the first time: for who is about to wait. With DMAP_BIND_NONE
 *  it is bound to nothing. */
void dmap__seat_take(dmap_pool *pool);
/** All is again as it was before dmap__seat_take, if that was called. */
void dmap__seat_leave(dmap_pool *pool);

#endif
