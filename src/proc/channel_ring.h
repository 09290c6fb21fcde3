/* The messages of a channel, in memory that processes share: a ring of bytes with a side that sends and one that
 * receives. */
#ifndef DMAP_PROC_CHANNEL_RING_H
#define DMAP_PROC_CHANNEL_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/status.h>

#include "proc/ring_lock.h"

/** One side. What a fast side writes at every message lies on lines of the cache of its own. */
typedef struct dmap__ring_side {
    _Alignas(64) _Atomic uint32_t lock;     /* of who moves a message now, or waits for that */
    uint32_t spins;                         /* with the lock: how often it is worth to look before a sleep */
    uint64_t others;                        /* with the lock: the other side's position when it was last looked at */
    _Alignas(64) _Atomic uint64_t position; /* bytes moved since the beginning; changed with the lock */
    _Alignas(64) _Atomic uint32_t sleeps;   /* somebody of this side waits for the other, on this word, */
    _Atomic uint64_t wake_at;               /* until that has come to this position */
} dmap__ring_side;

typedef struct dmap__ring {
    uint64_t size; /* bytes of data, a power of 2 */
    dmap__ring_side senders, receivers;
    _Alignas(64) unsigned char data[];
} dmap__ring;

/** Who asks for something, and how it learns whether the other side is gone. */
typedef struct dmap__ring_asker {
    dmap__ring_user user;
    bool (*is_gone)(void *arg); /* asked before each sleep, which lasts a tenth of a second at most */
    void *arg;
} dmap__ring_asker;

/** Bytes of memory for a ring whose largest message has `bytes` bytes or more. */
size_t dmap__ring_memory(size_t bytes);
/** In memory that is all zero. */
void dmap__ring_init(dmap__ring *ring, size_t memory);
/** A new user has the id of one that may have died with a lock. */
void dmap__ring_inherit(dmap__ring *ring, const dmap__ring_user *user);
/** The largest message. */
size_t dmap__ring_largest(const dmap__ring *ring);

/** As dmap_channel_send and dmap_channel_receive. */
dmap_status dmap__ring_send(dmap__ring *ring, const dmap__ring_asker *asker, const void *data, size_t size,
                            double timeout_s);
dmap_status dmap__ring_receive(dmap__ring *ring, const dmap__ring_asker *asker, void *data, size_t capacity,
                               double timeout_s, size_t *size);
/** Waits without receiving, beside those who receive. Returns whether there is a message, or no sender. */
bool dmap__ring_wait(dmap__ring *ring, const dmap__ring_asker *asker, double timeout_s);
/** Wakes who sleeps on a side: there is news for it. */
void dmap__ring_wake(dmap__ring_side *side);

#endif
