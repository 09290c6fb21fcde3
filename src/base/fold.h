/* A fold whose bits do not depend on who did which part.
 *
 * Results of consecutive indices are combined as the leaves of one binary tree over all indices: a node of level l
 * covers [k * 2^l, (k + 1) * 2^l) and is its left half combined with its right half. A fold of a range holds the
 * topmost whole nodes in it, at most two a level, in index order; folds of neighbouring ranges can be appended whatever
 * the ranges are. It is pairwise summation (Higham, Accuracy and Stability of Numerical Algorithms, section 4.2) with
 * brackets fixed by the index. A result that is missing (its item failed) leaves its leaf empty: a node takes the half
 * that is there.
 *
 * Values are the task's results: of fixed size, combined in place; or of variable size, merged into new ones. Each of
 * the latter is a dmap_blob whose memory, from malloc, is the fold's. Where memory is out, what the fold covers is
 * unspecified: it can only be freed. */
#ifndef DMAP_BASE_FOLD_H
#define DMAP_BASE_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/dmap.h>

#define DMAP__FOLD_NODES 130 /* two a level, and one on its way up */

typedef struct dmap__fold {
    const dmap_task *task; /* its result_size, combine and merge are looked at */
    size_t size;           /* bytes of a value as it lies in `values`: of a dmap_blob, if variable */
    uint64_t begin, end;   /* what it covers */
    unsigned n;
    uint8_t level[DMAP__FOLD_NODES];
    bool present[DMAP__FOLD_NODES];
    unsigned char *values; /* of each node, `size` bytes apart */
    size_t capacity;       /* of values, in nodes */
} dmap__fold;

/** An empty fold of [begin, begin). */
void dmap__fold_init(dmap__fold *fold, const dmap_task *task, uint64_t begin);
void dmap__fold_fini(dmap__fold *fold);

/** Appends `count` results of fixed size that follow. They are overwritten. Returns false if memory is out. */
bool dmap__fold_push(dmap__fold *fold, void *values, size_t count);
/** Appends one result of variable size: copied. Returns false if memory is out. */
bool dmap__fold_push_blob(dmap__fold *fold, dmap_blob value);
/** Appends one missing result. Returns false if memory is out. */
bool dmap__fold_skip(dmap__fold *fold);
/** Appends a fold whose begin is this one's end, and which is spent. Returns false if memory is out. */
bool dmap__fold_append(dmap__fold *fold, dmap__fold *next);
/** Appends a node as dmap__fold_level says: of the largest level that fits [end, limit). value: copied; its data is
 *  NULL if it is missing. */
bool dmap__fold_push_node(dmap__fold *fold, uint64_t limit, dmap_blob value);

/** The value of a node; its data is NULL if it is missing. */
dmap_blob dmap__fold_value(const dmap__fold *fold, unsigned node);
/** Bytes of all values. */
size_t dmap__fold_bytes(const dmap__fold *fold);

/** Level of the first topmost whole node of [begin, end), begin < end. */
unsigned dmap__fold_level(uint64_t begin, uint64_t end);

/** Combines *accumulator with all of it; untouched if there is no value. The fold is spent. */
void dmap__fold_finish(dmap__fold *fold, void *accumulator);
/** The same for values of variable size: *data is NULL or from malloc, and replaced. Returns false if memory is out:
 *  both are untouched then. */
bool dmap__fold_finish_blob(dmap__fold *fold, void **data, size_t *size);

#endif
