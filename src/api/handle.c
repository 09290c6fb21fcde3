/* Slabs of handles. Invariant: a slab, once made, is there until the program ends, and holds nothing but handles; so
 * whatever address is asked for, it can be said whether a handle lies there, and whether it is in use. */
#include "api/handle.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

#define FIRST_SLAB 64   /* handles */
#define LAST_SLAB  4096 /* handles, at most */

typedef struct slab {
    dmap_call *handles;
    size_t n;
} slab;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static slab *slabs;
static size_t n_slabs, capacity;
static dmap_call *free_handles;

/* With the lock held, as all below but the public ones. */
static bool add_slab(void) {
    size_t n = n_slabs ? 2 * slabs[n_slabs - 1].n : FIRST_SLAB;
    n = n < LAST_SLAB ? n : LAST_SLAB;
    if (!dmap__memory_grow(&slabs, &capacity, n_slabs + 1, sizeof *slabs))
        return false;
    slab made = {calloc(n, sizeof *made.handles), n};
    if (!made.handles)
        return false;
    slabs[n_slabs++] = made;
    for (size_t i = n; i-- > 0;) {
        made.handles[i].next = free_handles;
        free_handles = &made.handles[i];
    }
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

static dmap_call *find(uintptr_t address) {
    for (size_t i = n_slabs; i-- > 0;) { /* the last are the largest */
        uintptr_t begin = (uintptr_t)slabs[i].handles;
        if (address < begin || address >= begin + slabs[i].n * sizeof(dmap_call))
            continue;
        dmap_call *handle = &slabs[i].handles[(address - begin) / sizeof(dmap_call)];
        return (uintptr_t)handle == address && atomic_load(&handle->kind) != DMAP__HANDLE_FREE ? handle : NULL;
    }
    return NULL;
}

dmap_call *dmap__handle_find(const void *handle) {
    pthread_mutex_lock(&lock);
    dmap_call *found = find((uintptr_t)handle);
    pthread_mutex_unlock(&lock);
    return found;
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
    atomic_store(&handle->kind, (uint32_t)DMAP__HANDLE_FREE);
    handle->pool = NULL;
    handle->next = free_handles;
    free_handles = handle;
    pthread_mutex_unlock(&lock);
}

void dmap__handle_each(const dmap_pool *pool, void (*visit)(dmap_call *handle)) {
    for (size_t i = 0; i < n_slabs; i++)
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
