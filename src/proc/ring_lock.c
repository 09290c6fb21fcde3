/* The lock. Its word is 0 when it is free, else the id of who holds it, with WAITS while somebody may sleep for it.
 *
 * Deaths. Who has slept for LOOK_S without a change tries to get the byte of the holder's id from the kernel, for
 * himself alone: that it gives only if the holder's process has died. As long as he has it nobody can join with that
 * id, so the word is still the dead one's when he makes it his own. A process that joins with the id of one that died
 * with a lock gives that lock back first. */
#include "proc/ring_lock.h"

#include <errno.h>

#include "base/clock.h"
#include "base/futex.h"
#include "proc/shared_object.h"

#define WAITS  (UINT32_C(1) << 31)
#define LOOK_S 0.1
#define SPINS  60

enum { FIRST_BYTE = 16 }; /* below it are those of the ends */

static int byte_of(uint32_t id) {
    return FIRST_BYTE + (int)id;
}

bool dmap__ring_user_join(dmap__ring_user *user, int presence) {
    for (uint32_t id = 1; id <= DMAP__RING_USERS; id++)
        if (dmap__shared_seize(presence, byte_of(id))) {
            *user = (dmap__ring_user){presence, id};
            return true;
        }
    errno = errno == EAGAIN || errno == EACCES ? EUSERS : errno;
    return false;
}

static bool try(_Atomic uint32_t *lock, uint32_t word) {
    uint32_t none = 0;
    return atomic_compare_exchange_strong(lock, &none, word);
}

static bool spin(_Atomic uint32_t *lock, uint32_t id) {
    for (int i = 0; i < SPINS; i++)
        if (atomic_load_explicit(lock, memory_order_relaxed) == 0 && try(lock, id))
            return true;
    return false;
}

/* Who takes it after a sleep leaves WAITS in the word: others may sleep, too. */
static bool take_from_dead(_Atomic uint32_t *lock, const dmap__ring_user *user, uint32_t word) {
    uint32_t id = word & ~WAITS;
    if (!id || id == user->id || !dmap__shared_seize(user->presence, byte_of(id)))
        return false;
    bool is_mine = atomic_compare_exchange_strong(lock, &word, user->id | WAITS);
    dmap__shared_let_go(user->presence, byte_of(id));
    return is_mine;
}

/* Says in the word that somebody waits, unless it is free. Returns the word. */
static uint32_t mark(_Atomic uint32_t *lock) {
    uint32_t word = atomic_load(lock);
    while (word && !(word & WAITS) && !atomic_compare_exchange_weak(lock, &word, word | WAITS))
        continue;
    return word ? word | WAITS : 0;
}

static bool wait_for(_Atomic uint32_t *lock, const dmap__ring_user *user, double timeout_s) {
    double now = dmap__clock_now(), end = now + timeout_s, look = now + LOOK_S;
    while (!try(lock, user->id | WAITS)) {
        uint32_t word = mark(lock);
        double left = timeout_s < 0 ? LOOK_S : end - now;
        if (left <= 0)
            return false;
        if (word)
            dmap__futex_wait_shared(lock, word, left < LOOK_S ? left : LOOK_S);
        now = dmap__clock_now();
        if (now < look)
            continue;
        if (take_from_dead(lock, user, word))
            return true;
        look = now + LOOK_S;
    }
    return true;
}

bool dmap__ring_lock_take(_Atomic uint32_t *lock, const dmap__ring_user *user, double timeout_s) {
    if (try(lock, user->id))
        return true;
    return timeout_s != 0 && (spin(lock, user->id) || wait_for(lock, user, timeout_s));
}

void dmap__ring_lock_give(_Atomic uint32_t *lock) {
    if (atomic_exchange(lock, 0) & WAITS)
        dmap__futex_wake_shared(lock, 1);
}

void dmap__ring_lock_inherit(_Atomic uint32_t *lock, const dmap__ring_user *user) {
    uint32_t word = atomic_load(lock);
    while ((word & ~WAITS) == user->id)
        if (atomic_compare_exchange_strong(lock, &word, 0)) {
            dmap__futex_wake_shared(lock, 1);
            return;
        }
}
