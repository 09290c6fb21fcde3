/* The fleet: the branches, to all calls: what they have to do, how fast they are at each task, and how the calls share
 * them. It is kept from call to call. Pure, as the plan is. */
#ifndef DMAP_PLAN_FLEET_H
#define DMAP_PLAN_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/speed.h"

#define DMAP__SMALL_LEASE 4 /* items */
#define DMAP__BIG_LEASES  6 /* most that a branch has out of more items than these */
#define DMAP__SPARE       4 /* small leases beyond those that a branch's workers need */

typedef struct dmap__fleet dmap__fleet;

/** A call, as one of those that share the fleet. Whoever has had least is served first. */
typedef struct dmap__fleet_share {
    double had_s; /* time of workers over its weight, with what is out, by estimate, and what it began with */
    uint32_t weight;
    struct dmap__fleet_share *prev, *next; /* the fleet's */
} dmap__fleet_share;

/** workers: of each branch; copied. Returns NULL if memory is out. */
dmap__fleet *dmap__fleet_create(const int *workers, int branches);
/** fleet may be NULL. */
void dmap__fleet_destroy(dmap__fleet *fleet);

/** What is known of a task's speed, kept as long as the fleet; NULL: memory is out. Tasks are numbered from 0. */
dmap__speeds *dmap__fleet_speeds(dmap__fleet *fleet, uint32_t task);

/** A call of that weight, 1 or more, has begun, and has ended. Its share is borrowed in between. It begins level with
 *  the call that has had least: it is not to make up for the time before. */
void dmap__fleet_join(dmap__fleet *fleet, dmap__fleet_share *share, uint32_t weight);
void dmap__fleet_leave(dmap__fleet *fleet, dmap__fleet_share *share);
/** The part of all workers' time that a call has: 0 to 1. */
double dmap__fleet_part(const dmap__fleet *fleet, const dmap__fleet_share *share);

/** Most items that the next lease of a branch may have: 0: none now; UINT64_MAX: no bound. */
uint64_t dmap__fleet_room(const dmap__fleet *fleet, int branch);
/** A lease was granted, and has ended. */
void dmap__fleet_grant(dmap__fleet *fleet, int branch, bool is_big);
void dmap__fleet_end(dmap__fleet *fleet, int branch, bool is_big);
#endif
