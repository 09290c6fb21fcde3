/* Where the items of a call come from, as an ops table for each kind: what the pool and the plan see of a call's items
 * is the same for all of them.
 *
 * Array, blobs and range lie in the caller's memory (or nowhere) and are only pointed to. What a pull source gives is
 * copied once, into a block that the lease gets which it was pulled for, and kept there until every item of it has
 * ended and left for its rank: an item may come back (recalled, or to be tried again), and the source cannot be asked
 * twice.
 *
 *   source.c        the table of kinds
 *   source_array.c  source_blobs.c  source_range.c  source_pull.c: a kind each
 *   source_spawned.c  roots of any kind, and items that items made
 *   items.c         the items of a lease, while somebody needs them */
#ifndef DMAP_CALL_SOURCE_H
#define DMAP_CALL_SOURCE_H

#include "base/error.h"
#include "call/order.h"
#include "crew/work.h"

/** Items [begin, end) of the plan's positions. */
typedef struct dmap__items {
    uint64_t begin, end;
    dmap__layout layout;
    uint64_t range_first;    /* RANGE: number of index 0 */
    const void *items;       /* ARRAY, BLOBS: as in dmap__grant */
    const uint64_t *indices; /* shuffled: of `begin` on */
    /* Private to items.c, and to source_pull.c. */
    int users;     /* the lease, the message */
    uint64_t open; /* pulled: positions that may still be asked for again */
    unsigned char *block;
    dmap_blob *table;
    struct dmap__items *next, *previous; /* of those that hold pulled items */
} dmap__items;

struct dmap__source_ops;

typedef struct dmap__source {
    const struct dmap__source_ops *ops;
    dmap_source source;
    const dmap_task *task;
    bool has_records;         /* its items are records, of any size, whatever the task says */
    const dmap__order *order; /* NULL: position is index */
    uint64_t offered;         /* of one that offers its items: positions below are there */
    bool ended;               /* the pull source has no more */
    bool later;               /* it has none yet: it is to be asked again */
    bool rings;               /* and rings the bell when it has */
    dmap__error failure;      /* why it ended; DMAP_OK: it was the end */
    dmap__items *held;        /* pulled */
    dmap__items *filling;     /* those that are being pulled now, or are next; NULL: none were made yet */
    dmap__items *filled;      /* of those held, what was pulled last, and no lease has yet */
} dmap__source;

/** The `kind` of a dmap_source. 0: no function made it. */
enum { DMAP__SOURCE_ARRAY = 1, DMAP__SOURCE_BLOBS = 2, DMAP__SOURCE_RANGE = 3, DMAP__SOURCE_PULL = 4 };

/** A kind of source. A new one is a number above, a row in source.c, and a file with the function that makes it. */
typedef struct dmap__source_ops {
    bool is_stream; /* nobody knows how many items there are until it ends */
    bool has_bytes; /* items lie in memory, from where they are sent */
    /** Says whether the task can have its items. */
    dmap_status (*check)(const dmap_task *task, const dmap_source *source, dmap__error *error);
    /** Offers up to n items more, at least one, but no more than are about `bytes` in all or than it has now: it sets
     *  from->ended or from->later then, and may offer none at all. One that failed has ended, and from->failure says
     *  why. Returns false if memory is out (it was not asked). NULL: all items are there from the start */
    bool (*offer)(dmap__source *from, uint64_t n, size_t bytes);
    /** The item of an index; NULL: they do not lie in the caller's memory. */
    dmap_blob (*item_at)(const dmap__source *from, uint64_t index);
    /** Items [begin, end), which are there, with one user. NULL: memory is out. */
    dmap__items *(*get)(dmap__source *from, uint64_t begin, uint64_t end);
} dmap__source_ops;

extern const dmap__source_ops dmap__source_array, dmap__source_blobs, dmap__source_range, dmap__source_pull;

/** The ops of a dmap_source's kind; NULL: no function made it. */
const dmap__source_ops *dmap__source_ops_of(int kind);

/** Items in the source; of a stream, those that were pulled so far. */
static inline uint64_t dmap__items_count(const dmap__source *from) {
    return from->ops->is_stream ? from->offered : from->source.end - from->source.begin;
}

/** Bytes of an item, or DMAP_VARIABLE. */
static inline size_t dmap__source_item_size(const dmap__source *from) {
    return from->has_records ? DMAP_VARIABLE : from->task->item_size;
}

/** Bytes sent for an item of fixed size; 0 for those of variable size, and where nothing is sent. */
static inline size_t dmap__items_size(const dmap__source *from) {
    return from->ops->has_bytes && dmap__source_item_size(from) != DMAP_VARIABLE ? from->task->item_size : 0;
}

/* ---- source_pull.c, for sources that are asked one by one, by source->source.next ---- */

bool dmap__pull_offer(dmap__source *from, uint64_t n, size_t bytes);
dmap__items *dmap__pull_get(dmap__source *from, uint64_t begin, uint64_t end);

/* ---- items.c ---- */

/** Items with one user, which nobody has filled in yet. NULL: memory is out. */
dmap__items *dmap__items_create(uint64_t begin, uint64_t end);
/** Longest first, the items of neighbouring positions do not lie side by side: makes a table of pointers to them.
 *  Returns NULL, without the items, if memory is out. */
dmap__items *dmap__items_scatter(dmap__source *from, dmap__items *items,
                                 dmap_blob (*blob_of)(const dmap__source *from, uint64_t index));
/** Keeps items until none of them is open: they all are now. */
void dmap__items_hold(dmap__source *from, dmap__items *items);
void dmap__items_use(dmap__items *items);
/** A user less. */
void dmap__items_leave(dmap__source *from, dmap__items *items);
/** So many of the items will not be asked for again. */
void dmap__items_close(dmap__source *from, dmap__items *items, uint64_t n);
/** Frees items that nobody uses. */
void dmap__items_destroy(dmap__source *from, dmap__items *items);
/** Frees whatever is still held. */
void dmap__items_fini(dmap__source *from);

#endif
