/* The pools that are open: so that a pointer to one that was closed is refused, not followed. */
#ifndef DMAP_POOL_OPEN_HANDLES_H
#define DMAP_POOL_OPEN_HANDLES_H

#include <dmap/dmap.h>

/** Returns false if memory is out. Any thread. */
bool dmap__open_handles_add(dmap_pool *pool);
void dmap__open_handles_remove(const dmap_pool *pool);
bool dmap__open_handles_has(const dmap_pool *pool);
/** One for which is_it says yes, or NULL. is_it may not ask here. */
dmap_pool *dmap__open_handles_find(bool (*is_it)(const dmap_pool *pool));

#endif
