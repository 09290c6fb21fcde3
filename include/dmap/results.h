/* dmap: how an item ends, and the table that dmap_collect makes. Part of dmap.h, whose words hold here. */
#ifndef DMAP_RESULTS_H
#define DMAP_RESULTS_H

#include <stddef.h>
#include <stdint.h>

#include <dmap/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dmap_results dmap_results;

typedef enum dmap_item_status {
    DMAP_ITEM_OK = 0,
    DMAP_ITEM_FAILED = 1,   /* the task returned non-zero */
    DMAP_ITEM_CRASHED = 2,  /* its process died (DMAP_PROCESSES) */
    DMAP_ITEM_TIMEOUT = 3,  /* over item_timeout_s */
    DMAP_ITEM_LOST = 4,     /* ranks were lost with it: see dmap_map_options.lost_limit */
    DMAP_ITEM_CANCELLED = 5 /* not run: the call stopped before */
} dmap_item_status;

/** What dmap_collect made. The count is that of the items, or of those that dmap_pull read; index is below it. Pointers
 *  are valid until dmap_results_free.
 *  Called by: any thread */
DMAP_API uint64_t dmap_results_count(const dmap_results *results);
/** NULL if the item is not DMAP_ITEM_OK; not NULL for an empty result. size may be NULL. */
DMAP_API const void *dmap_results_at(const dmap_results *results, uint64_t index, size_t *size);
DMAP_API dmap_item_status dmap_results_status(const dmap_results *results, uint64_t index);
/** The sentence of a failure; NULL if the item is DMAP_ITEM_OK. */
DMAP_API const char *dmap_results_error(const dmap_results *results, uint64_t index);
/** results: may be NULL */
DMAP_API void dmap_results_free(dmap_results *results);

#ifdef __cplusplus
}
#endif
#endif
