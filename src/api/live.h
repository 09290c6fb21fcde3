/* The pools that are open: so that a pointer to one that was closed is refused, not followed. */
#ifndef DMAP_API_LIVE_H
#define DMAP_API_LIVE_H

#include <dmap/dmap.h>

/** Returns false if memory is out. Any thread. */
bool dmap__live_add(const dmap_pool *pool);
void dmap__live_remove(const dmap_pool *pool);
bool dmap__live_has(const dmap_pool *pool);

#endif
