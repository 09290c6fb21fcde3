#include "waiting.h"

#include <stdlib.h>
#include <string.h>

int waiting_push(void *arg, const void *item, size_t size) {
    waiting *w = arg;
    dmap_blob *items = w->n < w->room ? w->items : realloc(w->items, 2 * (w->n + 1) * sizeof *items);
    char *copy = malloc(size);
    if (items && items != w->items)
        w->room = 2 * (w->n + 1);
    w->items = items ? items : w->items;
    if (!items || !copy) {
        free(copy);
        return -1;
    }
    memcpy(copy, item, size);
    w->items[w->n++] = (dmap_blob){copy, size};
    return 0;
}

void waiting_free(dmap_blob item) {
    free((void *)(uintptr_t)item.data);
}

void waiting_clear(waiting *w) {
    while (w->n)
        waiting_free(w->items[--w->n]);
    free(w->items);
}
