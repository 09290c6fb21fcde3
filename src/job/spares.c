#include "job/spares.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

#define LEAST ((size_t)1 << 18) /* less is malloc's to keep */

/* Kept memory serves if no more than half of it would lie idle. */
static bool serves(const dmap__spare *spare, size_t size) {
    return spare->memory && spare->size >= size && spare->size / 2 <= size;
}

dmap__spare dmap__spares_take(dmap__spares *spares, size_t size) {
    for (int i = 0; i < DMAP__SPARES; i++) {
        dmap__spare kept = spares->kept[i];
        if (!serves(&kept, size))
            continue;
        spares->kept[i] = (dmap__spare){0};
        return kept;
    }
    return (dmap__spare){dmap__memory_large(size), size};
}

/* In place of the smallest of those kept. */
void dmap__spares_put(dmap__spares *spares, dmap__spare spare) {
    dmap__spare *least = &spares->kept[0];
    for (int i = 1; i < DMAP__SPARES; i++)
        if (spares->kept[i].size < least->size)
            least = &spares->kept[i];
    if (spare.size >= LEAST && spare.size > least->size) {
        dmap__spare smaller = *least;
        *least = spare;
        spare = smaller;
    }
    free(spare.memory);
}

void dmap__spares_drop(dmap__spares *spares) {
    for (int i = 0; i < DMAP__SPARES; i++)
        free(spares->kept[i].memory);
    *spares = (dmap__spares){0};
}
