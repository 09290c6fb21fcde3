/* A channel's ends. The descriptors of an end are copies of one open file description, which holds a byte of the file:
 * so the other side can ask the kernel whether any process has that end. The one of the sending end has O_APPEND, which
 * says nothing else here: by that a handle knows which end it is.
 *
 * A handle that is closed wakes the other side, which looks whether it was the last. For a process that was killed it
 * finds out by itself: channel_ring.c. */
#include "proc/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "proc/channel_ring.h"
#include "proc/presence.h"
#include "proc/process_system.h"
#include "proc/shared_object.h"
#include "proc/shared_watch.h"

enum { SENDERS = 0, RECEIVERS = 1 }; /* which byte of the file an end holds */

struct dmap_channel {
    dmap__shared_object object;
    dmap__ring *ring;
    bool sends;
    dmap__presence presence;             /* of this process, */
    dmap__ring_asker asker;              /* which is this */
    _Atomic unsigned copy;               /* of dmap__shared_copies when it became so */
    pthread_mutex_t making;              /* guards the making of these, and of: */
    _Atomic(dmap__shared_watch *) watch; /* NULL: none yet */
};

static bool is_gone(void *arg) {
    const dmap_channel *end = arg;
    return !dmap__shared_is_held(end->object.descriptor, end->sends ? RECEIVERS : SENDERS);
}

/* This process can be told from others, by the kernel, from now on. */
static dmap_status join(dmap_channel *end, dmap__error *error) {
    dmap__ring_user user;
    int presence = dmap__presence_open(&end->presence, &end->object);
    if (presence < 0 || !dmap__ring_user_join(&user, presence)) {
        dmap_status failed = dmap__fail_system(error, errno, "use a channel");
        dmap__presence_close(&end->presence);
        return failed;
    }
    dmap__ring_inherit(end->ring, &user);
    end->asker = (dmap__ring_asker){user, is_gone, end};
    atomic_store(&end->copy, dmap__shared_copies());
    return DMAP_OK;
}

/* A copy of a process, by fork(), is another user than that, and has lost the presence. */
static dmap_status check_user(dmap_channel *end, dmap__error *error) {
    dmap_status status = DMAP_OK;
    if (atomic_load_explicit(&end->copy, memory_order_acquire) == dmap__shared_copies())
        return status;
    pthread_mutex_lock(&end->making);
    if (atomic_load(&end->copy) != dmap__shared_copies())
        status = join(end, error);
    pthread_mutex_unlock(&end->making);
    return status;
}

static void destroy(dmap_channel *end) {
    dmap__presence_close(&end->presence);
    dmap__shared_close(&end->object);
    pthread_mutex_destroy(&end->making);
    free(end);
}

/* The object is the handle's on success. */
static dmap_status create(const dmap__shared_object *object, bool sends, dmap_channel **end, dmap__error *error) {
    dmap_channel *made = calloc(1, sizeof *made);
    if (!made)
        return dmap__fail_memory(error, sizeof *made, "an end of a channel");
    *made = (dmap_channel){.object = *object, .ring = object->body, .sends = sends, .presence.descriptor = -1};
    pthread_mutex_init(&made->making, NULL);
    dmap_status status = join(made, error);
    if (status == DMAP_OK) {
        *end = made;
        return DMAP_OK;
    }
    made->object = (dmap__shared_object){.descriptor = -1};
    destroy(made);
    return status;
}

/* Another mapping, of a description of its own, which holds the byte of the end. */
static dmap_status open_end(const dmap__shared_object *object, bool sends, dmap_channel **end, dmap__error *error) {
    dmap__shared_object own;
    int descriptor = dmap__shared_reopen(object, sends ? O_APPEND : 0);
    if (descriptor < 0 || !dmap__shared_hold(descriptor, sends ? SENDERS : RECEIVERS)) {
        dmap_status failed = dmap__fail_system(error, errno, "open an end of a channel");
        dmap__close_one(&descriptor);
        return failed;
    }
    dmap_status status = dmap__shared_take(&own, DMAP__SHARED_CHANNEL, descriptor, error);
    if (status != DMAP_OK) {
        dmap__close_one(&descriptor);
        return status;
    }
    status = create(&own, sends, end, error);
    if (status != DMAP_OK)
        dmap__shared_close(&own);
    return status;
}

dmap_status dmap__channel_open(size_t bytes, dmap_channel **receives, dmap_channel **sends, dmap__error *error) {
    dmap__shared_object object;
    dmap_channel *in = NULL, *out = NULL;
    if (!bytes || bytes > DMAP_CHANNEL_MOST)
        return dmap__fail(error, DMAP_EINVAL, "a channel has 1 to %d bytes, not %zu", DMAP_CHANNEL_MOST, bytes);
    dmap_status status = dmap__shared_make(&object, DMAP__SHARED_CHANNEL, dmap__ring_memory(bytes), error);
    if (status != DMAP_OK)
        return status;
    dmap__ring_init(object.body, object.size);
    status = open_end(&object, false, &in, error);
    if (status == DMAP_OK)
        status = open_end(&object, true, &out, error);
    dmap__shared_close(&object);
    if (status != DMAP_OK) {
        dmap__channel_close(in);
        return status;
    }
    *receives = in;
    *sends = out;
    return DMAP_OK;
}

dmap_status dmap__channel_attach(int descriptor, dmap_channel **end, dmap__error *error) {
    dmap__shared_object object;
    int flags = fcntl(descriptor, F_GETFL);
    dmap_status status = dmap__shared_take(&object, DMAP__SHARED_CHANNEL, descriptor, error);
    if (status != DMAP_OK)
        return status;
    status = create(&object, flags >= 0 && (flags & O_APPEND), end, error);
    if (status != DMAP_OK) {
        object.descriptor = -1; /* stays the caller's */
        dmap__shared_close(&object);
    }
    return status;
}

static dmap_status fail_end(const dmap_channel *end, dmap__error *error) {
    return dmap__fail(error, DMAP_EINVAL, "this is the end of the channel that %s", end->sends ? "sends" : "receives");
}

dmap_status dmap__channel_send(dmap_channel *end, const void *data, size_t size, double timeout_s, dmap__error *error) {
    if (!end->sends)
        return fail_end(end, error);
    if (size > dmap__ring_largest(end->ring))
        return dmap__fail(error, DMAP_EINVAL, "a message of %zu bytes is too large for a channel of %zu", size,
                          dmap__ring_largest(end->ring));
    dmap_status status = check_user(end, error);
    return status == DMAP_OK ? dmap__ring_send(end->ring, &end->asker, data, size, timeout_s) : status;
}

dmap_status dmap__channel_receive(dmap_channel *end, void *data, size_t capacity, double timeout_s, size_t *size,
                                  dmap__error *error) {
    if (end->sends)
        return fail_end(end, error);
    dmap_status status = check_user(end, error);
    if (status != DMAP_OK)
        return status;
    status = dmap__ring_receive(end->ring, &end->asker, data, capacity, timeout_s, size);
    if (status == DMAP_EIO)
        dmap__fail(error, status, "the channel's memory is damaged");
    else if (status == DMAP_EINVAL)
        dmap__fail(error, status, "the next message has %zu bytes, there is room for %zu", *size, capacity);
    dmap__shared_watch_again(atomic_load_explicit(&end->watch, memory_order_acquire));
    return status;
}

static bool await(void *arg, double timeout_s) {
    dmap_channel *end = arg;
    return dmap__ring_wait(end->ring, &end->asker, timeout_s);
}

int dmap__channel_ready_descriptor(dmap_channel *end, dmap__error *error) {
    if (end->sends) {
        fail_end(end, error);
        return -1;
    }
    if (check_user(end, error) != DMAP_OK)
        return -1;
    return dmap__shared_watch_ready(&end->watch, &end->making, await, end, error);
}

void dmap__channel_close(dmap_channel *end) {
    if (!end)
        return;
    dmap__shared_watch_stop(atomic_load(&end->watch));
    dmap__close_one(&end->object.descriptor);
    dmap__ring_wake(end->sends ? &end->ring->receivers : &end->ring->senders);
    destroy(end);
}
