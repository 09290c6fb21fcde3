/* Where the items of a call come from whose items make items: from the program's source, the roots, and from the chunks
 * that have ended, with what still waited in them. To the plan, each is a position of its own; all are records. */
#ifndef DMAP_CALL_SOURCE_SPAWNED_H
#define DMAP_CALL_SOURCE_SPAWNED_H

#include "base/spawn_record.h"
#include "base/spool.h"
#include "call/source.h"

/** Records that wait here, taken from the end. */
typedef struct dmap__bundle {
    dmap__block *blocks; /* NULL: they are in the file */
    size_t bytes, n;
} dmap__bundle;

typedef struct dmap__spawned {
    dmap__source *source; /* that it is in */
    dmap__source roots;
    uint64_t next_root;    /* not given yet */
    dmap__items *held;     /* of the roots, from next_root on; NULL: none is */
    uint64_t seed;         /* the call's */
    size_t most;           /* bytes of records that wait in memory, about; further ones go to the file */
    dmap__bundle *bundles; /* the youngest last; those in the file first */
    size_t n_bundles, capacity;
    size_t in_file;   /* of them, so many are there */
    size_t bytes;     /* of those that are not */
    uint64_t waiting; /* records in all */
    dmap__spool spool;
    dmap__bundle current;          /* being given */
    const dmap__spawn_record **at; /* its records, shuffled: those below `left` were not given */
    size_t left, at_capacity;
    unsigned char *root; /* a record made of a root */
    size_t root_size;
    bool (*is_any_out)(const void *arg); /* whether chunks are out, which may bring some */
    const void *arg;
} dmap__spawned;

/** Makes `source` one: of these roots. Returns NULL if memory is out. */
dmap__spawned *dmap__spawned_create(dmap__source *source, const dmap__source *roots);
/** spawned may be NULL. */
void dmap__spawned_destroy(dmap__spawned *spawned);
/** Takes in the items among these records: copied. *n gets how many they are.
 *  Returns DMAP_OK, DMAP_ENOMEM, DMAP_EIO */
dmap_status dmap__spawned_take(dmap__spawned *spawned, const dmap__block *records, uint64_t *n, dmap__error *error);
/** Items that wait here; of a source that does not know, one more. */
uint64_t dmap__spawned_waiting(const dmap__spawned *spawned);

#endif
