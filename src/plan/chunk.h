/* How many items next: the formulas of the schedules. */
#ifndef DMAP_PLAN_CHUNK_H
#define DMAP_PLAN_CHUNK_H

#include <stdbool.h>
#include <stdint.h>

#include <dmap/dmap.h>

#define DMAP__MOST_S 0.25 /* that a chunk takes to come back, at the most */
#define DMAP__GROWTH 16.0 /* a chunk, by the largest finished one, at the most */

/* What a schedule may look at. */
typedef struct dmap__chunk_query {
    dmap_schedule schedule; /* any but DMAP_STATIC and DMAP_FACTORING with a known count */
    bool known;             /* the number of items is */
    uint64_t left;          /* items not granted yet; at least 1 */
    uint64_t wish;          /* the caller's `chunk`; 0: none */
    int workers;            /* of the branch; at least 1 */
    uint64_t all_workers;
    uint64_t largest;      /* items of the branch's largest finished chunk; 0: it has finished none */
    double item_s;         /* its mean time per item on a worker */
    double rate, all_rate; /* items/s that come back from the branch and from all */
    bool begins;           /* it is the first chunk of all */
    double most_s;         /* that the chunk may take to come back: DMAP__MOST_S, if the call is alone */
} dmap__chunk_query;

/** Items for the branch: 1 to left. */
uint64_t dmap__chunk_size(const dmap__chunk_query *query);
/** ceil(items * part / whole), exactly; at most items. part <= whole, whole not 0. */
uint64_t dmap__chunk_part(uint64_t items, uint64_t part, uint64_t whole);
/** ceil(items * part / whole) of measured rates: 1 to items. 0 for either rate: all of them. */
uint64_t dmap__chunk_part_by_rate(uint64_t items, double part, double whole);
/** DMAP_STATIC: shares[i] = count * workers[i] / sum, by largest remainder, so that they sum to count. Returns false if
 *  memory is out. */
bool dmap__chunk_shares(uint64_t count, const int *workers, int branches, uint64_t *shares);

#endif
