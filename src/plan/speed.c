/* How fast a branch is.
 *
 * Time per item is that spent in tasks, summed over workers, so it does not depend on how the crew splits a chunk. Each
 * chunk halves the weight of those before it, and a few items' worth of the mean of all branches is mixed in: one long
 * item in a first chunk of two must not pass for a slow rank.
 *
 * The rate counts the way back too, where that holds a branch up: its link, or a master that is busy copying. While
 * chunks of a branch wait behind one another, what passes from the end of one to the end of the next is what the
 * branch, its link and the master together take for the next: by the clock, times the workers that have something to
 * do. In the long run that is the time in tasks, in whatever order chunks end, unless workers stand idle or results
 * wait. So the two are compared, and only if the clock's is more by a NOTABLE factor, it is the clock's that counts.
 *
 * A chunk that did not wait took a message's latency besides: it says what the way takes at most, and counts as long as
 * nothing better is known, or if that is less than what is.
 *
 * With other calls at the branch, the call's part of the clock counts, as it has that part of the workers, the link and
 * the master: so a branch does not pass for slow by having much to do.
 *
 * Few bytes come back as fast as none: their chunk has waited for latency, or for its turn with the master. Larger
 * chunks have less of these by the item, but a branch that passes for slow gets smaller ones. So few bytes never make a
 * branch slow; they show that it is slow no more.
 *
 * What a call begins with was measured by earlier ones, and is old: their items may have been others, and the branch
 * may have had other things to do. It is the best guess there is, so the first chunks follow it. But it counts as
 * KEPT_ITEMS items at the most, so that a first chunk which says something else is believed at once; and as a guess may
 * be wrong by any factor, no first chunk is longer by it than TRUSTED_S: those after it grow by what the call itself
 * has finished. Age is told by calls and chunks, not by the clock: the same events give the same plan.
 *
 * Invariant, but for what is kept: all->rate is the sum of speed->rate, and all->measured_workers that of the workers,
 * over the branches whose rate is not 0. Differences of doubles add up to an error far below what the measurement
 * itself is worth. A clock that saw nothing (0 s) counts as SHORTEST_S an item: nothing is divided by zero. */
#include "plan/speed.h"

#include "plan/chunk.h"

#define SHORTEST_S  1e-10 /* an item takes at least this */
#define PAST_WEIGHT 0.5   /* of a branch's earlier chunks, per chunk */
#define MIXED_ITEMS 4.0   /* items of the mean branch that are mixed in */
#define NOTABLE     1.5   /* times the time in tasks */
#define FEW_BYTES   16384 /* of a chunk's results: fewer say nothing of a link */
#define KEPT_ITEMS  4.0   /* what is old counts as so many items of each branch */
#define TRUSTED_S   1e-3  /* work a worker in a chunk whose size only what is old speaks for */

void dmap__speed_all_init(dmap__speed_all *all, uint64_t workers, int branches) {
    *all = (dmap__speed_all){
        .workers = (double)workers, .branches = branches, .keep = 1.0 - (1.0 - PAST_WEIGHT) / branches};
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
    return item_s > 0 ? workers / (item_s > speed->way_s ? item_s : speed->way_s) : 0;
}

double dmap__speed_rate_all(const dmap__speed_all *all) {
    return all->measured_workers > 0 ? all->rate * all->workers / all->measured_workers : 0;
}

uint64_t dmap__speed_largest(const dmap__speed_all *all, const dmap__speed *speed, int workers) {
    double known = all->widest * workers / DMAP__GROWTH;
    return speed->largest && (double)speed->largest < known ? (uint64_t)known : speed->largest;
}

/* Of few long items all workers' are soon out, which is more than a slow link brings for a long time: some workers are
 * to stand idle then. Those that would do what it brings remain, and in any case those for the items that it brings in
 * the time of a chunk: that time passes anyhow, and a branch that is only held up by latency gets faster by them. */
uint64_t dmap__speed_workers(const dmap__speed *speed, int workers) {
    if (speed->way_s <= 0)
        return (uint64_t)workers;
    double at_work = speed->clock_s > 0 ? workers * speed->tasks_s / speed->clock_s : 0;
    double items = DMAP__MOST_S * speed->rate;
    double worth = 1 + (at_work > items ? at_work : items);
    return worth < workers ? (uint64_t)worth : (uint64_t)workers;
}

static void measure_way(dmap__speed *speed, const dmap__speed_chunk *chunk, double items, double tasks_s) {
    double way_s = chunk->clock_s / items;
    bool is_known = speed->clock_items > 0, is_notable = chunk->clock_s > NOTABLE * tasks_s;
    if (chunk->clock_s < 0 || (chunk->bytes < FEW_BYTES && speed->way_s <= 0))
        return;
    if (chunk->waited || (is_known && way_s < speed->way_s)) {
        speed->clock_s = speed->clock_s * PAST_WEIGHT + chunk->clock_s;
        speed->tasks_s = speed->tasks_s * PAST_WEIGHT + tasks_s;
        speed->clock_items = speed->clock_items * PAST_WEIGHT + items;
        way_s = speed->clock_s / speed->clock_items;
        is_notable = speed->clock_s > NOTABLE * speed->tasks_s;
    } else if (is_known) {
        return;
    }
    speed->way_s = is_notable ? way_s : 0;
}

static void measure_tasks(dmap__speed_all *all, dmap__speed *speed, double items, double seconds) {
    speed->busy_s = speed->busy_s * PAST_WEIGHT + seconds;
    speed->items = speed->items * PAST_WEIGHT + items;
    all->busy_s = all->busy_s * all->keep + seconds;
    all->items = all->items * all->keep + items;
}

static void measure_rate(dmap__speed_all *all, dmap__speed *speed, int workers) {
    if (speed->rate <= 0)
        all->measured_workers += workers;
    all->rate -= speed->rate;
    speed->rate = dmap__speed_rate(all, speed, workers);
    all->rate += speed->rate;
}

/* False: nothing was done. */
static bool measure(dmap__speed_all *all, dmap__speed *speed, int workers, const dmap__speed_chunk *chunk) {
    double items = (double)chunk->items, seconds = chunk->busy_s > 0 ? chunk->busy_s : 0;
    if (chunk->items == 0)
        return false;
    if (chunk->items > speed->largest)
        speed->largest = chunk->items;
    if (items / workers > all->widest)
        all->widest = items / workers;
    measure_tasks(all, speed, items, seconds);
    measure_way(speed, chunk, items, items * at_least_shortest(seconds / items));
    return true;
}

void dmap__speed_update(dmap__speed_all *all, dmap__speed *speed, int workers, const dmap__speed_chunk *chunk) {
    if (measure(all, speed, workers, chunk))
        measure_rate(all, speed, workers);
}

void dmap__speed_keep(dmap__speeds *speeds, int branch, int workers, const dmap__speed_chunk *chunk) {
    measure(&speeds->all, &speeds->of[branch], workers, chunk);
}

void dmap__speed_lose(dmap__speed_all *all, dmap__speed *speed, int workers) {
    all->workers -= workers;
    if (speed->rate > 0)
        all->measured_workers -= workers;
    all->rate -= speed->rate;
    speed->rate = 0;
}

/* ---- what is old ---- */

/* So many items a worker count as finished, of those that were, that DMAP__GROWTH times as many take TRUSTED_S. */
static double trusted(double items, double item_s) {
    double most = TRUSTED_S / DMAP__GROWTH / at_least_shortest(item_s);
    return items < most ? items : most;
}

static double weight_of(double items, double most) {
    return items > most ? most / items : 1;
}

void dmap__speed_all_seed(dmap__speed_all *all, const dmap__speed_all *known) {
    if (known->items <= 0)
        return;
    double weight = weight_of(known->items, KEPT_ITEMS * all->branches);
    all->busy_s = known->busy_s * weight;
    all->items = known->items * weight;
    all->widest = trusted(known->widest, known->busy_s / known->items);
}

void dmap__speed_seed(dmap__speed_all *all, dmap__speed *speed, int workers, const dmap__speed *known) {
    if (known->items <= 0)
        return;
    double weight = weight_of(known->items, KEPT_ITEMS), way_weight = weight_of(known->clock_items, KEPT_ITEMS);
    *speed = (dmap__speed){.busy_s = known->busy_s * weight,
                           .items = known->items * weight,
                           .clock_s = known->clock_s * way_weight,
                           .tasks_s = known->tasks_s * way_weight,
                           .clock_items = known->clock_items * way_weight,
                           .way_s = known->way_s};
    double largest = workers * trusted((double)known->largest / workers, dmap__speed_item_s(all, speed));
    speed->largest = largest > 1 ? (uint64_t)largest : 1;
    measure_rate(all, speed, workers);
}
