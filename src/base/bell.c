/* No ring is lost: the count and the word that somebody waits change together. Were they two, who has counted late
 * could take back that word from a wait that began after its ring, and the next would wake nobody. Of several that ring
 * at once, one wakes; it wakes all that wait. The word is taken back by a ring alone: a wait that has timed out leaves
 * it for others, and costs the next ring a call that wakes nobody. */
#include "base/bell.h"

#include <limits.h>

#include "base/futex.h"

#define WAITS UINT32_C(1)
#define RING  UINT32_C(2)

void dmap__bell_init(dmap__bell *bell, bool is_shared) {
    atomic_init(&bell->state, 0);
    bell->is_shared = is_shared;
}

bool dmap__bell_ring(dmap__bell *bell) {
    uint32_t was = atomic_load_explicit(&bell->state, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&bell->state, &was, (was & ~WAITS) + RING))
        continue;
    if (was & WAITS)
        (bell->is_shared ? dmap__futex_wake_shared : dmap__futex_wake)(&bell->state, INT_MAX);
    return was & WAITS;
}

uint32_t dmap__bell_heard(dmap__bell *bell) {
    return atomic_load(&bell->state) / RING;
}

bool dmap__bell_wait(dmap__bell *bell, uint32_t heard, double timeout_s) {
    const uint32_t silent = heard * RING;
    uint32_t was = silent;
    if (!atomic_compare_exchange_strong(&bell->state, &was, silent | WAITS) && was != (silent | WAITS))
        return true;
    (bell->is_shared ? dmap__futex_wait_shared : dmap__futex_wait)(&bell->state, silent | WAITS, timeout_s);
    return (atomic_load(&bell->state) & ~WAITS) != silent;
}
