/* The queue. `bytes` counts what was put and is not gone: on a serving rank that is what the master has not said to
 * have taken, so a slow sink holds up the workers of every rank, and no memory fills. */
#include "crew/emission.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_BYTES ((size_t)4 << 20)
#define LOOK_NS    20000000 /* between looks at the limit: nobody wakes a worker when that falls */

struct dmap__emissions {
    pthread_mutex_t lock;
    pthread_cond_t room;
    dmap__emission *oldest, *newest;
    _Atomic size_t n; /* in the queue: looked at without the lock */
    size_t bytes;
    bool waits;
};

dmap__emissions *dmap__emissions_create(bool waits) {
    dmap__emissions *emissions = calloc(1, sizeof *emissions);
    if (!emissions)
        return NULL;
    pthread_mutex_init(&emissions->lock, NULL);
    pthread_cond_init(&emissions->room, NULL);
    emissions->waits = waits;
    return emissions;
}

void dmap__emissions_destroy(dmap__emissions *emissions) {
    if (!emissions)
        return;
    for (dmap__emission *e; (e = dmap__emissions_take(emissions));)
        free(e);
    pthread_cond_destroy(&emissions->room);
    pthread_mutex_destroy(&emissions->lock);
    free(emissions);
}

static bool is_wanted(uint64_t index, const _Atomic uint64_t *limit) {
    return index < atomic_load_explicit(limit, memory_order_relaxed);
}

/* With the lock held. */
static bool wait_for_room(dmap__emissions *emissions, uint64_t index, const _Atomic uint64_t *limit) {
    while (emissions->waits && emissions->bytes >= MOST_BYTES && is_wanted(index, limit)) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_clockwait(&emissions->room, &emissions->lock, CLOCK_MONOTONIC, &until);
    }
    return is_wanted(index, limit);
}

bool dmap__emissions_put(dmap__emissions *emissions, uint64_t call, uint64_t index, int attempt, dmap_blob data,
                         const _Atomic uint64_t *limit) {
    dmap__emission *e = malloc(sizeof *e + data.size);
    if (!e)
        return false;
    e->next = NULL;
    e->call = call;
    e->index = index;
    e->attempt = attempt;
    e->size = data.size;
    memcpy(e->data, data.data, data.size);
    pthread_mutex_lock(&emissions->lock);
    bool wanted = wait_for_room(emissions, index, limit);
    if (wanted) {
        *(emissions->newest ? &emissions->newest->next : &emissions->oldest) = e;
        emissions->newest = e;
        emissions->bytes += data.size;
        atomic_fetch_add(&emissions->n, 1);
    }
    pthread_mutex_unlock(&emissions->lock);
    if (!wanted)
        free(e);
    return wanted;
}

dmap__emission *dmap__emissions_take(dmap__emissions *emissions) {
    if (!atomic_load(&emissions->n))
        return NULL;
    pthread_mutex_lock(&emissions->lock);
    dmap__emission *e = emissions->oldest;
    if (e) {
        emissions->oldest = e->next;
        if (!e->next)
            emissions->newest = NULL;
        atomic_fetch_sub(&emissions->n, 1);
    }
    pthread_mutex_unlock(&emissions->lock);
    return e;
}

void dmap__emissions_gone(dmap__emissions *emissions, size_t bytes) {
    pthread_mutex_lock(&emissions->lock);
    emissions->bytes -= bytes < emissions->bytes ? bytes : emissions->bytes;
    pthread_cond_broadcast(&emissions->room);
    pthread_mutex_unlock(&emissions->lock);
}
