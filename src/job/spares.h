/* Memory for the results of chunks, kept when they have left: a large piece of fresh memory costs as much in page
 * faults as a copy of it does. */
#ifndef DMAP_JOB_SPARES_H
#define DMAP_JOB_SPARES_H

#include <stddef.h>

#define DMAP__SPARES 8 /* kept at most: about what is out at two branches, or waits for a sink */

#define DMAP__SPARE_BYTES ((size_t)32 << 20) /* of a rank: memory for results, kept for the next call */

typedef struct dmap__spare {
    void *memory; /* from malloc; NULL: none */
    size_t size;
} dmap__spare;

typedef struct dmap__spares {
    dmap__spare kept[DMAP__SPARES]; /* the latest last */
    int n;
} dmap__spares;

/** Memory of at least `size` bytes, the caller's; .memory is NULL if there is none. */
dmap__spare dmap__spares_take(dmap__spares *spares, size_t size);
/** Takes it back: keeps it, or frees it. */
void dmap__spares_put(dmap__spares *spares, dmap__spare spare);
/** Frees the earliest until no more than `bytes` are kept. Returns how many that are. */
size_t dmap__spares_trim(dmap__spares *spares, size_t bytes);
/** Frees all that is kept. */
void dmap__spares_drop(dmap__spares *spares);

#endif
