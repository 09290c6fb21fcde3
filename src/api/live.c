#include "api/live.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static dmap_pool **pools;
static size_t count, capacity;
static _Atomic(const dmap_pool *) latest; /* the one that was asked for last, if it is open: found without the lock */

bool dmap__live_add(dmap_pool *pool) {
    pthread_mutex_lock(&lock);
    bool added = dmap__memory_grow(&pools, &capacity, count + 1, sizeof(dmap_pool *));
    if (added)
        pools[count++] = pool;
    pthread_mutex_unlock(&lock);
    return added;
}

void dmap__live_remove(const dmap_pool *pool) {
    pthread_mutex_lock(&lock);
    if (atomic_load(&latest) == pool)
        atomic_store(&latest, NULL);
    for (size_t i = 0; i < count; i++)
        if (pools[i] == pool)
            pools[i--] = pools[--count];
    if (!count) {
        free(pools);
        pools = NULL;
        capacity = 0;
    }
    pthread_mutex_unlock(&lock);
}

bool dmap__live_has(const dmap_pool *pool) {
    bool found = false;
    if (pool && atomic_load_explicit(&latest, memory_order_acquire) == pool)
        return true;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        found = found || pools[i] == pool;
    if (found)
        atomic_store(&latest, pool);
    pthread_mutex_unlock(&lock);
    return found;
}

dmap_pool *dmap__live_find(bool (*is_it)(const dmap_pool *pool)) {
    dmap_pool *found = NULL;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count && !found; i++)
        if (is_it(pools[i]))
            found = pools[i];
    pthread_mutex_unlock(&lock);
    return found;
}
