/* The output of one job, held for its turn: in memory while there is little of all jobs' output, else in the spool. */
#ifndef DMAP_APPS_RUN_OUTPUT_BUFFER_H
#define DMAP_APPS_RUN_OUTPUT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/base/text.h"
#include "run/output/spool.h"

/** Where held output lies; one for all jobs. */
typedef struct run_store {
    run_spool spool;
    size_t in_memory; /* bytes, of all jobs */
    size_t budget;    /* beyond it what is added goes to the spool */
    char *buffer;     /* to read the spool by */
} run_store;

typedef struct run_extent {
    uint64_t offset, size;
} run_extent;

/** One stream of one job: the extents in the spool come first, then what is in memory. All zero is empty. */
typedef struct run_buffer {
    run_extent *extents;
    size_t n_extents, room;
    run_text memory;
} run_buffer;

/** Returns false if memory is out. */
bool run_store_init(run_store *store, size_t budget);
void run_store_fini(run_store *store);

/** Returns false with a sentence in store->spool.error. */
bool run_buffer_add(run_store *store, run_buffer *buffer, const void *data, size_t size);
uint64_t run_buffer_size(const run_buffer *buffer);
/** Drops it all. */
void run_buffer_clear(run_store *store, run_buffer *buffer);

/** Takes bytes of it; returns false to stop. */
typedef bool run_buffer_fn(void *arg, const void *data, size_t size);
/** Hands it out from its beginning; it stays held. Returns false if fn did, or the spool cannot be read. */
bool run_buffer_read(run_store *store, const run_buffer *buffer, run_buffer_fn *fn, void *arg);

#endif
