/* The latest that was put back is handed out first: it may be in a cache, and the fewer pieces are in use, the fewer
 * have to be touched for the first time. */
#include "base/buffer_cache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define LEAST ((size_t)1 << 18) /* less is malloc's to keep */
#define LARGE ((size_t)1 << 20) /* from here on sizes are rounded up, so that they are alike, */
#define STEP  ((size_t)2 << 20) /* to whole huge pages */

/* Kept memory serves if no more than half of it would lie idle. */
static bool serves(const dmap__buffer *spare, size_t size) {
    return spare->size >= size && spare->size / 2 <= size;
}

static dmap__buffer take_out(dmap__buffer_cache *buffers, int i) {
    dmap__buffer kept = buffers->kept[i];
    buffers->n--;
    memmove(&buffers->kept[i], &buffers->kept[i + 1], (size_t)(buffers->n - i) * sizeof kept);
    return kept;
}

dmap__buffer dmap__buffer_cache_take(dmap__buffer_cache *buffers, size_t size) {
    size_t whole = size < LARGE || size > SIZE_MAX - STEP ? size : (size + STEP - 1) / STEP * STEP;
    for (int i = buffers->n - 1; i >= 0; i--)
        if (serves(&buffers->kept[i], whole))
            return take_out(buffers, i);
    return (dmap__buffer){dmap__memory_large(whole), whole};
}

/* If there are too many, the smallest goes. */
void dmap__buffer_cache_put(dmap__buffer_cache *buffers, dmap__buffer spare) {
    int least = 0;
    if (spare.size < LEAST) {
        free(spare.memory);
        return;
    }
    for (int i = 1; i < buffers->n; i++)
        if (buffers->kept[i].size < buffers->kept[least].size)
            least = i;
    if (buffers->n == DMAP__BUFFER_CACHE && buffers->kept[least].size <= spare.size)
        free(take_out(buffers, least).memory);
    if (buffers->n == DMAP__BUFFER_CACHE)
        free(spare.memory);
    else
        buffers->kept[buffers->n++] = spare;
}

size_t dmap__buffer_cache_trim(dmap__buffer_cache *buffers, size_t bytes) {
    size_t kept = 0;
    for (int i = 0; i < buffers->n; i++)
        kept += buffers->kept[i].size;
    while (buffers->n > 0 && kept > bytes) {
        dmap__buffer first = take_out(buffers, 0);
        kept -= first.size;
        free(first.memory);
    }
    return kept;
}

void dmap__buffer_cache_drop(dmap__buffer_cache *buffers) {
    dmap__buffer_cache_trim(buffers, 0);
}
