/* Longest first: the order in which items are granted when the caller gave a cost hint. */
#ifndef DMAP_JOB_SHUFFLE_H
#define DMAP_JOB_SHUFFLE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct dmap__shuffle {
    uint64_t count;
    uint64_t *index_of; /* by position: costs fall, equal ones in index order */
    double *before;     /* by position: the costs of all before it; NULL: not asked for */
} dmap__shuffle;

/** Asks for the cost of each of `count` items. Returns NULL if memory is out.
 *  weighs: dmap__shuffle_weight is to know */
dmap__shuffle *dmap__shuffle_create(uint64_t count, double (*cost)(void *arg, uint64_t index), void *arg, bool weighs);
/** The costs of positions [begin, end); 0 for no shuffle, or one that does not know. What is no cost (negative, not
 *  finite) counts 0. */
double dmap__shuffle_weight(const dmap__shuffle *shuffle, uint64_t begin, uint64_t end);
void dmap__shuffle_destroy(dmap__shuffle *shuffle);

/** By index, the position: a new array, to be freed with free(); NULL if memory is out. */
uint64_t *dmap__shuffle_invert(const dmap__shuffle *shuffle);

#endif
