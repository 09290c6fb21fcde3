/* A lock in memory that processes share: if its holder dies, the next one is told. */
#ifndef DMAP_PROC_SHARED_LOCK_H
#define DMAP_PROC_SHARED_LOCK_H

#include <pthread.h>
#include <stdbool.h>

/** Returns 0, or an error number. */
int dmap__shared_lock_init(pthread_mutex_t *lock, bool is_recursive);
/** 0; EOWNERDEAD: taken, its last holder has died; ETIMEDOUT; EDEADLK: this thread has it. timeout_s < 0: no limit. */
int dmap__shared_lock_take(pthread_mutex_t *lock, double timeout_s);

#endif
