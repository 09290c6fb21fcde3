/* What the messages between master and ranks mean, and how they are laid out. Pure: it packs and unpacks, it sends
 * nothing.
 *
 *   master to rank                              rank to master
 *   CALL   a call begins: its spec              RESULT   a chunk has ended: an outcome
 *   GRANT  a chunk, and its items, or where     RETURN   ranges taken back, on a RECALL
 *          they lie, and its results belong
 *   RECALL give back items not begun            PROGRESS items of a chunk ended so far
 *   LIMIT  items from here on are not wanted    SHARED   the data shared is there (or not)
 *   BEST   the bound of the call is lower       BEST     the same
 *   CANCEL an item is not wanted                PLACED   they are here
 *   TAKEN  emissions have been taken            EMIT     an item's emission
 *   SHARE  new shared data, or where to find it
 *   PLACES where do your workers run?
 *   ENDED  a call has ended: nothing of it
 *          comes any more
 *   CLOSE  the pool is closed                   BEAT     a sign of life, to be answered
 *   BEAT   the answer
 *
 * Numbers travel as the machine has them: a pool is opened only if all ranks run the same program. */
#ifndef DMAP_NET_WIRE_H
#define DMAP_NET_WIRE_H

#include <dmap/place.h>

#include "base/outcome.h"
#include "net/message.h"

/** Flags of RESULT: what the data is, and that every item of the chunk is there. */
enum {
    DMAP__KIND_NOTHING = 0,
    DMAP__KIND_FIXED = 1,
    DMAP__KIND_VARIABLE = 2,
    DMAP__KIND_FOLD = 3,
    DMAP__KIND_PLACED = 4,  /* there is none: results of fixed size lie where the GRANT said */
    DMAP__KIND_RECORDS = 5, /* of a call whose items make items: spawn_record.h */
    DMAP__KINDS = 15,       /* the flags that say which */
    DMAP__FLAG_WHOLE = 16
};

/** How items lie: those of one GRANT, whose head has lease, begin, end, flags: the layout, and what `grant` says. */
typedef struct dmap__wire_items {
    uint32_t layout;  /* dmap__layout of the receiver */
    size_t item_size; /* or DMAP_VARIABLE */
    uint64_t begin, end;
    const void *array;       /* one of: side by side, */
    const dmap_blob *blobs;  /* a table; neither for a range */
    const uint64_t *indices; /* or NULL */
} dmap__wire_items;

/** Parts of a message to be sent; the memory that they need is in `meta` and `parts`, both freed with free(). */
typedef struct dmap__packed {
    void *meta;
    size_t meta_size;
    dmap_blob *parts;
    size_t n_parts;
} dmap__packed;

void dmap__packed_fini(dmap__packed *packed);

/** Packs items. Returns false if memory is out: *packed is then empty. */
bool dmap__wire_pack_items(const dmap__wire_items *items, dmap__packed *packed);
/** Finds the items in a message that holds them: *indices points into meta, *blobs is a new table (free() it), for
 *  items of variable size; NULL where there are none. Returns DMAP_OK, DMAP_ENOMEM, DMAP_EMPI (damaged) */
dmap_status dmap__wire_unpack_items(const dmap__message *message, bool shuffled, size_t item_size,
                                    const uint64_t **indices, dmap_blob **blobs);

/** Packs an outcome, which is borrowed until the message was sent; result_size is its task's. Sets the head's fields.
 *  Returns false if memory is out: *packed is then empty. */
bool dmap__wire_pack_outcome(const dmap__outcome *outcome, size_t result_size, dmap__head *head, dmap__packed *packed);
/** Makes an outcome of a RESULT; takes the message's data over (or copies it, where it is small). place: where the
 *  results lie, if they do not lie in the message: the caller's, as long as the outcome; NULL: they do.
 *  Returns DMAP_OK, DMAP_ENOMEM, DMAP_EMPI (damaged) */
dmap_status dmap__wire_unpack_outcome(dmap__message *message, const dmap_task *task, void *place,
                                      dmap__outcome *outcome);
/** Packs n places as a meta part: their numbers and texts, but for host and rank. Returns false if memory is out. */
bool dmap__wire_pack_places(const dmap_place *places, int n, dmap__packed *packed);
/** Fills in the place of a worker from such a meta part. Returns DMAP_OK, DMAP_EMPI (damaged, or it is not there). */
dmap_status dmap__wire_unpack_place(dmap_blob meta, int worker, dmap_place *place);
/** True if the RESULT holds every item of its chunk, of fixed size: its data can be received where the results
 *  belong. */
bool dmap__wire_is_whole(const dmap__head *head);
/** True if the RESULT's results were written to where its GRANT said. */
bool dmap__wire_is_placed(const dmap__head *head);

#endif
