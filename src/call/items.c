/* Items. A dmap__items is freed when it has no user and, if it holds pulled items, none of them is open any more.
 * Invariant: every pulled position that has not ended is open in exactly one of those held. */
#include <stdlib.h>

#include "base/memory.h"
#include "call/source.h"

dmap__items *dmap__items_create(uint64_t begin, uint64_t end) {
    dmap__items *items = malloc(sizeof *items); /* calloc does not look into the thread's own cache */
    if (items)
        *items = (dmap__items){.begin = begin, .end = end, .users = 1};
    return items;
}

dmap__items *dmap__items_scatter(dmap__source *from, dmap__items *items,
                                 dmap_blob (*blob_of)(const dmap__source *from, uint64_t index)) {
    uint64_t n = items->end - items->begin;
    items->indices = from->order->index_of + items->begin;
    items->table = dmap__memory_array(n, sizeof *items->table);
    if (!items->table) {
        dmap__items_destroy(from, items);
        return NULL;
    }
    for (uint64_t i = 0; i < n; i++)
        items->table[i] = blob_of(from, items->indices[i]);
    items->layout = DMAP__LAYOUT_BLOBS;
    items->items = items->table;
    return items;
}

void dmap__items_destroy(dmap__source *from, dmap__items *items) {
    if (items->next)
        items->next->previous = items->previous;
    if (items->previous)
        items->previous->next = items->next;
    if (from->held == items)
        from->held = items->next;
    free(items->block);
    free(items->table);
    free(items);
}

static void destroy_if_done(dmap__source *from, dmap__items *items) {
    if (!items->users && !items->open)
        dmap__items_destroy(from, items);
}

void dmap__items_hold(dmap__source *from, dmap__items *items) {
    items->open = items->end - items->begin;
    items->next = from->held;
    if (from->held)
        from->held->previous = items;
    from->held = items;
}

void dmap__items_use(dmap__items *items) {
    items->users++;
}

void dmap__items_leave(dmap__source *from, dmap__items *items) {
    items->users--;
    destroy_if_done(from, items);
}

void dmap__items_close(dmap__source *from, dmap__items *items, uint64_t n) {
    items->open -= n < items->open ? n : items->open;
    destroy_if_done(from, items);
}

void dmap__items_fini(dmap__source *from) {
    while (from->held)
        dmap__items_destroy(from, from->held);
    if (from->filling)
        dmap__items_destroy(from, from->filling);
    from->filling = from->filled = NULL;
}
