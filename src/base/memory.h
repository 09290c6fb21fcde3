/* Memory: arrays that grow by doubling, and sizes that are multiplied without overflow. */
#ifndef DMAP_BASE_MEMORY_H
#define DMAP_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DMAP__ALIGNMENT ((size_t)16) /* of items and results of variable size */

/** Makes room for `count` elements in array *items (NULL at first) of *capacity: returns false, all unchanged, if
 *  memory is out. */
bool dmap__memory_grow(void *items, size_t *capacity, size_t count, size_t element_size);

/** malloc of count * size bytes (1 at the least); NULL if out of memory or range. */
void *dmap__memory_array(uint64_t count, size_t size);

/** malloc of size bytes (1 at the least), on huge pages where that is worth it and the system has them. */
void *dmap__memory_large(size_t size);

/** Zeroed memory of size bytes (1 or more), for as long as the process lives, from the system: a child that was forked
 *  from a program with threads may find malloc's locks held by nobody. NULL if memory is out. */
void *dmap__memory_lasting(size_t size);

/** size rounded up to DMAP__ALIGNMENT; 0 if it overflows. */
size_t dmap__memory_pad(size_t size);

#endif
