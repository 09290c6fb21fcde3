/* Records: what of a call whose items make items goes between ranks and workers. A record is a head and the bytes
 * behind it, padded to 16; records lie one after the other in blocks (outcome.h), or each as a blob. */
#ifndef DMAP_BASE_SPAWN_RECORD_H
#define DMAP_BASE_SPAWN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/outcome.h"

typedef enum dmap__spawn_record_kind {
    DMAP__RECORD_ITEM = 1, /* an item that waits */
    DMAP__RECORD_END = 2,  /* one that has ended: its result, or the sentence of its failure */
    DMAP__RECORD_FOLD = 3, /* what the results of several come to */
    DMAP__RECORD_RAN = 4   /* `index` items have ended, `seed` attempts were made again */
} dmap__spawn_record_kind;

typedef struct dmap__spawn_record {
    uint64_t size; /* bytes behind this head */
    uint64_t index, seed;
    double seconds; /* END */
    uint32_t depth; /* 0: a root */
    int32_t attempt;
    uint8_t kind; /* a dmap__spawn_record_kind */
    uint8_t out_of_memory;
    uint8_t reserved[2];
    int32_t status, code, signal; /* END: a dmap_item_status */
    int32_t worker, core;
} dmap__spawn_record;

_Static_assert(sizeof(dmap__spawn_record) == 64, "a record travels without holes");

static inline void *dmap__spawn_record_data(const dmap__spawn_record *record) {
    return (void *)(record + 1);
}
/** Bytes of it in all, padded; 0 if they overflow. */
static inline size_t dmap__spawn_record_bytes(size_t size) {
    size_t padded = dmap__memory_pad(size);
    return padded < size || padded > SIZE_MAX - sizeof(dmap__spawn_record) ? 0 : sizeof(dmap__spawn_record) + padded;
}

/** Steps through the records of a list of blocks. */
typedef struct dmap__spawn_record_cursor {
    const dmap__block *block;
    size_t at; /* bytes of the block that were seen */
} dmap__spawn_record_cursor;

/** A new record at the end of *blocks, its head zero but for kind and size. NULL if memory is out. */
dmap__spawn_record *dmap__spawn_record_add(dmap__block **blocks, dmap__spawn_record_kind kind, size_t size);
/** The next record; NULL: there is none, or what is left is damaged. */
const dmap__spawn_record *dmap__spawn_record_next(dmap__spawn_record_cursor *cursor);
/** True if these bytes are whole records, one after the other. */
bool dmap__spawn_records_are_sound(const void *data, size_t size);
/** Bytes of all blocks. */
size_t dmap__spawn_records_bytes(const dmap__block *blocks);

#endif
