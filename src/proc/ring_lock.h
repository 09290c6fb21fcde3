/* The lock of one side of a ring: a word. Cheaper by half than a robust mutex, and as safe. */
#ifndef DMAP_PROC_RING_LOCK_H
#define DMAP_PROC_RING_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { DMAP__RING_USERS = 4096 };

/** A process that uses a ring by a handle: it holds byte `id` of the file by a description of its own, so that the
 *  kernel knows whether it lives. */
typedef struct dmap__ring_user {
    int presence; /* the descriptor */
    uint32_t id;  /* 1 to DMAP__RING_USERS */
} dmap__ring_user;

/** Finds an id that no living process has, and holds it. Returns false if there is none, with errno. */
bool dmap__ring_user_join(dmap__ring_user *user, int presence);

/** Takes the lock; from a holder that has died, too. timeout_s < 0: no limit. Returns false when the time is over. */
bool dmap__ring_lock_take(_Atomic uint32_t *lock, const dmap__ring_user *user, double timeout_s);
/** Gives it back: a full barrier. */
void dmap__ring_lock_give(_Atomic uint32_t *lock);
/** Gives it back for a holder of that id that died before this user had it. */
void dmap__ring_lock_inherit(_Atomic uint32_t *lock, const dmap__ring_user *user);

#endif
