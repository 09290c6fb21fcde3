/* No ring is lost: who waits says so before it looks at the count for the last time, and who rings counts before it
 * looks whether somebody waits. Of several that ring at once, one wakes. */
#include "base/bell.h"

#include "base/futex.h"

void dmap__bell_init(dmap__bell *bell, bool is_shared) {
    atomic_init(&bell->rings, 0);
    atomic_init(&bell->sleeps, 0);
    bell->is_shared = is_shared;
}

void dmap__bell_ring(dmap__bell *bell) {
    atomic_fetch_add(&bell->rings, 1);
    if (atomic_load(&bell->sleeps) && atomic_exchange(&bell->sleeps, 0))
        (bell->is_shared ? dmap__futex_wake_shared : dmap__futex_wake)(&bell->rings, 1);
}

uint32_t dmap__bell_heard(dmap__bell *bell) {
    return atomic_load(&bell->rings);
}

bool dmap__bell_wait(dmap__bell *bell, uint32_t heard, double timeout_s) {
    atomic_store(&bell->sleeps, 1);
    if (atomic_load(&bell->rings) == heard)
        (bell->is_shared ? dmap__futex_wait_shared : dmap__futex_wait)(&bell->rings, heard, timeout_s);
    atomic_store(&bell->sleeps, 0);
    return atomic_load(&bell->rings) != heard;
}
