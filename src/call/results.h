/* The table behind dmap_collect. */
#ifndef DMAP_CALL_RESULTS_H
#define DMAP_CALL_RESULTS_H

#include "call/segment.h"

/** A table of `count` results (0 for a source of unknown length: it grows), of result_size bytes or DMAP_VARIABLE, all
 *  DMAP_ITEM_CANCELLED. Returns NULL if memory is out. */
dmap_results *dmap__results_create(uint64_t count, size_t result_size);
/** Where the fixed-size results from index `begin` on belong, side by side to the last; NULL: the table may still move,
 *  or they are of other sizes. */
void *dmap__results_place(const dmap_results *results, uint64_t begin);
/** Takes in a part, of which results that lie in their place stay there; index_of maps positions to indices (NULL: they
 *  are the same). text(arg, failure) gives a failure's sentence. Keeps the buffer's memory in use where results are of
 *  variable size. Returns false if memory is out. */
bool dmap__results_add(dmap_results *results, dmap__segment *part, const uint64_t *index_of,
                       const char *(*text)(void *arg, const dmap__failure *failure), void *arg);
/** Keeps what lies in the buffer as long as the table. Returns false if memory is out. */
bool dmap__results_keep(dmap_results *results, dmap__result_buffer *buffer);
/** One more end, behind all others. Of variable size, result stays where it is: see dmap__results_keep.
 *  text: of a failure. Returns false if memory is out. */
bool dmap__results_append(dmap_results *results, dmap_blob result, dmap_item_status status, const char *text);
/** One item's failure; does nothing if the item has ended already. Returns false if memory is out. */
bool dmap__results_fail(dmap_results *results, uint64_t index, dmap_item_status status, const char *text);
/** The call has ended: `count` items were there (the table grows to them), and those above `limit` were not wanted.
 *  Returns false if memory is out: it has the entries that it had. */
bool dmap__results_finish(dmap_results *results, uint64_t count, uint64_t limit);

#endif
