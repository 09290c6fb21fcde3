/* How many items next: the formulas of the schedules, with R items left, w the branch's workers, W those of all, r and
 * sum r the measured items per second. Behind a slow link r is what the link lets through, less than the workers do.
 * The branch's share follows that, and so does the most that it gets at a time: what has run cannot be recalled, and
 * the call waits until it has come. The least follows the workers, who are to have that much to do.
 *
 *   auto       R * r / (2 * sum r), between 1 ms of work (or, with many branches, what the master takes to serve
 *              each of them once) and what comes back in 0.25 s, at most 16 times the branch's largest finished
 *              chunk, or once that of another branch. First chunk, if earlier calls of the task tell nothing: min(w,
 *              its fair share of R); the first of all: one item, whose result is then held up by no other
 *              (of several calls in flight each has its part of the 0.25 s)
 *   dynamic    `chunk`, or 10 ms of work, at most half of its fair share (or all of it, if that is less than auto's
 *              least: the last items do not go out in ever smaller chunks that take a message each) and what comes back
 *              in 0.25 s
 *   guided     ceil(R * w / W)
 *   factoring  a batch of ceil(R / 2), of which each branch gets ceil(batch * w / W): the batch is the plan's state
 *   static     shares fixed beforehand
 *
 * A stream has no R: every schedule is then dynamic. All functions are pure. Products of 64-bit counts are made
 * in 128 bits, products with times in double and cut to R before they become integers again. */
#include "plan/chunk.h"

#include <stdlib.h>

#define FIXED_S 10e-3 /* work in a chunk of fixed time */
#define LEAST_S 1e-3  /* work in a chunk of auto, while there is plenty, */
#define SERVE_S 3e-6  /* and no less than what the master takes for one of each branch: two or three messages */

__extension__ typedef unsigned __int128 wide;

static double lesser(double a, double b) {
    return a < b ? a : b;
}

static double greater(double a, double b) {
    return a > b ? a : b;
}

/* Rounds up; 1 to most. */
static uint64_t to_items(double items, uint64_t most) {
    if (items >= (double)most)
        return most;
    uint64_t whole = (uint64_t)greater(items, 1);
    return (double)whole < items ? whole + 1 : whole;
}

uint64_t dmap__chunk_part(uint64_t items, uint64_t part, uint64_t whole) {
    return (uint64_t)(((wide)items * part + (whole - 1)) / whole);
}

uint64_t dmap__chunk_part_by_rate(uint64_t items, double part, double whole) {
    if (part <= 0 || whole <= 0)
        return items;
    return to_items((double)items * lesser(part / whole, 1), items);
}

/* What the branch would get if all that is left were dealt out at once. */
static uint64_t fair(const dmap__chunk_query *q) {
    if (!q->known)
        return q->left;
    if (q->rate <= 0 || q->all_rate <= 0)
        return dmap__chunk_part(q->left, (uint64_t)q->workers, q->all_workers);
    return dmap__chunk_part_by_rate(q->left, q->rate, q->all_rate);
}

/* One item a worker, while nothing is known of them. Long ones then go out one by one, so that none waits for the
 * others of its chunk: how many of those are out is the load's matter. */
static double first(const dmap__chunk_query *q) {
    return q->largest || q->begins ? 1 : lesser(q->workers, (double)fair(q));
}

static double worth(const dmap__chunk_query *q, double seconds) {
    return seconds * q->workers / q->item_s;
}

/* Branches as wide as this one count. */
static double least_s(const dmap__chunk_query *q) {
    return greater(LEAST_S, SERVE_S * (double)q->all_workers / q->workers);
}

/* However many calls there are, a chunk is worth its messages. */
static double most_s(const dmap__chunk_query *q) {
    return greater(q->most_s, lesser(least_s(q), DMAP__MOST_S));
}

/* Less is not worth a message, unless it is all that the branch is to get. */
static double least(const dmap__chunk_query *q) {
    return lesser(worth(q, least_s(q)), (double)fair(q));
}

static uint64_t adaptive(const dmap__chunk_query *q) {
    double items = first(q);
    if (q->largest && q->item_s > 0) {
        double half = (double)q->left * lesser(q->rate / q->all_rate, 1) / 2;
        double bounded = greater(half, least(q));
        bounded = lesser(bounded, lesser(most_s(q) * q->rate, DMAP__GROWTH * (double)q->largest));
        items = greater(items, bounded);
    }
    return to_items(greater(items, (double)q->wish), q->left);
}

static uint64_t timed(const dmap__chunk_query *q) {
    if (q->wish)
        return q->wish < q->left ? q->wish : q->left;
    double items = first(q);
    if (q->largest && q->item_s > 0) {
        double bounded = lesser(lesser(worth(q, FIXED_S), most_s(q) * q->rate), DMAP__GROWTH * (double)q->largest);
        items = greater(items, lesser(bounded, greater((double)fair(q) / 2, least(q))));
    }
    return to_items(items, q->left);
}

static uint64_t guided(const dmap__chunk_query *q) {
    uint64_t items = dmap__chunk_part(q->left, (uint64_t)q->workers, q->all_workers);
    items = items > q->wish ? items : q->wish;
    return items < q->left ? items : q->left;
}

uint64_t dmap__chunk_size(const dmap__chunk_query *query) {
    if (!query->known || query->schedule == DMAP_DYNAMIC)
        return timed(query);
    return query->schedule == DMAP_GUIDED ? guided(query) : adaptive(query);
}

typedef struct remainder {
    uint64_t rest;
    int branch;
} remainder;

/* Largest first; among equals the lower branch. */
static int compare_remainders(const void *a, const void *b) {
    const remainder *x = a, *y = b;
    if (x->rest != y->rest)
        return x->rest > y->rest ? -1 : 1;
    return x->branch < y->branch ? -1 : 1;
}

bool dmap__chunk_shares(uint64_t count, const int *workers, int branches, uint64_t *shares) {
    remainder *rests = calloc((size_t)branches, sizeof *rests);
    if (!rests)
        return false;
    uint64_t all = 0, missing = count;
    for (int i = 0; i < branches; i++)
        all += (uint64_t)workers[i];
    for (int i = 0; i < branches; i++) {
        uint64_t own = (uint64_t)workers[i];
        wide product = (wide)count * own;
        shares[i] = (uint64_t)(product / all);
        rests[i] = (remainder){(uint64_t)(product % all), i};
        missing -= shares[i];
    }
    qsort(rests, (size_t)branches, sizeof *rests, compare_remainders);
    for (uint64_t i = 0; i < missing; i++)
        shares[rests[i].branch]++;
    free(rests);
    return true;
}
