#include "crew/watcher.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/futex.h"
#include "crew/signals.h"
#include "proc/forkserver.h"
#include "proc/process_system.h"

struct dmap__watcher {
    int epoll, stop;
    pthread_t thread;
    bool started;
};

enum { NUDGE_MS = 100 };

/* One shot: a descriptor is told once, and closed by its owner after that. */
static bool add(const dmap__watcher *watcher, int descriptor, void *what) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = what};
    return epoll_ctl(watcher->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

bool dmap__watcher_add(dmap__watcher *watcher, int descriptor, dmap__watch *watch) {
    atomic_store(&watch->ended, 0);
    return add(watcher, descriptor, watch);
}

/* Once the last word is out the watch may be gone: all that is done after that is to wake by its address. */
static void tell(dmap__watch *watch) {
    dmap__shm_channel_end(watch->channel);
    atomic_store(&watch->ended, 1);
    dmap__futex_wake(&watch->ended, 1);
}

bool dmap__watch_wait(dmap__watch *watch, double timeout_s) {
    double end = dmap__clock_now() + timeout_s;
    while (!atomic_load(&watch->ended)) {
        double left = timeout_s < 0 ? -1 : end - dmap__clock_now();
        if (timeout_s >= 0 && left <= 0)
            return false;
        dmap__futex_wait(&watch->ended, 0, left);
    }
    return true;
}

/* Without pidfds it is the fork server that tells an end, which a task may have stopped. */
static bool needs_server(void) {
    int own = dmap__pidfd_open(getpid());
    dmap__close_one(&own);
    return own < 0;
}

static void *watch(void *arg) {
    dmap__watcher *watcher = arg;
    struct epoll_event event;
    int patience_ms = needs_server() ? NUDGE_MS : -1;
    for (;;) {
        int n = epoll_wait(watcher->epoll, &event, 1, patience_ms);
        if (n == 0)
            dmap__forkserver_nudge();
        if (n != 1)
            continue;
        if (!event.data.ptr)
            return NULL;
        tell(event.data.ptr);
    }
}

/* Errno says why it could not. */
static bool start_thread(dmap__watcher *watcher) {
    int reason = pthread_create(&watcher->thread, NULL, watch, watcher);
    errno = reason ? reason : errno;
    return reason == 0;
}

dmap__watcher *dmap__watcher_open(void) {
    dmap__watcher *watcher = calloc(1, sizeof *watcher);
    if (!watcher)
        return NULL;
    watcher->epoll = epoll_create1(EPOLL_CLOEXEC);
    watcher->stop = eventfd(0, EFD_CLOEXEC);
    sigset_t before;
    dmap__signals_rest(&before);
    if (watcher->epoll >= 0 && watcher->stop >= 0 && add(watcher, watcher->stop, NULL))
        watcher->started = start_thread(watcher);
    dmap__signals_set(&before);
    if (watcher->started)
        return watcher;
    dmap__watcher_close(watcher);
    return NULL;
}

void dmap__watcher_close(dmap__watcher *watcher) {
    if (!watcher)
        return;
    if (watcher->started && eventfd_write(watcher->stop, 1) == 0)
        pthread_join(watcher->thread, NULL);
    dmap__close_one(&watcher->epoll);
    dmap__close_one(&watcher->stop);
    int saved = errno;
    free(watcher);
    errno = saved;
}
