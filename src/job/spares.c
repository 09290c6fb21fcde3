/* The latest that was put back is handed out first: it may be in a cache, and the fewer pieces are in use, the fewer
 * have to be touched for the first time. */
#include "job/spares.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define LEAST ((size_t)1 << 18) /* less is malloc's to keep */
#define LARGE ((size_t)1 << 20) /* from here on sizes are rounded up, so that they are alike, */
#define STEP  ((size_t)2 << 20) /* to whole huge pages */

/* Kept memory serves if no more than half of it would lie idle. */
static bool serves(const dmap__spare *spare, size_t size) {
    return spare->size >= size && spare->size / 2 <= size;
}

static dmap__spare take_out(dmap__spares *spares, int i) {
    dmap__spare kept = spares->kept[i];
    spares->n--;
    memmove(&spares->kept[i], &spares->kept[i + 1], (size_t)(spares->n - i) * sizeof kept);
    return kept;
}

dmap__spare dmap__spares_take(dmap__spares *spares, size_t size) {
    size_t whole = size < LARGE || size > SIZE_MAX - STEP ? size : (size + STEP - 1) / STEP * STEP;
    for (int i = spares->n - 1; i >= 0; i--)
        if (serves(&spares->kept[i], whole))
            return take_out(spares, i);
    return (dmap__spare){dmap__memory_large(whole), whole};
}

/* If there are too many, the smallest goes. */
void dmap__spares_put(dmap__spares *spares, dmap__spare spare) {
    int least = 0;
    if (spare.size < LEAST) {
        free(spare.memory);
        return;
    }
    for (int i = 1; i < spares->n; i++)
        if (spares->kept[i].size < spares->kept[least].size)
            least = i;
    if (spares->n == DMAP__SPARES && spares->kept[least].size <= spare.size)
        free(take_out(spares, least).memory);
    if (spares->n == DMAP__SPARES)
        free(spare.memory);
    else
        spares->kept[spares->n++] = spare;
}

size_t dmap__spares_trim(dmap__spares *spares, size_t bytes) {
    size_t kept = 0;
    for (int i = 0; i < spares->n; i++)
        kept += spares->kept[i].size;
    while (spares->n > 0 && kept > bytes) {
        dmap__spare first = take_out(spares, 0);
        kept -= first.size;
        free(first.memory);
    }
    return kept;
}

void dmap__spares_drop(dmap__spares *spares) {
    dmap__spares_trim(spares, 0);
}
