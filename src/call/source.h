/* Items of a lease: where they come from, and that they stay until nobody needs them.
 *
 * Array, blobs and range lie in the caller's memory (or nowhere) and are only pointed to. What a pull source gives is
 * copied once, into the block of the lease that asked for it, and kept there until every item of it has ended and left
 * for its rank: an item may come back (recalled, or to be tried again), and the source cannot be asked twice. */
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
    /* Private to source.c. */
    int users;     /* the lease, the message */
    uint64_t open; /* pulled: positions that may still be asked for again */
    unsigned char *block;
    dmap_blob *table;
    struct dmap__items *next, *previous; /* of those that hold pulled items */
} dmap__items;

typedef struct dmap__source {
    dmap_source source;
    const dmap_task *task;
    const dmap__order *order; /* NULL: position is index */
    uint64_t pulled;          /* items taken from a pull source */
    bool ended;               /* the pull source has no more */
    bool later;               /* it has none yet: it is to be asked again */
    bool rings;               /* and rings the bell when it has */
    dmap__error failure;      /* why it ended; DMAP_OK: it was the end */
    dmap__items *held;        /* pulled */
    dmap__items *filling;     /* those that are being pulled now */
} dmap__source;

/** True of a pull source: nobody knows how many items there are until it ends. */
bool dmap__items_is_stream(const dmap__source *from);
/** Items in the source; of a stream, those that were pulled so far. */
uint64_t dmap__items_count(const dmap__source *from);
/** Bytes sent for an item of fixed size; 0 for a range and for variable sizes. */
size_t dmap__items_size(const dmap__source *from);

/** Gets items [begin, end): all of them if `whole`, else as many, at least one, as are about `bytes` in all or the
 *  source has now: it sets from->ended or from->later then, and may give none at all. A source that failed has ended,
 *  and from->failure says why. *items counts one user. Returns DMAP_OK; DMAP_ENOMEM (nothing was taken from the
 *  source) */
dmap_status dmap__items_get(dmap__source *from, uint64_t begin, uint64_t end, bool whole, size_t bytes,
                            dmap__items **items, dmap__error *error);
void dmap__items_use(dmap__items *items);
/** A user less. */
void dmap__items_leave(dmap__source *from, dmap__items *items);
/** So many of the items will not be asked for again. */
void dmap__items_close(dmap__source *from, dmap__items *items, uint64_t n);
/** Frees whatever is still held. */
void dmap__items_fini(dmap__source *from);

#endif
