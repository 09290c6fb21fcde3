/* Items that ranks of the master's host read from its memory, and results that they write there: what the parts of this
 * program share. The program has a process_vm_writev of its own, which counts what the library writes and does, where
 * items say so, what a system may do: refuse it, do it late, do a part of it; and a process_vm_readv, for its first
 * look at items. */
#ifndef DMAP_TESTS_PLACED_H
#define DMAP_TESTS_PLACED_H

#include "harness.h"

#define PLACED_ALWAYS 1000 /* times that an item fails: more than any number of attempts */

/** An item says what its result is, and what happens on the way. */
typedef struct placed_item {
    uint64_t key;       /* of the result's bytes */
    uint32_t fails;     /* its first so many attempts, having written nonsense */
    uint32_t pause_us;  /* in the task */
    int32_t slow_rank;  /* where that is; -1: everywhere */
    uint32_t late_us;   /* writes of the rank that ran it come so late, from now on */
    uint32_t refuse_in; /* and one in so many is refused; 0: none */
    uint32_t is_cut;    /* and others are done in part: it takes several */
} placed_item;

/** What one rank has written so far. */
typedef struct placed_count {
    int rank; /* -1: nothing is known of it */
    bool can; /* the first write, of the opening, was done */
    uint64_t writes, bytes, failed;
} placed_count;

typedef struct placed_kind {
    const dmap_task *task;
    size_t size;
    bool passes; /* the size is one that passes */
} placed_kind;

extern const placed_kind placed_kinds[];
extern const size_t placed_n_kinds;

/** Of every rank of the pool. Returns how many ranks other than the master can write to its memory. */
int placed_counts(placed_count *counts);
/** Of all ranks, since *before, which becomes those of now. */
placed_count placed_since(placed_count *before);

/** n items of a call: nothing happens on the way; keys follow from the seed and the number of the call. */
placed_item *placed_items(size_t n);
/** Whether these are the bytes of the item's result. */
bool placed_is_right(const placed_item *item, const void *result, size_t size);

/** Before the pool is opened: what processes of a rank have in common. */
void placed_init(void);
/** Makes the system refuse process_vm_writev to this process for good. False: it cannot be told to. */
bool placed_forbid(void);

/** On all other ranks: items seem to lie where they cannot be read, or do so no more. Returns how often ranks have
 *  looked so far. */
uint64_t placed_hide(bool hidden);

void placed_add_ends(void);
void placed_add_items(void);
void placed_add_refused(void);

#endif
