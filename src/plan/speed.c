/* How fast a branch is.
 *
 * Time per item is that spent in tasks, summed over workers, so it does not depend on how the crew splits a chunk. Each
 * chunk halves the weight of those before it, and a few items' worth of the mean of all branches is mixed in: one long
 * item in a first chunk of two must not pass for a slow rank.
 *
 * Invariant: all->rate is the sum of speed->rate, and all->measured_workers that of the workers, over the branches
 * whose rate is not 0. Differences of doubles add up to an error far below what the measurement itself is worth.
 * A clock that saw nothing (0 s) counts as SHORTEST_S an item: no division by zero, no infinite rate. */
#include "plan/speed.h"

#include "plan/chunk.h"

#define SHORTEST_S  1e-10 /* an item takes at least this */
#define PAST_WEIGHT 0.5   /* of a branch's earlier chunks, per chunk */
#define MIXED_ITEMS 4.0   /* items of the mean branch that are mixed in */

void dmap__speed_all_init(dmap__speed_all *all, uint64_t workers, int branches) {
    *all = (dmap__speed_all){.workers = (double)workers, .keep = 1.0 - 0.5 / branches};
}

static double at_least_shortest(double item_s) {
    return item_s > SHORTEST_S ? item_s : SHORTEST_S;
}

double dmap__speed_item_s(const dmap__speed_all *all, const dmap__speed *speed) {
    if (all->items <= 0)
        return 0;
    double mean_s = at_least_shortest(all->busy_s / all->items);
    return at_least_shortest((speed->busy_s + MIXED_ITEMS * mean_s) / (speed->items + MIXED_ITEMS));
}

double dmap__speed_rate(const dmap__speed_all *all, const dmap__speed *speed, int workers) {
    double item_s = dmap__speed_item_s(all, speed);
    return item_s > 0 ? workers / item_s : 0;
}

double dmap__speed_rate_all(const dmap__speed_all *all) {
    return all->measured_workers > 0 ? all->rate * all->workers / all->measured_workers : 0;
}

uint64_t dmap__speed_largest(const dmap__speed_all *all, const dmap__speed *speed, int workers) {
    double known = all->widest * workers / DMAP__GROWTH;
    return speed->largest && (double)speed->largest < known ? (uint64_t)known : speed->largest;
}

void dmap__speed_update(dmap__speed_all *all, dmap__speed *speed, int workers, uint64_t items, double busy_s) {
    if (items == 0)
        return;
    double seconds = busy_s > 0 ? busy_s : 0;
    if (items > speed->largest)
        speed->largest = items;
    if ((double)items / workers > all->widest)
        all->widest = (double)items / workers;
    speed->busy_s = speed->busy_s * PAST_WEIGHT + seconds;
    speed->items = speed->items * PAST_WEIGHT + (double)items;
    all->busy_s = all->busy_s * all->keep + seconds;
    all->items = all->items * all->keep + (double)items;
    if (speed->rate <= 0)
        all->measured_workers += workers;
    all->rate -= speed->rate;
    speed->rate = dmap__speed_rate(all, speed, workers);
    all->rate += speed->rate;
}
