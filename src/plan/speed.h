/* How fast a branch is: measured time per item, recent chunks weighing more. */
#ifndef DMAP_PLAN_SPEED_H
#define DMAP_PLAN_SPEED_H

#include <stdbool.h>
#include <stdint.h>

/* One branch. Zeros: nothing measured. */
typedef struct dmap__speed {
    double busy_s, items; /* of past chunks, each weighing half of the next */
    double rate;          /* items/s that it adds to the sum; 0: not measured */
    uint64_t largest;     /* items of its largest finished chunk */
} dmap__speed;

/* All branches together. */
typedef struct dmap__speed_all {
    double busy_s, items;    /* of past chunks, as above but forgotten more slowly */
    double rate;             /* sum over measured branches */
    double measured_workers; /* theirs */
    double workers;          /* of all branches */
    double keep;             /* weight of the past, by number of branches */
    double widest;           /* items a worker in the largest finished chunk of any branch */
} dmap__speed_all;

void dmap__speed_all_init(dmap__speed_all *all, uint64_t workers, int branches);

/** A chunk has finished: `items` took busy_s in tasks, over all workers of the branch. 0 seconds is fine. */
void dmap__speed_update(dmap__speed_all *all, dmap__speed *speed, int workers, uint64_t items, double busy_s);
/** Mean seconds of an item on one worker; of all branches if this one has done nothing yet; 0 if none has. */
double dmap__speed_item_s(const dmap__speed_all *all, const dmap__speed *speed);
/** Items of the largest finished chunk, by which the next one of a branch with so many workers is measured: its own, or
 *  one that lets it catch up with the branch that is furthest. 0 if it has finished none. */
uint64_t dmap__speed_largest(const dmap__speed_all *all, const dmap__speed *speed, int workers);
/** Items per second of a branch with so many workers, and of all branches (those not measured counted as the mean). 0
 *  if nothing was measured. */
double dmap__speed_rate(const dmap__speed_all *all, const dmap__speed *speed, int workers);
double dmap__speed_rate_all(const dmap__speed_all *all);

#endif
