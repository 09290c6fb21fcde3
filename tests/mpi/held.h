/* What a sink holds when a call has ended: held_task.c has the tasks, held_look.c looks at the sinks, test_held.c makes
 * the calls. */
#ifndef DMAP_TESTS_HELD_H
#define DMAP_TESTS_HELD_H

#include <stdlib.h>

#include "harness.h"

#define NEVER UINT64_MAX
#define ITEMS 100
#define L     50 /* the lowest item that fails */

typedef enum ending {
    ALL_DONE,
    LOWEST_FAILED,
    SOME_FAILED,
    ITEM_NO_MEMORY, /* for its result: it is an item that failed */
    SOURCE_FAILED,
    DRAINED,
    DRAINED_KEEP_GOING,
    DRAINED_FAILING, /* item 0 fails after that, with a retry left */
    DRAINED_FAILING_KEEP_GOING,
    STOPPED,
    TIMED_OUT,
    SET_UP_FAILED,
    MERGE_NO_MEMORY,
    ENDINGS
} ending;

typedef enum held_sink { INTO, COLLECT, ORDERED, UNORDERED, FOLD, FOLD_BLOB, DISCARD, SINKS } held_sink;

/** What every worker is told, by dmap_share. */
typedef struct orders {
    uint64_t fails_at, greedy_at; /* NEVER: none */
    bool fails_some;              /* every tenth */
    bool fails_once;              /* at the first attempt only */
    bool set_up_fails;            /* of the last worker of the last rank */
    bool waits;                   /* for a file of the name `word`, from this item on */
    uint64_t waits_from;
    int last_rank, last_worker;
    char word[64];
} orders;

/** A result of fixed size: the map x -> a * x + b modulo 2^64. Maps do not commute. */
typedef struct affine {
    uint64_t a, b;
} affine;

affine held_affine(uint64_t index);
void held_combine(void *into, const void *from);
/** "17 ": a result of any size. Returns its length. */
size_t held_text(uint64_t index, char text[24]);
bool held_fails_some(uint64_t index);

extern const dmap_task held_fixed, held_blob, held_greedy;

/** One call, and what came of it. */
typedef struct held {
    ending how;
    held_sink sink;
    bool has_cost;
    uint64_t pulled, delivered, begun;
    unsigned watched, after_stop;
    uint64_t last; /* index that was delivered last; NEVER: none */
    bool stopped, drained;
    unsigned char status[ITEMS]; /* as delivered, one more than dmap_item_status; 0: not */
    affine into[ITEMS + 2];      /* with one more at each end */
    affine folded;
    void *merged;
    size_t merged_size;
    dmap_results *results;
    dmap_status said;
} held;

/** Before and after dmap_map. */
void held_prepare(held *h);
void held_look(held *h);
/** A dmap_each_fn of *held that looks at what it is given. */
int held_take(void *arg, const dmap_item_result *r);
/** Fails the test with a sentence. */
void held_wrong(const held *h, const char *what, uint64_t index);

#endif
