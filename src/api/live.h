/* The pools that are open: so that a pointer to one that was closed is refused, not followed. */
#ifndef DMAP_API_LIVE_H
#define DMAP_API_LIVE_H

#include <dmap/dmap.h>

/** Returns false if memory is out. Any thread. */
bool dmap__live_add(dmap_pool *pool);
void dmap__live_remove(const dmap_pool *pool);
bool dmap__live_has(const dmap_pool *pool);
/** One for which is_it says yes, or NULL. is_it may not ask here. */
dmap_pool *dmap__live_find(bool (*is_it)(const dmap_pool *pool));

#endif
