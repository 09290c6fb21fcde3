/* The ring. A message is its size, in 8 bytes, and its bytes, filled up to a multiple of 8; where the ring ends it goes
 * on at the beginning. A side's position says how far it has come, and is all that the other side believes: what lies
 * between receivers.position and senders.position are whole messages.
 *
 * Deaths. A message is written, then senders.position is moved, in one store: who dies before has sent nothing, and who
 * takes the lock after him writes to the same place. A message is read, then receivers.position is moved: who dies
 * before has received nothing. So there is nothing to mend, and the lock of a dead holder is anybody's (ring_lock.c).
 * `others` is never ahead of the truth, as positions only grow.
 *
 * Sleep. One of a side has its lock and waits for the other side; those behind it wait for the lock. Who is about to
 * sleep says so in `sleeps`, then looks whether the other side is gone, and where it is; who has moved his position
 * looks at `sleeps` after that. Between the two stands a full barrier on either way (giving the lock back is one), so
 * one sees the other. Who dies between moving and waking leaves a sleeper behind: it looks by itself after LOOK_S, as
 * it does for an other side that is gone. A sender is not woken for the room of each message, but when half of the ring
 * is free. */
#include "proc/channel_ring.h"

#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/futex.h"

#define HEAD   ((uint64_t)8)
#define LOOK_S 0.1
#define SPINS  200 /* some microseconds: shorter than a sleep and a wake */
#define FEWEST 4

static uint64_t padded(uint64_t size) {
    return (size + HEAD - 1) / HEAD * HEAD;
}

size_t dmap__ring_memory(size_t bytes) {
    size_t size = 64;
    while (size < HEAD + padded(bytes))
        size *= 2;
    return sizeof(dmap__ring) + size;
}

void dmap__ring_init(dmap__ring *ring, size_t memory) {
    ring->size = memory - sizeof *ring;
}

void dmap__ring_inherit(dmap__ring *ring, const dmap__ring_user *user) {
    dmap__ring_lock_inherit(&ring->senders.lock, user);
    dmap__ring_lock_inherit(&ring->receivers.lock, user);
}

size_t dmap__ring_largest(const dmap__ring *ring) {
    return (size_t)(ring->size - HEAD);
}

static void put(dmap__ring *ring, uint64_t position, const void *data, size_t size) {
    size_t at = (size_t)(position & (ring->size - 1)), rest = (size_t)ring->size - at;
    size_t first = size < rest ? size : rest;
    if (first)
        memcpy(ring->data + at, data, first);
    if (first < size)
        memcpy(ring->data, (const unsigned char *)data + first, size - first);
}

static void get(const dmap__ring *ring, uint64_t position, void *data, size_t size) {
    size_t at = (size_t)(position & (ring->size - 1)), rest = (size_t)ring->size - at;
    size_t first = size < rest ? size : rest;
    if (first)
        memcpy(data, ring->data + at, first);
    if (first < size)
        memcpy((unsigned char *)data + first, ring->data, size - first);
}

void dmap__ring_wake(dmap__ring_side *side) {
    if (atomic_exchange(&side->sleeps, 0))
        dmap__futex_wake_shared(&side->sleeps, INT_MAX);
}

static bool has_come(const dmap__ring_side *other, uint64_t until) {
    return atomic_load(&other->position) >= until;
}

/* As long as it has paid lately: on a busy machine the other side does not run meanwhile. With the side's lock. */
static bool spin(dmap__ring_side *side, const dmap__ring_side *other, uint64_t until) {
    for (uint32_t i = 0; i < FEWEST + side->spins; i++) {
        if (atomic_load_explicit(&other->position, memory_order_acquire) >= until) {
            side->spins = side->spins < SPINS ? side->spins + FEWEST : SPINS;
            return true;
        }
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
    }
    side->spins /= 2;
    return false;
}

/* What waits, and for what. */
typedef struct wait {
    dmap__ring_side *side, *other;
    uint64_t until, wake_at;
    const dmap__ring_asker *asker;
} wait;

/* An other side that is gone has moved all that it will: so its position is looked at after that. */
static dmap_status wait_for(const wait *w, double timeout_s) {
    double end = timeout_s > 0 ? dmap__clock_now() + timeout_s : 0;
    for (;;) {
        atomic_store_explicit(&w->side->wake_at, w->wake_at, memory_order_relaxed);
        atomic_store(&w->side->sleeps, 1);
        bool is_gone = w->asker->is_gone(w->asker->arg);
        if (has_come(w->other, w->until))
            return DMAP_OK;
        if (is_gone)
            return DMAP_END;
        double left = timeout_s > 0 ? end - dmap__clock_now() : timeout_s;
        if (timeout_s >= 0 && left <= 0)
            return DMAP_ETIMEOUT;
        dmap__futex_wait_shared(&w->side->sleeps, 1, left < 0 || left > LOOK_S ? LOOK_S : left);
    }
}

/* Returns false when the time is over; else *left_s is what is left of it. */
static bool enter(dmap__ring_side *side, const dmap__ring_asker *asker, double timeout_s, double *left_s) {
    *left_s = timeout_s;
    if (timeout_s <= 0)
        return dmap__ring_lock_take(&side->lock, &asker->user, timeout_s);
    double end = dmap__clock_now() + timeout_s;
    bool is_in = dmap__ring_lock_take(&side->lock, &asker->user, timeout_s);
    double left = end - dmap__clock_now();
    *left_s = left > 0 ? left : 0;
    return is_in;
}

static void leave(dmap__ring_side *side, dmap__ring_side *other, uint64_t position) {
    dmap__ring_lock_give(&side->lock);
    if (atomic_load_explicit(&other->sleeps, memory_order_relaxed) &&
        position >= atomic_load_explicit(&other->wake_at, memory_order_relaxed))
        dmap__ring_wake(other);
}

static dmap_status find_room(dmap__ring *ring, const dmap__ring_asker *asker, uint64_t tail, uint64_t need,
                             double timeout_s) {
    dmap__ring_side *side = &ring->senders;
    if (tail + need - side->others <= ring->size)
        return DMAP_OK;
    uint64_t until = tail + need - ring->size, half = tail > ring->size / 2 ? tail - ring->size / 2 : 0;
    wait w = {side, &ring->receivers, until, half > until ? half : until, asker};
    dmap_status status = spin(side, w.other, until) ? DMAP_OK : wait_for(&w, timeout_s);
    side->others = atomic_load_explicit(&ring->receivers.position, memory_order_acquire);
    return status;
}

dmap_status dmap__ring_send(dmap__ring *ring, const dmap__ring_asker *asker, const void *data, size_t size,
                            double timeout_s) {
    dmap__ring_side *side = &ring->senders;
    uint64_t words = size, need = HEAD + padded(size);
    double left_s;
    if (!enter(side, asker, timeout_s, &left_s))
        return DMAP_ETIMEOUT;
    uint64_t tail = atomic_load_explicit(&side->position, memory_order_relaxed);
    dmap_status status = find_room(ring, asker, tail, need, left_s);
    if (status != DMAP_OK) {
        dmap__ring_lock_give(&side->lock);
        return status;
    }
    put(ring, tail, &words, sizeof words);
    put(ring, tail + HEAD, data, size);
    atomic_store_explicit(&side->position, tail + need, memory_order_release);
    leave(side, &ring->receivers, tail + need);
    return DMAP_OK;
}

static dmap_status find_message(dmap__ring *ring, const dmap__ring_asker *asker, uint64_t head, double timeout_s) {
    dmap__ring_side *side = &ring->receivers;
    if (side->others > head)
        return DMAP_OK;
    wait w = {side, &ring->senders, head + 1, 0, asker};
    dmap_status status = spin(side, w.other, head + 1) ? DMAP_OK : wait_for(&w, timeout_s);
    side->others = atomic_load_explicit(&ring->senders.position, memory_order_acquire);
    return status;
}

dmap_status dmap__ring_receive(dmap__ring *ring, const dmap__ring_asker *asker, void *data, size_t capacity,
                               double timeout_s, size_t *size) {
    dmap__ring_side *side = &ring->receivers;
    uint64_t words = 0;
    double left_s;
    if (!enter(side, asker, timeout_s, &left_s))
        return DMAP_ETIMEOUT;
    uint64_t head = atomic_load_explicit(&side->position, memory_order_relaxed);
    dmap_status status = find_message(ring, asker, head, left_s);
    if (status == DMAP_OK) {
        get(ring, head, &words, sizeof words);
        *size = (size_t)words;
        status = words > side->others - head - HEAD ? DMAP_EIO : words > capacity ? DMAP_EINVAL : DMAP_OK;
    }
    if (status != DMAP_OK) {
        dmap__ring_lock_give(&side->lock);
        return status;
    }
    get(ring, head + HEAD, data, (size_t)words);
    head += HEAD + padded(words);
    atomic_store_explicit(&side->position, head, memory_order_release);
    leave(side, &ring->senders, head);
    return DMAP_OK;
}

bool dmap__ring_wait(dmap__ring *ring, const dmap__ring_asker *asker, double timeout_s) {
    uint64_t head = atomic_load(&ring->receivers.position);
    wait w = {&ring->receivers, &ring->senders, head + 1, 0, asker};
    return wait_for(&w, timeout_s) != DMAP_ETIMEOUT;
}
