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

/** Where a branch waits for work, all calls together: some workers have nothing to do; it has room for a lease. */
typedef enum dmap__fleet_queue { DMAP__FREE = 0, DMAP__ROOM = 1, DMAP__NO_ROOM = 2 } dmap__fleet_queue;
#define DMAP__FLEET_QUEUES 2

/** A call, as one of those that share the fleet. Whoever has had least is served first. */
typedef struct dmap__fleet_share {
    double had_s; /* time of workers over its weight, with what is out, by estimate, and what it began with */
    uint32_t weight;
    bool rests;                            /* it had its turn, and could not use what was free */
    struct dmap__fleet_share *prev, *next; /* the fleet's */
} dmap__fleet_share;

/** workers: of each branch; copied. Returns NULL if memory is out. */
dmap__fleet *dmap__fleet_create(const int *workers, int branches);
/** fleet may be NULL. */
void dmap__fleet_destroy(dmap__fleet *fleet);

/** What is known of a task's speed, kept as long as the fleet; NULL: memory is out. Tasks are numbered from 0. */
dmap__speeds *dmap__fleet_speeds(dmap__fleet *fleet, uint32_t task);

/** A call of that weight, 1 or more, has begun, and has ended. Its share is borrowed in between. It begins level with
 *  the others, as one does that goes on after a rest: it is not to make up for the time before. */
void dmap__fleet_join(dmap__fleet *fleet, dmap__fleet_share *share, uint32_t weight);
void dmap__fleet_leave(dmap__fleet *fleet, dmap__fleet_share *share);
/** It has had so much time of workers more, over its weight; less, if that is negative. */
void dmap__fleet_charge(dmap__fleet *fleet, dmap__fleet_share *share, double seconds);
/** The first of those that share the fleet, in the order of their turns; the others follow it. NULL: there is none. */
dmap__fleet_share *dmap__fleet_shares(const dmap__fleet *fleet);
/** A round, in which calls get what they want of what is free. dmap__fleet_next: whose turn it is, until its had_s is
 *  above *until_s; NULL: the round is over. One for which there is nothing any more passes. */
void dmap__fleet_round(dmap__fleet *fleet);
dmap__fleet_share *dmap__fleet_next(dmap__fleet *fleet, double *until_s);
void dmap__fleet_pass(dmap__fleet *fleet, dmap__fleet_share *share);
/** How long a chunk of a call may take at a branch, by what a chunk of one that is alone may: 0 to 1.
 *  is_there: it has leases there */
double dmap__fleet_part(const dmap__fleet *fleet, const dmap__fleet_share *share, int branch, bool is_there);
/** The part of a branch that a call has, which has leases there: 0 to 1. It is the same while the second number is. */
double dmap__fleet_part_here(const dmap__fleet *fleet, const dmap__fleet_share *share, int branch);
uint64_t dmap__fleet_changes(const dmap__fleet *fleet, int branch);

/** The queue in which a branch stands; how many do; who is first there, and after one of them, or -1. First come, first
 *  served; a grant counts as being served. Not of DMAP__NO_ROOM. */
dmap__fleet_queue dmap__fleet_queue_of(const dmap__fleet *fleet, int branch);
int dmap__fleet_count(const dmap__fleet *fleet, dmap__fleet_queue queue);
int dmap__fleet_first(const dmap__fleet *fleet, dmap__fleet_queue queue);
int dmap__fleet_after(const dmap__fleet *fleet, int branch);
/** Most items that the next lease of a branch may have: 0: none now; UINT64_MAX: no bound. */
uint64_t dmap__fleet_room(const dmap__fleet *fleet, int branch);
/** A call has no items to be granted, as far as is known now; it is granted some. */
void dmap__fleet_rest(dmap__fleet *fleet, dmap__fleet_share *share);
void dmap__fleet_wake(dmap__fleet *fleet, dmap__fleet_share *share);
/** A call has leases at a branch, where it had none, and has none any more. */
void dmap__fleet_arrive(dmap__fleet *fleet, const dmap__fleet_share *share, int branch);
void dmap__fleet_depart(dmap__fleet *fleet, const dmap__fleet_share *share, int branch);
/** The branch is gone: it gets nothing any more. No lease is out there, nor will be. */
void dmap__fleet_lose(dmap__fleet *fleet, int branch);
/** Suspects: leases of an item that branches were lost with. One that is alone is so among those of all calls. A lease
 *  of that kind was granted, or has ended: change is 1 or -1. */
void dmap__fleet_suspect(dmap__fleet *fleet, int branch, bool is_alone, int change);
int dmap__fleet_suspects(const dmap__fleet *fleet, int branch);
bool dmap__fleet_may_suspect(const dmap__fleet *fleet, int branch, bool is_alone);
/** A lease of so many items was granted. Other ones than `before` have not ended. It has ended, with so many left. */
void dmap__fleet_grant(dmap__fleet *fleet, int branch, bool is_big, uint64_t items);
void dmap__fleet_load(dmap__fleet *fleet, int branch, uint64_t before, uint64_t now);
void dmap__fleet_end(dmap__fleet *fleet, int branch, bool is_big, uint64_t left);
#endif
