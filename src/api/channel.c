/* The public functions of channels: handles and arguments are checked, sentences go to the thread. */
#include <dmap/channel.h>

#include "api/shared_handle.h"
#include "proc/channel.h"

dmap_status dmap_channel_open(size_t bytes, dmap_channel **receives, dmap_channel **sends) {
    dmap_status status = dmap__shared_check_place(receives && sends ? receives : NULL, __func__);
    return status == DMAP_OK ? dmap__channel_open(bytes, receives, sends, dmap__thread_error()) : status;
}

int dmap_channel_fd(const dmap_channel *end) {
    return dmap__shared_descriptor(end, __func__);
}

dmap_status dmap_channel_attach(int fd, dmap_channel **end) {
    dmap_status status = dmap__shared_check_place(end, __func__);
    return status == DMAP_OK ? dmap__channel_attach(fd, end, dmap__thread_error()) : status;
}

static dmap_status check_data(const void *data, size_t size, const char *function) {
    return data || !size
               ? DMAP_OK
               : dmap__fail(dmap__thread_error(), DMAP_EINVAL, "%s: the data is NULL, its size is not 0", function);
}

dmap_status dmap_channel_send(dmap_channel *sends, const void *data, size_t size, double timeout_s) {
    dmap_status status = dmap__shared_check_wait(sends, timeout_s, __func__);
    status = status == DMAP_OK ? check_data(data, size, __func__) : status;
    return status == DMAP_OK ? dmap__channel_send(sends, data, size, timeout_s, dmap__thread_error()) : status;
}

dmap_status dmap_channel_receive(dmap_channel *receives, void *data, size_t capacity, double timeout_s, size_t *size) {
    size_t unasked;
    dmap_status status = dmap__shared_check_wait(receives, timeout_s, __func__);
    status = status == DMAP_OK ? check_data(data, capacity, __func__) : status;
    return status == DMAP_OK ? dmap__channel_receive(receives, data, capacity, timeout_s, size ? size : &unasked,
                                                     dmap__thread_error())
                             : status;
}

int dmap_channel_ready_fd(dmap_channel *receives) {
    return dmap__shared_check(receives, __func__) == DMAP_OK
               ? dmap__channel_ready_descriptor(receives, dmap__thread_error())
               : -1;
}

void dmap_channel_close(dmap_channel *end) {
    if (dmap__shared_may_close(end, __func__))
        dmap__channel_close(end);
}
