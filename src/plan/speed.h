/* How fast a branch is: measured time per item, in tasks and on the way back, recent chunks weighing more. A call
 * measures its own; what all calls of a task have measured is kept as well, and the next one begins with that. */
#ifndef DMAP_PLAN_SPEED_H
#define DMAP_PLAN_SPEED_H

#include <stdbool.h>
#include <stdint.h>

/* One branch. Zeros: nothing measured. */
typedef struct dmap__speed {
    double busy_s, items;                 /* of past chunks, each weighing half of the next */
    double clock_s, tasks_s, clock_items; /* of those whose way back was measured: by the clock, and in tasks */
    double way_s;                         /* of an item on a worker by the clock; 0: about the same as in tasks */
    double rate;                          /* items/s that it adds to the sum; 0: not measured */
    uint64_t largest;                     /* items of its largest finished chunk */
} dmap__speed;

/* A finished chunk. */
typedef struct dmap__speed_chunk {
    uint64_t items;
    double busy_s;  /* in tasks, over all workers of the branch. 0 is fine */
    double clock_s; /* since the call's chunk before it ended there, times the workers that had something to do then, by
                       the call's part of them; < 0: not known */
    uint64_t bytes; /* of results */
    bool waited;    /* behind another chunk of the branch: no message was waited for in clock_s */
} dmap__speed_chunk;

/* All branches together. */
typedef struct dmap__speed_all {
    double busy_s, items;    /* of past chunks, as above but forgotten more slowly */
    double rate;             /* sum over measured branches */
    double measured_workers; /* theirs */
    double workers;          /* of all branches */
    double branches;
    double keep;   /* weight of the past, by number of branches */
    double widest; /* items a worker in the largest finished chunk of any branch */
} dmap__speed_all;

/* A task at all branches: what its calls have measured so far. */
typedef struct dmap__speeds {
    dmap__speed_all all;
    dmap__speed of[]; /* each branch */
} dmap__speeds;

void dmap__speed_all_init(dmap__speed_all *all, uint64_t workers, int branches);
/** Begins with what is known: of all branches, before anything is measured, ... */
void dmap__speed_all_seed(dmap__speed_all *all, const dmap__speed_all *known);
/** ... and of one, before its first chunk. `all` was seeded before. */
void dmap__speed_seed(dmap__speed_all *all, dmap__speed *speed, int workers, const dmap__speed *known);

/** A chunk has finished. */
void dmap__speed_update(dmap__speed_all *all, dmap__speed *speed, int workers, const dmap__speed_chunk *chunk);
/** The same for what is kept, of which nobody asks for the rate of all. */
void dmap__speed_keep(dmap__speeds *speeds, int branch, int workers, const dmap__speed_chunk *chunk);
/** A branch with so many workers is gone, and its rate with it; of one that was not measured, too. */
void dmap__speed_lose(dmap__speed_all *all, dmap__speed *speed, int workers);
/** Mean seconds of an item on one worker; of all branches if this one has done nothing yet; 0 if none has. */
double dmap__speed_item_s(const dmap__speed_all *all, const dmap__speed *speed);
/** Items of the largest finished chunk, by which the next one of a branch with so many workers is measured: its own, or
 *  one that lets it catch up with the branch that is furthest. 0 if it has finished none. */
uint64_t dmap__speed_largest(const dmap__speed_all *all, const dmap__speed *speed, int workers);
/** Items per second that come back from a branch with so many workers, and from all branches (those not measured
 *  counted as the mean). 0 if nothing was measured. */
double dmap__speed_rate(const dmap__speed_all *all, const dmap__speed *speed, int workers);
double dmap__speed_rate_all(const dmap__speed_all *all);
/** Workers of the branch, out of so many, that are worth giving work: 1 or more. Changes with its updates alone. */
uint64_t dmap__speed_workers(const dmap__speed *speed, int workers);

#endif
