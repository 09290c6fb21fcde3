/* Items of a lease: where they come from, and that they stay until nobody needs them.
 *
 * Array, blobs and range lie in the caller's memory (or nowhere) and are only pointed to. What a pull source gives is
 * copied once, into a block that the lease gets which it was pulled for, and kept there until every item of it has
 * ended and left for its rank: an item may come back (recalled, or to be tried again), and the source cannot be asked
 * twice. */
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
    uint64_t offered;         /* of one that offers its items: positions below are there */
    bool ended;               /* the pull source has no more */
    bool later;               /* it has none yet: it is to be asked again */
    bool rings;               /* and rings the bell when it has */
    dmap__error failure;      /* why it ended; DMAP_OK: it was the end */
    dmap__items *held;        /* pulled */
    dmap__items *filling;     /* those that are being pulled now, or are next; NULL: none were made yet */
    dmap__items *filled;      /* of those held, what was pulled last, and no lease has yet */
} dmap__source;

/** True of a pull source: nobody knows how many items there are until it ends. */
bool dmap__items_is_stream(const dmap__source *from);
/** Items in the source; of a stream, those that were pulled so far. */
uint64_t dmap__items_count(const dmap__source *from);
/** Bytes sent for an item of fixed size; 0 for a range and for variable sizes. */
size_t dmap__items_size(const dmap__source *from);

/** True if the source offers its items bit by bit. Else all are there from the start. */
bool dmap__items_are_offered(const dmap__source *from);
/** Has the source offer up to n items more, at least one, but no more than are about `bytes` in all or than it has now:
 *  it sets from->ended or from->later then, and may offer none at all. A source that failed has ended, and
 *  from->failure says why. Returns DMAP_OK; DMAP_ENOMEM (it was not asked) */
dmap_status dmap__items_offer(dmap__source *from, uint64_t n, size_t bytes, dmap__error *error);
/** Gets items [begin, end), which are there. *items counts one user. Returns DMAP_OK; DMAP_ENOMEM */
dmap_status dmap__items_get(dmap__source *from, uint64_t begin, uint64_t end, dmap__items **items, dmap__error *error);
void dmap__items_use(dmap__items *items);
/** A user less. */
void dmap__items_leave(dmap__source *from, dmap__items *items);
/** So many of the items will not be asked for again. */
void dmap__items_close(dmap__source *from, dmap__items *items, uint64_t n);
/** Frees whatever is still held. */
void dmap__items_fini(dmap__source *from);

#endif
