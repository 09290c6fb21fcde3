/* Slabs of handles. A name says which handle it is of, and which of its uses; the top bit is set, which no address has.
 *
 * Invariant: a slab, once made, is there until the program ends; so whatever is asked for, it can be said whether it is
 * the name of a handle in use. */
#include "api/handle.h"

#include <pthread.h>
#include <stdlib.h>

#define FIRST_BITS  6  /* of the number of handles in the first slab; each further one has twice as many */
#define NUMBER_BITS 28 /* of a name: the handle's number; those above count its uses */
#define SLABS       (NUMBER_BITS - FIRST_BITS)
#define FIRST_SLAB  (UINT64_C(1) << FIRST_BITS)
#define NUMBERS     (UINT64_C(1) << NUMBER_BITS)
#define IS_NAME     (UINT64_C(1) << 63)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list of free handles, and whoever adds a slab */
static dmap__handle *free_handles;
static dmap__handle *slabs[SLABS]; /* read without the lock: the first n_slabs do not change */
static _Atomic size_t n_slabs;

static size_t handles_in(size_t slab) {
    return (size_t)FIRST_SLAB << slab;
}

/* With the lock held. */
static bool add_slab(void) {
    size_t made = atomic_load(&n_slabs);
    if (made == SLABS)
        return false;
    size_t n = handles_in(made);
    dmap__handle *handles = calloc(n, sizeof *handles);
    if (!handles)
        return false;
    for (size_t i = n; i-- > 0;) {
        handles[i].number = (uint32_t)(n - FIRST_SLAB + i);
        handles[i].next = free_handles;
        free_handles = &handles[i];
    }
    slabs[made] = handles;
    atomic_store_explicit(&n_slabs, made + 1, memory_order_release);
    return true;
}

dmap__handle *dmap__handle_create(dmap__handle_kind kind, dmap_pool *pool) {
    pthread_mutex_lock(&lock);
    dmap__handle *handle = free_handles || add_slab() ? free_handles : NULL;
    if (handle) {
        free_handles = handle->next;
        handle->next = handle->previous = NULL;
        handle->pool = pool;
        handle->call = NULL;
        handle->on_done = NULL;
        handle->submits = NULL;
        handle->is_due = false;
        handle->data = NULL;
        handle->size = 0;
        handle->error = NULL;
        atomic_store_explicit(&handle->is_cancelled, false, memory_order_relaxed);
        atomic_store_explicit(&handle->is_dropped, false, memory_order_relaxed);
        atomic_store_explicit(&handle->status, (uint32_t)DMAP_PENDING, memory_order_relaxed);
        handle->kind = kind;
        uint64_t name = IS_NAME | ++handle->uses << NUMBER_BITS | handle->number;
        atomic_store_explicit(&handle->name, name, memory_order_release);
    }
    pthread_mutex_unlock(&lock);
    return handle;
}

void *dmap__handle_name(const dmap__handle *handle) {
    return (void *)(uintptr_t)atomic_load_explicit(&handle->name, memory_order_relaxed);
}

dmap__handle *dmap__handle_find(const void *name) {
    const uint64_t value = (uintptr_t)name, place = value % NUMBERS + FIRST_SLAB;
    size_t slab = (size_t)(63 - __builtin_clzll(place)) - FIRST_BITS;
    if (!value || slab >= atomic_load_explicit(&n_slabs, memory_order_acquire))
        return NULL;
    dmap__handle *found = &slabs[slab][place - handles_in(slab)];
    return atomic_load_explicit(&found->name, memory_order_acquire) == value ? found : NULL;
}

void dmap__handle_hide(dmap__handle *handle) {
    atomic_store_explicit(&handle->name, 0, memory_order_release);
}

static void free_data(dmap__handle *handle) {
    if (handle->data != handle->small)
        free(handle->data);
    handle->data = NULL;
    handle->size = 0;
}

void dmap__handle_free(dmap__handle *handle) {
    free_data(handle);
    free(handle->error);
    dmap__handle_hide(handle);
    pthread_mutex_lock(&lock);
    handle->pool = NULL;
    handle->next = free_handles;
    free_handles = handle;
    pthread_mutex_unlock(&lock);
}

void dmap__handle_each(const dmap_pool *pool, void (*visit)(dmap__handle *handle)) {
    for (size_t i = 0; i < atomic_load(&n_slabs); i++)
        for (size_t k = 0; k < handles_in(i); k++) {
            dmap__handle *handle = &slabs[i][k];
            if (atomic_load(&handle->name) && handle->pool == pool)
                visit(handle);
        }
}

void *dmap__handle_room(dmap__handle *handle, size_t size) {
    free_data(handle);
    handle->data = size <= DMAP__HANDLE_SMALL ? handle->small : malloc(size);
    handle->size = handle->data ? size : 0;
    return handle->data;
}
