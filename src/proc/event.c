/* An event is a word, which is odd when it is set, and grows by one when it is cleared: who sleeps on an even word and
 * finds another one knows that it was set, though it may be cleared again. It is set and all are woken in one system
 * call, so who is killed has done both, or neither. */
#include "proc/sync.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/futex.h"
#include "proc/shared_object.h"
#include "proc/shared_watch.h"

struct dmap_event {
    dmap__shared_object object;          /* its body is the word */
    pthread_mutex_t making;              /* guards the making of: */
    _Atomic(dmap__shared_watch *) watch; /* NULL: none yet */
};

static _Atomic uint32_t *word_of(const dmap_event *event) {
    return event->object.body;
}

static void keep(void *made, dmap_event **event) {
    *event = made;
    pthread_mutex_init(&(*event)->making, NULL);
}

dmap_status dmap__event_open(dmap_event **event, dmap__error *error) {
    void *made;
    dmap_status status =
        dmap__shared_make_handle(&made, sizeof(dmap_event), DMAP__SHARED_EVENT, sizeof(uint32_t), error);
    if (status == DMAP_OK)
        keep(made, event);
    return status;
}

dmap_status dmap__event_attach(int descriptor, dmap_event **event, dmap__error *error) {
    void *made;
    dmap_status status = dmap__shared_take_handle(&made, sizeof(dmap_event), DMAP__SHARED_EVENT, descriptor, error);
    if (status == DMAP_OK)
        keep(made, event);
    return status;
}

void dmap__event_set(dmap_event *event) {
    dmap__futex_make_odd_shared(word_of(event));
}

void dmap__event_clear(dmap_event *event) {
    uint32_t word = atomic_load(word_of(event));
    while (word % 2 && !atomic_compare_exchange_weak(word_of(event), &word, word + 1))
        continue;
}

bool dmap__event_is_set(const dmap_event *event) {
    return atomic_load(word_of(event)) % 2;
}

static bool await(dmap_event *event, double timeout_s) {
    double end = timeout_s > 0 ? dmap__clock_now() + timeout_s : 0, left = timeout_s;
    uint32_t word = atomic_load(word_of(event));
    while (word % 2 == 0 && atomic_load(word_of(event)) == word) {
        if (timeout_s >= 0 && left <= 0)
            return false;
        dmap__futex_wait_shared(word_of(event), word, left);
        left = timeout_s > 0 ? end - dmap__clock_now() : timeout_s;
    }
    return true;
}

dmap_status dmap__event_wait(dmap_event *event, double timeout_s) {
    bool was_set = await(event, timeout_s);
    dmap__shared_watch_again(atomic_load(&event->watch));
    return was_set ? DMAP_OK : DMAP_ETIMEOUT;
}

static bool await_for_watch(void *event, double timeout_s) {
    return await(event, timeout_s);
}

int dmap__event_ready_descriptor(dmap_event *event, dmap__error *error) {
    return dmap__shared_watch_ready(&event->watch, &event->making, await_for_watch, event, error);
}

void dmap__event_close(dmap_event *event) {
    if (!event)
        return;
    dmap__shared_watch_stop(atomic_load(&event->watch));
    pthread_mutex_destroy(&event->making);
    dmap__shared_close_handle(event);
}
