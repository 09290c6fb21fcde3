/* Items that wait: those of a plain loop, and the first one of a pool. */
#ifndef WALK_WAITING_H
#define WALK_WAITING_H

#include <dmap/dmap.h>

typedef struct waiting {
    dmap_blob *items; /* each to be ended with waiting_free, if it is taken off */
    size_t n, room;
} waiting;

/** Adds a copy of the item to the waiting ones at arg: a folder_left_fn. Returns 0; -1 if memory is out. */
int waiting_push(void *arg, const void *item, size_t size);
void waiting_free(dmap_blob item);
void waiting_clear(waiting *w);

#endif
