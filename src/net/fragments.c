/* The cutting of messages; see fragments.h for the framing. Pure: sizes and offsets in, sizes and offsets out.
 *
 * Invariant: the fragments of a message cover what its first MPI message does not hold, each byte once, in rising
 * order. It does not know MPI, ranks or requests. */
#include "net/fragments.h"

#include <string.h>

#include "net/message.h"

_Static_assert(sizeof(size_t) == sizeof(uint64_t), "sizes in a head are sizes in memory");

static uint64_t pieces(uint64_t size) {
    return size / DMAP__FRAGMENT_BYTES + (size % DMAP__FRAGMENT_BYTES != 0);
}

/* Compares by subtraction: sizes near 2^64 must not wrap round and seem to fit. */
static bool fits(size_t used, uint64_t size) {
    return size <= DMAP__FIRST_BYTES - used;
}

dmap__framing dmap__framing_of(uint64_t meta_size, uint64_t data_size) {
    dmap__framing framing = {.meta_size = meta_size, .data_size = data_size, .first_size = sizeof(dmap__head)};
    framing.is_meta_first = fits(sizeof(dmap__head), meta_size);
    if (framing.is_meta_first) {
        framing.first_size += (size_t)meta_size;
        framing.first_data = (framing.first_size + 15) & ~(size_t)15;
        framing.is_data_first = framing.first_data <= DMAP__FIRST_BYTES && fits(framing.first_data, data_size);
    }
    if (framing.is_data_first && data_size > 0)
        framing.first_size = framing.first_data + (size_t)data_size;
    framing.meta_fragments = framing.is_meta_first ? 0 : pieces(meta_size);
    framing.fragments = framing.meta_fragments + (framing.is_data_first ? 0 : pieces(data_size));
    return framing;
}

dmap__fragment dmap__framing_fragment(const dmap__framing *framing, uint64_t index) {
    dmap__fragment fragment = {.is_meta = index < framing->meta_fragments};
    uint64_t whole = fragment.is_meta ? framing->meta_size : framing->data_size;
    fragment.offset = (fragment.is_meta ? index : index - framing->meta_fragments) * DMAP__FRAGMENT_BYTES;
    uint64_t left = whole - fragment.offset;
    fragment.size = left < DMAP__FRAGMENT_BYTES ? (size_t)left : DMAP__FRAGMENT_BYTES;
    return fragment;
}

uint64_t dmap__parts_size(const dmap_blob *parts, size_t n_parts) {
    uint64_t size = 0;
    for (size_t i = 0; i < n_parts; i++)
        size += parts[i].size;
    return size;
}

/* Moves over parts that are used up, and empty ones. Only called while bytes are left. */
static void skip_ended(dmap__cursor *cursor) {
    while (cursor->offset == cursor->parts[cursor->part].size) {
        cursor->part++;
        cursor->offset = 0;
    }
}

const void *dmap__cursor_take(dmap__cursor *cursor, size_t size) {
    skip_ended(cursor);
    const dmap_blob *part = &cursor->parts[cursor->part];
    if (part->size - cursor->offset < size)
        return NULL;
    const void *bytes = (const char *)part->data + cursor->offset;
    cursor->offset += size;
    return bytes;
}

void dmap__cursor_copy(dmap__cursor *cursor, void *into, size_t size) {
    char *to = into;
    while (size > 0) {
        skip_ended(cursor);
        const dmap_blob *part = &cursor->parts[cursor->part];
        size_t left = part->size - cursor->offset;
        size_t now = left < size ? left : size;
        memcpy(to, (const char *)part->data + cursor->offset, now);
        cursor->offset += now;
        to += now;
        size -= now;
    }
}
