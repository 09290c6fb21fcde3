/* Where, and how soon, a rank's own thread runs while it serves a call. It sleeps most of the time, and when it wakes,
 * workers wait for it, or somebody for their results: it is to be run at once, though they keep all cores busy. And
 * where several ranks share a host it is to run on its rank's cores: else the kernel would now and then have it wake,
 * or wait for, a core of another rank. */
#ifndef DMAP_JOB_SEAT_H
#define DMAP_JOB_SEAT_H

#include "pool/pool.h"

/** Before the rank's own thread wakes workers: from now on it is run at once when it wakes. Costs a microsecond, and
 *  ten where an item takes less than one: the thread then sleeps and is woken, where a worker would have been and gone.
 *  With DMAP_SERIAL nothing is done, here and below: tasks run on it, and what they start would inherit this. */
void dmap__seat_take(dmap_pool *pool);
/** When it has slept for a while in vain: binds it to the rank's cores, but not with DMAP_BIND_NONE. Costs a few
 *  microseconds, the first time. */
void dmap__seat_settle(dmap_pool *pool);
/** All is again as it was before. */
void dmap__seat_leave(dmap_pool *pool);

#endif
