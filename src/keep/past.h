/* What a journal has of a map: ranges of items that have ended well, and the row that has each. Pure. */
#ifndef DMAP_KEEP_PAST_H
#define DMAP_KEEP_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dmap__past_range {
    uint64_t begin, end; /* indices */
    int64_t row;         /* later rows have higher numbers */
} dmap__past_range;

typedef struct dmap__past {
    dmap__past_range *ranges;
    size_t n, capacity;
    uint64_t items; /* in all of them; once they are settled */
} dmap__past;

/** Appends a range. Returns false if memory is out. */
bool dmap__past_add(dmap__past *past, uint64_t begin, uint64_t end, int64_t row);
/** Sorts, and has each item in one range: that of the latest row. Returns false if memory is out.
 *  whole: a range counts only if no later row has a part of it */
bool dmap__past_settle(dmap__past *past, bool whole);
void dmap__past_fini(dmap__past *past);

#endif
