/* A binary heap of small structs, lowest key first. */
#ifndef DMAP_PLAN_HEAP_H
#define DMAP_PLAN_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DMAP__HEAP_ITEM_MAX 64

/* Every item begins with its key, a uint64_t. */
typedef struct dmap__heap {
    unsigned char *items;
    size_t item_size; /* bytes, up to DMAP__HEAP_ITEM_MAX */
    size_t count, capacity;
} dmap__heap;

/** An empty heap; takes no memory yet. */
void dmap__heap_init(dmap__heap *heap, size_t item_size);
void dmap__heap_fini(dmap__heap *heap);

/** Makes room for `more` pushes. Returns false, and changes nothing, if memory is out. */
bool dmap__heap_reserve(dmap__heap *heap, size_t more);
/** Copies *item in. There must be room: dmap__heap_reserve, or a pop before. */
void dmap__heap_push(dmap__heap *heap, const void *item);
/** The item of the lowest key; NULL if there is none. Valid until the heap changes. */
const void *dmap__heap_top(const dmap__heap *heap);
/** Moves the lowest item to *item. There must be one. */
void dmap__heap_pop(dmap__heap *heap, void *item);

/** Item at a place, in no order: to look through, or to change before dmap__heap_restore. */
void *dmap__heap_at(const dmap__heap *heap, size_t place);
/** Cuts the heap to its first `count` places, whose items may have changed, and orders it anew. */
void dmap__heap_restore(dmap__heap *heap, size_t count);
/** True if no item is below its parent. */
bool dmap__heap_is_ordered(const dmap__heap *heap);

#endif
