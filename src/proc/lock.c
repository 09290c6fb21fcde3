#include "proc/sync.h"

#include <errno.h>
#include <pthread.h>

#include "proc/shared_lock.h"
#include "proc/shared_object.h"

struct dmap_lock {
    dmap__shared_object object; /* its body is the mutex */
};

dmap_status dmap__lock_open(bool is_recursive, dmap_lock **lock, dmap__error *error) {
    void *made;
    dmap_status status =
        dmap__shared_make_handle(&made, sizeof(dmap_lock), DMAP__SHARED_LOCK, sizeof(pthread_mutex_t), error);
    if (status != DMAP_OK)
        return status;
    int failed = dmap__shared_lock_init(((dmap_lock *)made)->object.body, is_recursive);
    if (!failed) {
        *lock = made;
        return DMAP_OK;
    }
    dmap__shared_close_handle(made);
    return dmap__fail_system(error, failed, "make a lock");
}

dmap_status dmap__lock_attach(int descriptor, dmap_lock **lock, dmap__error *error) {
    void *made;
    dmap_status status = dmap__shared_take_handle(&made, sizeof(dmap_lock), DMAP__SHARED_LOCK, descriptor, error);
    if (status == DMAP_OK)
        *lock = made;
    return status;
}

dmap_status dmap__lock_take(dmap_lock *lock, double timeout_s, dmap__error *error) {
    int failed = dmap__shared_lock_take(lock->object.body, timeout_s);
    switch (failed) {
    case 0:
        return DMAP_OK;
    case ETIMEDOUT:
        return DMAP_ETIMEOUT;
    case EOWNERDEAD:
        return dmap__fail(error, DMAP_ELOST, "the lock is taken, but its last holder ended without giving it back");
    case EDEADLK:
        return dmap__fail(error, DMAP_EINVAL, "this thread has the lock, which is not recursive");
    default:
        return dmap__fail_system(error, failed, "take a lock");
    }
}

dmap_status dmap__lock_give(dmap_lock *lock, dmap__error *error) {
    if (pthread_mutex_unlock(lock->object.body) == 0)
        return DMAP_OK;
    return dmap__fail(error, DMAP_EINVAL, "this thread does not have the lock");
}
