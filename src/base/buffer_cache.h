/* Memory for the results of chunks, kept when they have left: a large piece of fresh memory costs as much in page
 * faults as a copy of it does. */
#ifndef DMAP_BASE_BUFFER_CACHE_H
#define DMAP_BASE_BUFFER_CACHE_H

#include <stddef.h>

#define DMAP__BUFFER_CACHE 8 /* kept at most: about what is out at two branches, or waits for a sink */

#define DMAP__SPARE_BYTES ((size_t)32 << 20) /* of a rank: memory for results, kept for the next call */

typedef struct dmap__buffer {
    void *memory; /* from malloc; NULL: none */
    size_t size;
} dmap__buffer;

typedef struct dmap__buffer_cache {
    dmap__buffer kept[DMAP__BUFFER_CACHE]; /* the latest last */
    int n;
} dmap__buffer_cache;

/** Memory of at least `size` bytes, the caller's; .memory is NULL if there is none. */
dmap__buffer dmap__buffer_cache_take(dmap__buffer_cache *buffers, size_t size);
/** Takes it back: keeps it, or frees it. */
void dmap__buffer_cache_put(dmap__buffer_cache *buffers, dmap__buffer spare);
/** Frees the earliest until no more than `bytes` are kept. Returns how many that are. */
size_t dmap__buffer_cache_trim(dmap__buffer_cache *buffers, size_t bytes);
/** Frees all that is kept. */
void dmap__buffer_cache_drop(dmap__buffer_cache *buffers);

#endif
