#include "proc/shared_lock.h"

#include <errno.h>
#include <time.h>

#define LONGEST_S 1e9 /* what a clock shows then still fits its type */

int dmap__shared_lock_init(pthread_mutex_t *lock, bool is_recursive) {
    pthread_mutexattr_t kind;
    int failed = pthread_mutexattr_init(&kind);
    if (failed)
        return failed;
    pthread_mutexattr_settype(&kind, is_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_ERRORCHECK);
    failed = pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
    failed = failed ? failed : pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    failed = failed ? failed : pthread_mutex_init(lock, &kind);
    pthread_mutexattr_destroy(&kind);
    return failed;
}

static int take_timed(pthread_mutex_t *lock, double timeout_s) {
    struct timespec until;
    double whole = timeout_s < LONGEST_S ? timeout_s : LONGEST_S;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)whole;
    until.tv_nsec += (long)((whole - (double)(time_t)whole) * 1e9);
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &until);
}

/* The lock is free mostly: then the time is not asked for. */
int dmap__shared_lock_take(pthread_mutex_t *lock, double timeout_s) {
    int failed = pthread_mutex_trylock(lock);
    if (failed == EBUSY)
        failed = timeout_s == 0 ? ETIMEDOUT : timeout_s < 0 ? pthread_mutex_lock(lock) : take_timed(lock, timeout_s);
    if (failed == EOWNERDEAD)
        pthread_mutex_consistent(lock);
    return failed;
}
