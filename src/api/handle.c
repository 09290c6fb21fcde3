/* Slabs of handles. Invariant: a slab, once made, is there until the program ends, and holds nothing but handles; so
 * whatever address is asked for, it can be said whether a handle lies there, and whether it is in use. */
#include "api/handle.h"

#include <pthread.h>
#include <stdlib.h>

#define FIRST_SLAB 64 /* handles; each further slab has twice as many as the one before */
#define SLABS      40

typedef struct slab {
    dmap_call *handles;
    size_t n;
} slab;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list of free handles, and whoever adds a slab */
static dmap_call *free_handles;
static slab slabs[SLABS]; /* read without the lock: the first n_slabs do not change */
static _Atomic size_t n_slabs;

/* With the lock held. */
static bool add_slab(void) {
    size_t made = atomic_load(&n_slabs);
    slab *s = &slabs[made];
    if (made == SLABS)
        return false;
    s->n = (size_t)FIRST_SLAB << made;
    s->handles = calloc(s->n, sizeof *s->handles);
    if (!s->handles)
        return false;
    for (size_t i = s->n; i-- > 0;) {
        s->handles[i].next = free_handles;
        free_handles = &s->handles[i];
    }
    atomic_store_explicit(&n_slabs, made + 1, memory_order_release);
    return true;
}

dmap_call *dmap__handle_create(dmap__handle_kind kind, dmap_pool *pool) {
    pthread_mutex_lock(&lock);
    dmap_call *handle = free_handles || add_slab() ? free_handles : NULL;
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
        atomic_store_explicit(&handle->kind, (uint32_t)kind, memory_order_release);
    }
    pthread_mutex_unlock(&lock);
    return handle;
}

dmap_call *dmap__handle_find(const void *handle) {
    const uintptr_t address = (uintptr_t)handle;
    for (size_t i = atomic_load_explicit(&n_slabs, memory_order_acquire); i-- > 0;) { /* the last are the largest */
        uintptr_t begin = (uintptr_t)slabs[i].handles;
        if (address < begin || address >= begin + slabs[i].n * sizeof(dmap_call))
            continue;
        dmap_call *found = &slabs[i].handles[(address - begin) / sizeof(dmap_call)];
        bool is_used = atomic_load_explicit(&found->kind, memory_order_acquire) != DMAP__HANDLE_FREE;
        return (uintptr_t)found == address && is_used ? found : NULL;
    }
    return NULL;
}

static void free_data(dmap_call *handle) {
    if (handle->data != handle->small)
        free(handle->data);
    handle->data = NULL;
    handle->size = 0;
}

void dmap__handle_free(dmap_call *handle) {
    free_data(handle);
    free(handle->error);
    pthread_mutex_lock(&lock);
    atomic_store_explicit(&handle->kind, (uint32_t)DMAP__HANDLE_FREE, memory_order_release);
    handle->pool = NULL;
    handle->next = free_handles;
    free_handles = handle;
    pthread_mutex_unlock(&lock);
}

void dmap__handle_each(const dmap_pool *pool, void (*visit)(dmap_call *handle)) {
    for (size_t i = 0; i < atomic_load(&n_slabs); i++)
        for (size_t k = 0; k < slabs[i].n; k++) {
            dmap_call *handle = &slabs[i].handles[k];
            if (atomic_load(&handle->kind) != DMAP__HANDLE_FREE && handle->pool == pool)
                visit(handle);
        }
}

void *dmap__handle_room(dmap_call *handle, size_t size) {
    free_data(handle);
    handle->data = size <= DMAP__HANDLE_SMALL ? handle->small : malloc(size);
    handle->size = handle->data ? size : 0;
    return handle->data;
}
