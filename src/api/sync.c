/* The public functions of locks, events and barriers: handles and arguments are checked, sentences go to the thread. */
#include <dmap/channel.h>

#include "api/shared_handle.h"
#include "proc/sync.h"

/* ---- lock ---- */

dmap_status dmap_lock_open(bool is_recursive, dmap_lock **lock) {
    dmap_status status = dmap__shared_check_place(lock, __func__);
    return status == DMAP_OK ? dmap__lock_open(is_recursive, lock, dmap__thread_error()) : status;
}

int dmap_lock_fd(const dmap_lock *lock) {
    return dmap__shared_descriptor(lock, __func__);
}

dmap_status dmap_lock_attach(int fd, dmap_lock **lock) {
    dmap_status status = dmap__shared_check_place(lock, __func__);
    return status == DMAP_OK ? dmap__lock_attach(fd, lock, dmap__thread_error()) : status;
}

dmap_status dmap_lock_take(dmap_lock *lock, double timeout_s) {
    dmap_status status = dmap__shared_check_wait(lock, timeout_s, __func__);
    return status == DMAP_OK ? dmap__lock_take(lock, timeout_s, dmap__thread_error()) : status;
}

dmap_status dmap_lock_give(dmap_lock *lock) {
    dmap_status status = dmap__shared_check(lock, __func__);
    return status == DMAP_OK ? dmap__lock_give(lock, dmap__thread_error()) : status;
}

void dmap_lock_close(dmap_lock *lock) {
    if (dmap__shared_may_close(lock, __func__))
        dmap__shared_close_handle(lock);
}

/* ---- event ---- */

dmap_status dmap_event_open(dmap_event **event) {
    dmap_status status = dmap__shared_check_place(event, __func__);
    return status == DMAP_OK ? dmap__event_open(event, dmap__thread_error()) : status;
}

int dmap_event_fd(const dmap_event *event) {
    return dmap__shared_descriptor(event, __func__);
}

dmap_status dmap_event_attach(int fd, dmap_event **event) {
    dmap_status status = dmap__shared_check_place(event, __func__);
    return status == DMAP_OK ? dmap__event_attach(fd, event, dmap__thread_error()) : status;
}

dmap_status dmap_event_set(dmap_event *event) {
    dmap_status status = dmap__shared_check(event, __func__);
    if (status == DMAP_OK)
        dmap__event_set(event);
    return status;
}

dmap_status dmap_event_clear(dmap_event *event) {
    dmap_status status = dmap__shared_check(event, __func__);
    if (status == DMAP_OK)
        dmap__event_clear(event);
    return status;
}

bool dmap_event_is_set(const dmap_event *event) {
    return dmap__shared_check(event, __func__) == DMAP_OK && dmap__event_is_set(event);
}

dmap_status dmap_event_wait(dmap_event *event, double timeout_s) {
    dmap_status status = dmap__shared_check_wait(event, timeout_s, __func__);
    return status == DMAP_OK ? dmap__event_wait(event, timeout_s) : status;
}

int dmap_event_ready_fd(dmap_event *event) {
    return dmap__shared_check(event, __func__) == DMAP_OK ? dmap__event_ready_descriptor(event, dmap__thread_error())
                                                          : -1;
}

void dmap_event_close(dmap_event *event) {
    if (dmap__shared_may_close(event, __func__))
        dmap__event_close(event);
}

/* ---- barrier ---- */

dmap_status dmap_barrier_open(int parties, dmap_barrier **barrier) {
    dmap_status status = dmap__shared_check_place(barrier, __func__);
    return status == DMAP_OK ? dmap__barrier_open(parties, barrier, dmap__thread_error()) : status;
}

int dmap_barrier_fd(const dmap_barrier *barrier) {
    return dmap__shared_descriptor(barrier, __func__);
}

dmap_status dmap_barrier_attach(int fd, dmap_barrier **barrier) {
    dmap_status status = dmap__shared_check_place(barrier, __func__);
    return status == DMAP_OK ? dmap__barrier_attach(fd, barrier, dmap__thread_error()) : status;
}

dmap_status dmap_barrier_wait(dmap_barrier *barrier, double timeout_s, bool *is_last) {
    dmap_status status = dmap__shared_check_wait(barrier, timeout_s, __func__);
    return status == DMAP_OK ? dmap__barrier_wait(barrier, timeout_s, is_last, dmap__thread_error()) : status;
}

dmap_status dmap_barrier_break(dmap_barrier *barrier) {
    dmap_status status = dmap__shared_check(barrier, __func__);
    if (status == DMAP_OK)
        dmap__barrier_break(barrier);
    return status;
}

dmap_status dmap_barrier_mend(dmap_barrier *barrier) {
    dmap_status status = dmap__shared_check(barrier, __func__);
    return status == DMAP_OK ? dmap__barrier_mend(barrier, dmap__thread_error()) : status;
}

void dmap_barrier_close(dmap_barrier *barrier) {
    if (dmap__shared_may_close(barrier, __func__))
        dmap__barrier_close(barrier);
}
