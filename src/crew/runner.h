/* Running the items of a batch: one function, for a worker's own thread and for its process. Where items and results
 * lie is said by the runner's fields; who is told what became of an item, by its side. */
#ifndef DMAP_CREW_RUNNER_H
#define DMAP_CREW_RUNNER_H

#include "crew/context.h"

typedef struct dmap__runner dmap__runner;

/** Items are counted from the runner's first. */
typedef struct dmap__runner_side {
    dmap_blob (*blob_at)(const dmap__runner *r, uint32_t i); /* BLOBS: an item */
    /** So many items are about to begin at once; ctx has the index of the first. NULL: nobody wants to know. */
    void (*begin)(dmap__runner *r, uint32_t n);
    bool (*is_cancelled)(const dmap__runner *r, uint32_t i); /* asked once *r->cancels is not NULL */
    /** Item i, and those before it in the same call of the task, ended well; ctx has its result, if of any size. */
    void (*done)(dmap__runner *r, uint32_t i);
    /** Item i failed; ctx has its sentence. Returns true if the batch goes on behind it. */
    bool (*failed)(dmap__runner *r, uint32_t i, int code, dmap_item_status status);
} dmap__runner_side;

struct dmap__runner {
    const dmap__runner_side *side;
    void *owner;       /* the side's */
    dmap_context *ctx; /* its call, limit, attempt and item_size are set */
    dmap__layout layout;
    const unsigned char *items; /* ARRAY: the first one */
    const uint64_t *indices;    /* NULL: they follow first_index */
    uint64_t first_index, range_first;
    uint32_t next; /* one past the last item that was begun one by one; the first to run */
    uint32_t count;
    _Atomic uint8_t *const _Atomic *cancels; /* of the grant; NULL: items up to r->count are not cancelled */
    bool singly;                             /* run_batch: one item at a time */
    unsigned char *results;                  /* the first one; NULL: none of fixed size */
    size_t result_step;
    _Atomic uint32_t *done; /* gets how many items in a row ended well, after each; NULL: side->done is enough */
};

/** Runs items from r->next on, one by one or by run_batch, up to r->count, or the first that nobody wants any more;
 *  r->next is then behind the last that ran. Returns false if that one failed, and the batch ends with it. */
bool dmap__runner_run(dmap__runner *r);

#endif
