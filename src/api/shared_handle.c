/* Handles of dmap/channel.h, and the two simplest of them, counters and memory, which are what the processes share and
 * nothing else. */
#include "api/shared_handle.h"

#include <stdatomic.h>

#include <dmap/channel.h>

dmap_status dmap__shared_check(const void *handle, const char *function) {
    if (!handle)
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "%s: the handle is NULL", function);
    if (!dmap__shared_is_own(handle))
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL,
                          "%s: the handle belongs to the process that started this one: attach its descriptor",
                          function);
    return DMAP_OK;
}

dmap_status dmap__shared_check_wait(const void *handle, double timeout_s, const char *function) {
    if (timeout_s != timeout_s)
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "%s: the timeout is not a number", function);
    return dmap__shared_check(handle, function);
}

dmap_status dmap__shared_check_place(const void *place, const char *function) {
    return place ? DMAP_OK
                 : dmap__fail(dmap__thread_error(), DMAP_EINVAL, "%s: the place for the handle is NULL", function);
}

int dmap__shared_descriptor(const void *handle, const char *function) {
    const dmap__shared_object *object = handle;
    return dmap__shared_check(handle, function) == DMAP_OK ? object->descriptor : -1;
}

bool dmap__shared_may_close(const void *handle, const char *function) {
    return handle && dmap__shared_check(handle, function) == DMAP_OK;
}

/* ---- counter ---- */

struct dmap_counter {
    dmap__shared_object object; /* its body is the number */
};

static _Atomic int64_t *number_of(const dmap_counter *counter) {
    return counter->object.body;
}

dmap_status dmap_counter_open(int64_t value, dmap_counter **counter) {
    void *made;
    dmap_status status = dmap__shared_check_place(counter, __func__);
    if (status == DMAP_OK)
        status =
            dmap__shared_make_handle(&made, sizeof **counter, DMAP__SHARED_COUNTER, sizeof value, dmap__thread_error());
    if (status != DMAP_OK)
        return status;
    *counter = made;
    atomic_store(number_of(*counter), value);
    return DMAP_OK;
}

int dmap_counter_fd(const dmap_counter *counter) {
    return dmap__shared_descriptor(counter, __func__);
}

dmap_status dmap_counter_attach(int fd, dmap_counter **counter) {
    void *made;
    dmap_status status = dmap__shared_check_place(counter, __func__);
    if (status == DMAP_OK)
        status = dmap__shared_take_handle(&made, sizeof **counter, DMAP__SHARED_COUNTER, fd, dmap__thread_error());
    if (status == DMAP_OK)
        *counter = made;
    return status;
}

int64_t dmap_counter_add(dmap_counter *counter, int64_t by) {
    if (dmap__shared_check(counter, __func__) != DMAP_OK)
        return 0;
    return (int64_t)((uint64_t)atomic_fetch_add(number_of(counter), by) + (uint64_t)by);
}

int64_t dmap_counter_get(const dmap_counter *counter) {
    return dmap__shared_check(counter, __func__) == DMAP_OK ? atomic_load(number_of(counter)) : 0;
}

bool dmap_counter_change(dmap_counter *counter, int64_t from, int64_t to) {
    return dmap__shared_check(counter, __func__) == DMAP_OK &&
           atomic_compare_exchange_strong(number_of(counter), &from, to);
}

void dmap_counter_close(dmap_counter *counter) {
    if (dmap__shared_may_close(counter, __func__))
        dmap__shared_close_handle(counter);
}

/* ---- memory ---- */

struct dmap_memory {
    dmap__shared_object object; /* its body is the memory */
};

dmap_status dmap_memory_open(size_t size, dmap_memory **memory) {
    void *made;
    dmap_status status = dmap__shared_check_place(memory, __func__);
    if (status == DMAP_OK && !size)
        status = dmap__fail(dmap__thread_error(), DMAP_EINVAL, "%s: a memory has 1 byte or more", __func__);
    if (status == DMAP_OK)
        status = dmap__shared_make_handle(&made, sizeof **memory, DMAP__SHARED_MEMORY, size, dmap__thread_error());
    if (status == DMAP_OK)
        *memory = made;
    return status;
}

int dmap_memory_fd(const dmap_memory *memory) {
    return dmap__shared_descriptor(memory, __func__);
}

dmap_status dmap_memory_attach(int fd, dmap_memory **memory) {
    void *made;
    dmap_status status = dmap__shared_check_place(memory, __func__);
    if (status == DMAP_OK)
        status = dmap__shared_take_handle(&made, sizeof **memory, DMAP__SHARED_MEMORY, fd, dmap__thread_error());
    if (status == DMAP_OK)
        *memory = made;
    return status;
}

void *dmap_memory_data(const dmap_memory *memory) {
    return dmap__shared_check(memory, __func__) == DMAP_OK ? memory->object.body : NULL;
}

size_t dmap_memory_size(const dmap_memory *memory) {
    return dmap__shared_check(memory, __func__) == DMAP_OK ? memory->object.size : 0;
}

void dmap_memory_close(dmap_memory *memory) {
    if (dmap__shared_may_close(memory, __func__))
        dmap__shared_close_handle(memory);
}
