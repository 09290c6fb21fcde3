#include "base/futex.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wait_on(_Atomic uint32_t *word, int operation, uint32_t value, double timeout_s) {
    struct timespec limit = {.tv_sec = (time_t)timeout_s};
    limit.tv_nsec = (long)((timeout_s - (double)limit.tv_sec) * 1e9);
    syscall(SYS_futex, word, operation, value, timeout_s < 0 ? NULL : &limit, NULL, 0);
}

void dmap__futex_wait(_Atomic uint32_t *word, uint32_t value, double timeout_s) {
    wait_on(word, FUTEX_WAIT_PRIVATE, value, timeout_s);
}

void dmap__futex_wake(_Atomic uint32_t *word, int n) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

void dmap__futex_wait_shared(_Atomic uint32_t *word, uint32_t value, double timeout_s) {
    wait_on(word, FUTEX_WAIT, value, timeout_s);
}

void dmap__futex_wake_shared(_Atomic uint32_t *word, int n) {
    syscall(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0);
}

/* The kernel changes the word, of which neither the compiler nor a sanitizer knows: the operation that changes nothing
 * publishes what was written before. */
void dmap__futex_make_odd_shared(_Atomic uint32_t *word) {
    atomic_fetch_or(word, 0);
    syscall(SYS_futex, word, FUTEX_WAKE_OP, INT_MAX, NULL, word, FUTEX_OP(FUTEX_OP_OR, 1, FUTEX_OP_CMP_LT, 0));
}
