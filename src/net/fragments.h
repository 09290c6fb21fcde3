/* How a message is cut: what travels with the head in its first MPI message, and which bytes each fragment that follows
 * holds. Both sides compute it from the two sizes in the head, so nothing about it is ever sent.
 *
 * The first MPI message is the head, then meta, then data at the next multiple of 16, if all of it fits in
 * DMAP__FIRST_BYTES; else the head and meta, if that fits; else the head alone. What is not in it follows in fragments
 * of DMAP__FRAGMENT_BYTES (the last of each part is shorter): meta's, then data's. No fragment holds both. */
#ifndef DMAP_NET_FRAGMENTS_H
#define DMAP_NET_FRAGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/dmap.h>

/* Measured with Open MPI 4.1: shared memory sends up to 4096 bytes with its own header at once, above that a fragment
 * into its place is faster than a first message twice copied. Fragments of 512 KiB to 2 MiB are alike. */
#define DMAP__FIRST_BYTES    ((size_t)4032)
#define DMAP__FRAGMENT_BYTES ((size_t)1 << 20)

typedef struct dmap__framing {
    uint64_t meta_size, data_size;
    size_t first_size;                  /* bytes of the first MPI message */
    size_t first_data;                  /* where data begins in it */
    uint64_t meta_fragments, fragments; /* that follow: meta's, and all */
    bool is_meta_first, is_data_first;  /* travels in the first MPI message */
} dmap__framing;

typedef struct dmap__fragment {
    bool is_meta;
    uint64_t offset; /* in meta or in data */
    size_t size;     /* never 0 */
} dmap__fragment;

dmap__framing dmap__framing_of(uint64_t meta_size, uint64_t data_size);
/** index: below framing->fragments */
dmap__fragment dmap__framing_fragment(const dmap__framing *framing, uint64_t index);

/** A place in the bytes of several parts, taken one after the other. */
typedef struct dmap__cursor {
    const dmap_blob *parts;
    size_t n_parts;
    size_t part, offset; /* the next byte */
} dmap__cursor;

/** The sum of the sizes. */
uint64_t dmap__parts_size(const dmap_blob *parts, size_t n_parts);
/** The next `size` bytes (at least one), if they lie within one part: moves over them. Else NULL, and does not move. */
const void *dmap__cursor_take(dmap__cursor *cursor, size_t size);
/** Copies the next `size` bytes, which must be there, and moves over them. */
void dmap__cursor_copy(dmap__cursor *cursor, void *into, size_t size);

#endif
