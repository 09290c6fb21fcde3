/* What a task function sees: the fields behind the calls of <dmap/dmap.h> that take a dmap_context. */
#ifndef DMAP_CREW_CONTEXT_H
#define DMAP_CREW_CONTEXT_H

#include "crew/worker.h"

#define DMAP__TEXT_SIZE 1001 /* of a task's sentence, with its final 0 */

/** A worker's state for one task. */
typedef struct dmap__local {
    const dmap_task *task; /* NULL: its set-up has not run */
    void *value;
    uint64_t generation; /* of the shared data that the set-up saw */
} dmap__local;

/** What of a task runs. */
typedef enum dmap__act {
    DMAP__ACT_ITEM = 0,
    DMAP__ACT_BATCH = 1,
    DMAP__ACT_SETUP = 2,
    DMAP__ACT_TEARDOWN = 3
} dmap__act;

struct dmap_context {
    uint64_t index;
    size_t item_size;
    int attempt;
    int number; /* of the worker */
    dmap__act act;
    _Atomic bool is_inside; /* the worker is inside the task: for other threads, which cannot ask dmap__worker_inside */
    dmap__crew_state *crew;
    dmap__crew_call *call; /* of the item */
    dmap__local *local;
    void *result; /* fixed size: its place; variable: what dmap_result gave last */
    size_t result_size;
    bool has_result; /* dmap_result was called */
    bool out_of_memory;
    const _Atomic uint64_t *limit;                                   /* items of this index and above are not wanted */
    bool (*is_cancelled)(const dmap_context *ctx);                   /* this one, or all of this batch, is not */
    void *(*take)(dmap_context *ctx, size_t size);                   /* gives memory for a result of variable size */
    bool (*emit)(dmap_context *ctx, const void *data, size_t size);  /* NULL: nobody takes it */
    const _Atomic uint64_t *best;                                    /* a key, see best.h; NULL: there is no call */
    bool (*offer)(dmap_context *ctx, uint64_t key);                  /* lowers it for all; true: it was higher */
    bool (*spawn)(dmap_context *ctx, const void *item, size_t size); /* takes a new item; NULL: nobody does */
    bool has_record;                                                 /* the item has a seed and depth of its own: */
    uint64_t seed;
    uint32_t depth;
    dmap__block **blocks; /* where that comes from, in the rank itself */
    double began_s;       /* this item; only if there is an item timeout */
    char text[DMAP__TEXT_SIZE];
};

/** Memory for a result, in the rank itself: ctx->take. */
void *dmap__context_take(dmap_context *ctx, size_t size);

/** Lowers the bound, in the rank itself: ctx->offer. */
bool dmap__context_offer(dmap_context *ctx, uint64_t key);

/** Hands an emission to the manager, in the rank itself: ctx->emit. */
bool dmap__context_emit(dmap_context *ctx, const void *data, size_t size);

#endif
