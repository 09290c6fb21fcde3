/* The deque of Chase and Lev (Dynamic Circular Work-Stealing Deque, SPAA 2005), in C11 atomics. The owner's push has no
 * atomic operation that costs anything, its pop one store that other cores must see before it looks for thieves.
 *
 * Invariant: the items are those at [top, bottom) of the ring; a place is written by the owner only, and read by a
 * thief before it takes it: its compare-and-swap of top says whether what it read counts. A ring that has become too
 * small is kept until the end, as a thief may still read it; there are no more of them than doublings. */
#include "crew/spawn_deque.h"

#include <stdlib.h>

#define FIRST_SIZE 256

typedef struct dmap__spawn_ring {
    struct dmap__spawn_ring *smaller;
    int64_t size; /* a power of two */
    _Atomic(dmap__spawn_record *) at[];
} ring;

void dmap__spawn_deque_fini(dmap__spawn_deque *deque) {
    ring *r = atomic_load_explicit(&deque->ring, memory_order_relaxed);
    while (r) {
        ring *smaller = r->smaller;
        free(r);
        r = smaller;
    }
    atomic_store_explicit(&deque->ring, NULL, memory_order_relaxed);
}

static _Atomic(dmap__spawn_record *) *place_of(ring *r, int64_t i) {
    return &r->at[i & (r->size - 1)];
}

static ring *grow(dmap__spawn_deque *deque, ring *old, int64_t top, int64_t bottom) {
    int64_t size = old ? 2 * old->size : FIRST_SIZE;
    ring *r = calloc(1, sizeof *r + (size_t)size * sizeof r->at[0]);
    if (!r)
        return NULL;
    r->smaller = old;
    r->size = size;
    for (int64_t i = top; i < bottom; i++)
        atomic_store_explicit(place_of(r, i), atomic_load_explicit(place_of(old, i), memory_order_relaxed),
                              memory_order_relaxed);
    atomic_store_explicit(&deque->ring, r, memory_order_release);
    return r;
}

/* The ring, with a free place; NULL: memory is out. */
static ring *ring_with_room(dmap__spawn_deque *deque, int64_t bottom) {
    int64_t top = atomic_load_explicit(&deque->top, memory_order_acquire);
    ring *r = atomic_load_explicit(&deque->ring, memory_order_relaxed);
    return r && bottom - top < r->size ? r : grow(deque, r, top, bottom);
}

bool dmap__spawn_deque_reserve(dmap__spawn_deque *deque) {
    return ring_with_room(deque, atomic_load_explicit(&deque->bottom, memory_order_relaxed));
}

bool dmap__spawn_deque_push(dmap__spawn_deque *deque, dmap__spawn_record *record) {
    int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_relaxed);
    ring *r = ring_with_room(deque, bottom);
    if (!r)
        return false;
    atomic_store_explicit(place_of(r, bottom), record, memory_order_relaxed);
    atomic_store_explicit(&deque->bottom, bottom + 1, memory_order_release);
    return true;
}

dmap__spawn_record *dmap__spawn_deque_pop(dmap__spawn_deque *deque) {
    int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_relaxed) - 1;
    ring *r = atomic_load_explicit(&deque->ring, memory_order_relaxed);
    atomic_store(&deque->bottom, bottom);
    int64_t top = atomic_load(&deque->top);
    if (top > bottom) {
        atomic_store_explicit(&deque->bottom, bottom + 1, memory_order_release);
        return NULL;
    }
    dmap__spawn_record *record = atomic_load_explicit(place_of(r, bottom), memory_order_relaxed);
    if (top < bottom)
        return record;
    if (!atomic_compare_exchange_strong(&deque->top, &top, top + 1))
        record = NULL; /* a thief has the last one */
    atomic_store_explicit(&deque->bottom, bottom + 1, memory_order_release);
    return record;
}

dmap__spawn_record *dmap__spawn_deque_steal(dmap__spawn_deque *deque) {
    int64_t top = atomic_load(&deque->top);
    int64_t bottom = atomic_load(&deque->bottom);
    if (top >= bottom)
        return NULL;
    ring *r = atomic_load_explicit(&deque->ring, memory_order_acquire);
    dmap__spawn_record *record = atomic_load_explicit(place_of(r, top), memory_order_relaxed);
    return atomic_compare_exchange_strong(&deque->top, &top, top + 1) ? record : NULL;
}

int64_t dmap__spawn_deque_size(const dmap__spawn_deque *deque) {
    int64_t size = atomic_load(&deque->bottom) - atomic_load(&deque->top);
    return size > 0 ? size : 0;
}
