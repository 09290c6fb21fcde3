/* A call and its journal: what that has is delivered from it, in its place, and what ends is handed to it. Off the way
 * of a call that has none.
 *
 *   journal.c      beginning; what the journal has, on its way to the sink; the end
 *   journal_row.c  a segment as rows, and a row as a segment */
#ifndef DMAP_CALL_JOURNAL_H
#define DMAP_CALL_JOURNAL_H

#include "call/call.h"
#include "keep/keep.h"

typedef struct dmap__journal {
    dmap__keep_map *map;
    dmap__record *record; /* of the range that is delivered now; NULL: it was not taken yet */
    size_t range;         /* that one */
    uint64_t at;          /* its index from which on it was not delivered */
    uint64_t position;    /* with an order: that of `at`; what the journal has comes first there */
    size_t costed;        /* range, while the order is made */
} dmap__journal;

/** Opens the call's journal, if it wants one, before its order is made. On failure the call is in trouble. */
dmap_status dmap__journal_open(dmap__call *call);
/** The rest of it is not written. Does nothing if there is none. */
void dmap__journal_close(dmap__call *call);

/** True if it has items of the call. */
bool dmap__journal_has_any(const dmap__call *call);
/** The call's cost hint: what the journal has comes before all else. call: the call, asked for each index in turn */
double dmap__journal_cost(void *call, uint64_t index);
/** Delivers what the journal has of the next positions, as far as it was read and the window lets it in. */
void dmap__journal_replay(dmap__call *call);
/** How many positions may be offered before the next that the journal has. */
uint64_t dmap__journal_gap(const dmap__call *call);

/** A part of a lease has come. */
void dmap__journal_keep(dmap__call *call, const dmap__call_lease *out, const dmap__segment *part);
/** An item has failed for good. */
void dmap__journal_keep_failure(dmap__call *call, int rank, uint64_t index, const dmap__failure *failure);
/** Nothing more is to be granted for now. */
bool dmap__journal_is_full(const dmap__call *call);
/** True once all is written; has it written. */
bool dmap__journal_is_written(const dmap__call *call);
/** The call ends if the journal cannot be written. */
void dmap__journal_look(dmap__call *call);

/* ---- journal_row.c ---- */

/** The item at a position of the lease's; its data is NULL for one that lies nowhere. */
dmap_blob dmap__journal_item(const dmap__call *call, const dmap__items *items, uint64_t position);
/** A row for positions [begin, end) of a part, of consecutive indices, of which the first is `index`. NULL: memory is
 *  out. */
dmap__record *dmap__journal_row(const dmap__call *call, const dmap__items *items, const dmap__segment *part,
                                uint64_t begin, uint64_t end, uint64_t index);
/** How many positions from `begin` on a row is to have, of those up to end: no more than are about 2 MiB. 0: the one
 *  is more than a row can hold. */
uint64_t dmap__journal_row_size(const dmap__call *call, const dmap__segment *part, uint64_t begin, uint64_t end);
/** A segment of items [begin, end) of a row, at a position. NULL: memory is out. */
dmap__segment *dmap__journal_segment(const dmap__call *call, const dmap__record *row, uint64_t begin, uint64_t end,
                                     uint64_t position);

#endif
