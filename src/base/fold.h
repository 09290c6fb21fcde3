/* A fold whose bits do not depend on who did which part.
 *
 * Results of consecutive indices are combined as the leaves of one binary tree over all indices: a node of level l
 * covers [k * 2^l, (k + 1) * 2^l) and is its left half combined with its right half. A fold of a range holds the
 * topmost whole nodes in it, at most two a level, in index order; folds of neighbouring ranges can be appended whatever
 * the ranges are. It is pairwise summation (Higham, Accuracy and Stability of Numerical Algorithms, section 4.2) with
 * brackets fixed by the index. A result that is missing (its item failed) leaves its leaf empty: a node takes the half
 * that is there. */
#ifndef DMAP_BASE_FOLD_H
#define DMAP_BASE_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DMAP__FOLD_NODES 130 /* two a level, and one on its way up */

typedef void dmap__combine_fn(void *into, const void *from);

typedef struct dmap__fold {
    dmap__combine_fn *combine;
    size_t size;         /* bytes of a value */
    uint64_t begin, end; /* what it covers */
    unsigned n;
    uint8_t level[DMAP__FOLD_NODES];
    bool present[DMAP__FOLD_NODES];
    unsigned char *values; /* of each node, `size` bytes apart */
    size_t capacity;       /* of values, in nodes */
} dmap__fold;

/** An empty fold of [begin, begin). */
void dmap__fold_init(dmap__fold *fold, dmap__combine_fn *combine, size_t size, uint64_t begin);
void dmap__fold_fini(dmap__fold *fold);

/** Appends `count` results that follow. They are overwritten. Returns false if memory is out. */
bool dmap__fold_push(dmap__fold *fold, void *values, size_t count);
/** Appends one missing result. Returns false if memory is out. */
bool dmap__fold_skip(dmap__fold *fold);
/** Appends a fold whose begin is this one's end. Returns false if memory is out. */
bool dmap__fold_append(dmap__fold *fold, const dmap__fold *next);
/** Appends a node as dmap__fold_level says: of the largest level that fits [end, limit). value: NULL if missing. */
bool dmap__fold_push_node(dmap__fold *fold, uint64_t limit, const void *value);

/** Level of the first topmost whole node of [begin, end), begin < end. */
unsigned dmap__fold_level(uint64_t begin, uint64_t end);

/** Combines *accumulator with all of it; untouched if there is no value. The fold is spent. */
void dmap__fold_finish(dmap__fold *fold, void *accumulator);

#endif
