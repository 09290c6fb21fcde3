/* A binary heap of small structs, lowest key first.
 *
 * For ranges that wait to be granted again (by position) and for pieces that wait for their turn (by position or
 * arrival): both want the lowest first and are cut from above when the limit falls.
 *
 * Invariant: the key at place i is not below the key at place (i - 1) / 2.
 * Memory grows by doubling in dmap__heap_reserve alone, so that a caller can find out that memory is out before it has
 * changed anything. It never shrinks: the plan lives for one call. */
#include "plan/heap.h"

#include <stdlib.h>
#include <string.h>

void dmap__heap_init(dmap__heap *heap, size_t item_size) {
    memset(heap, 0, sizeof *heap);
    heap->item_size = item_size;
}

void dmap__heap_fini(dmap__heap *heap) {
    free(heap->items);
    heap->items = NULL;
    heap->count = heap->capacity = 0;
}

void *dmap__heap_at(const dmap__heap *heap, size_t place) {
    return heap->items + place * heap->item_size;
}

static uint64_t key_at(const dmap__heap *heap, size_t place) {
    uint64_t key;
    memcpy(&key, dmap__heap_at(heap, place), sizeof key);
    return key;
}

static void swap(dmap__heap *heap, size_t a, size_t b) {
    unsigned char kept[DMAP__HEAP_ITEM_MAX];
    memcpy(kept, dmap__heap_at(heap, a), heap->item_size);
    memcpy(dmap__heap_at(heap, a), dmap__heap_at(heap, b), heap->item_size);
    memcpy(dmap__heap_at(heap, b), kept, heap->item_size);
}

static void sift_up(dmap__heap *heap, size_t place) {
    while (place > 0 && key_at(heap, place) < key_at(heap, (place - 1) / 2)) {
        swap(heap, place, (place - 1) / 2);
        place = (place - 1) / 2;
    }
}

static void sift_down(dmap__heap *heap, size_t place) {
    for (;;) {
        size_t lowest = place;
        for (size_t child = 2 * place + 1; child <= 2 * place + 2 && child < heap->count; child++)
            if (key_at(heap, child) < key_at(heap, lowest))
                lowest = child;
        if (lowest == place)
            return;
        swap(heap, place, lowest);
        place = lowest;
    }
}

bool dmap__heap_reserve(dmap__heap *heap, size_t more) {
    size_t capacity = heap->capacity ? heap->capacity : 16;
    while (capacity - heap->count < more) {
        if (capacity > SIZE_MAX / 2 / heap->item_size)
            return false;
        capacity *= 2;
    }
    if (capacity > heap->capacity) {
        unsigned char *items = realloc(heap->items, capacity * heap->item_size);
        if (!items)
            return false;
        heap->items = items;
        heap->capacity = capacity;
    }
    return true;
}

void dmap__heap_push(dmap__heap *heap, const void *item) {
    memcpy(dmap__heap_at(heap, heap->count), item, heap->item_size);
    sift_up(heap, heap->count++);
}

const void *dmap__heap_top(const dmap__heap *heap) {
    return heap->count ? heap->items : NULL;
}

void dmap__heap_pop(dmap__heap *heap, void *item) {
    memcpy(item, heap->items, heap->item_size);
    heap->count--;
    if (heap->count) {
        memcpy(heap->items, dmap__heap_at(heap, heap->count), heap->item_size);
        sift_down(heap, 0);
    }
}

void dmap__heap_restore(dmap__heap *heap, size_t count) {
    heap->count = count;
    for (size_t place = count / 2; place-- > 0;)
        sift_down(heap, place);
}

bool dmap__heap_is_ordered(const dmap__heap *heap) {
    for (size_t place = 1; place < heap->count; place++)
        if (key_at(heap, place) < key_at(heap, (place - 1) / 2))
            return false;
    return true;
}
