/* A row of a journal: a contiguous range of items that have ended, in memory as it lies in the file.
 *
 *   hashes   of each item's bytes, 64 bits (XXH3); none for a range source
 *   failed   offsets of the items that have failed, 64 bits each, ascending
 *   results  by the kind of results of the map: nothing; of fixed size, one for each item, those of failed ones zero;
 * of any size, a table of sizes (64 bits, all ones: failed) and then the bytes, without gaps; of a fold, for each
 *            topmost whole node of the range (base/fold.h) its size (all ones: missing) and its bytes
 *
 * Numbers are in the byte order of the machine, which the map names. */
#ifndef DMAP_KEEP_RECORD_H
#define DMAP_KEEP_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/call_spec.h"

#define DMAP__RECORD_NONE UINT64_MAX /* the size of a result that is not there */

/** What all rows of a map have in common. */
typedef struct dmap__record_shape {
    dmap__want want;
    size_t result_size; /* or DMAP_VARIABLE */
    bool has_hashes;
} dmap__record_shape;

typedef struct dmap__record {
    uint64_t begin, end; /* indices */
    int rank, attempt;
    double seconds;   /* an item took, in the mean */
    const char *host; /* of a row that is to be written; borrowed */
    unsigned char *hashes, *failed, *results;
    size_t hashes_size, failed_size, results_size;
    int64_t sum; /* as in the file */
} dmap__record;

/** A record of [begin, end) with room for its parts, which are to be filled in. NULL if memory is out. */
dmap__record *dmap__record_create(uint64_t begin, uint64_t end, size_t hashes_size, size_t failed_size,
                                  size_t results_size);
/** record may be NULL. */
void dmap__record_destroy(dmap__record *record);

/** Bytes of memory that it takes. */
size_t dmap__record_bytes(const dmap__record *record);
/** The checksum over all that a run takes from the row. map: its number */
int64_t dmap__record_sum(const dmap__record *record, int64_t map);

/** The hash of an item. */
uint64_t dmap__record_hash(const void *data, size_t size);

/** True if the parts fit the range and the shape: nothing in them points beyond their ends. */
bool dmap__record_is_sound(const dmap__record *record, const dmap__record_shape *shape);

/** A 64-bit number of a part. */
uint64_t dmap__record_number(const unsigned char *part, uint64_t at);
void dmap__record_set_number(unsigned char *part, uint64_t at, uint64_t value);

#endif
