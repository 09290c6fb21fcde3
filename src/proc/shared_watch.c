/* The watch. Its thread waits for its object in short sleeps, so it sees that it is to end; it takes no signals, and is
 * this process's: a copy made by fork() has none, and only closes the descriptor. */
#include "proc/shared_watch.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/futex.h"
#include "proc/process_system.h"

#define SLEEP_S 0.1

enum { WAITS, HAS_COME, ENDS };

struct dmap__shared_watch {
    int descriptor;
    pid_t process;
    _Atomic uint32_t state;
    dmap__shared_wait_fn *wait;
    void *arg;
    pthread_t thread;
};

/* Of two that change the state at a time, the one that ends it stays. */
static bool change(dmap__shared_watch *w, uint32_t from, uint32_t to) {
    return atomic_compare_exchange_strong(&w->state, &from, to);
}

static void *watch(void *arg) {
    static const uint64_t one = 1;
    dmap__shared_watch *w = arg;
    for (uint32_t state; (state = atomic_load(&w->state)) != ENDS;)
        if (state == HAS_COME)
            dmap__futex_wait(&w->state, HAS_COME, -1);
        else if (w->wait(w->arg, SLEEP_S) && change(w, WAITS, HAS_COME))
            dmap__write_all(w->descriptor, &one, sizeof one);
    return NULL;
}

static int start_thread(dmap__shared_watch *w) {
    sigset_t all, before;
    pthread_attr_t small;
    int failed = pthread_attr_init(&small);
    if (failed)
        return failed;
    pthread_attr_setstacksize(&small, 256 << 10);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&w->thread, &small, watch, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&small);
    return failed;
}

static dmap__shared_watch *start(dmap__shared_wait_fn *wait, void *arg, dmap__error *error) {
    dmap__shared_watch *w = calloc(1, sizeof *w);
    if (!w) {
        dmap__fail_memory(error, sizeof *w, "a watch");
        return NULL;
    }
    *w = (dmap__shared_watch){.process = getpid(), .wait = wait, .arg = arg};
    w->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int failed = w->descriptor < 0 ? errno : start_thread(w);
    if (!failed)
        return w;
    dmap__close_one(&w->descriptor);
    free(w);
    dmap__fail_system(error, failed, "start a watch");
    return NULL;
}

/* In a copy of its process its thread is not there. */
static bool is_own(const dmap__shared_watch *w) {
    return w->process == getpid();
}

/* The descriptor is emptied before the thread may fill it anew. */
void dmap__shared_watch_again(dmap__shared_watch *w) {
    uint64_t count;
    if (!w || !is_own(w) || atomic_load(&w->state) != HAS_COME || !dmap__readable(w->descriptor, 0) ||
        read(w->descriptor, &count, sizeof count) < 0)
        return;
    if (change(w, HAS_COME, WAITS))
        dmap__futex_wake(&w->state, INT_MAX);
}

void dmap__shared_watch_stop(dmap__shared_watch *w) {
    if (!w)
        return;
    if (is_own(w)) {
        atomic_store(&w->state, ENDS);
        dmap__futex_wake(&w->state, INT_MAX);
        pthread_join(w->thread, NULL);
    }
    dmap__close_one(&w->descriptor);
    free(w);
}

int dmap__shared_watch_ready(_Atomic(dmap__shared_watch *) *place, pthread_mutex_t *making, dmap__shared_wait_fn *wait,
                             void *arg, dmap__error *error) {
    pthread_mutex_lock(making);
    dmap__shared_watch *w = atomic_load(place);
    if (w && !is_own(w)) {
        dmap__shared_watch_stop(w);
        w = NULL;
    }
    if (!w)
        w = start(wait, arg, error);
    atomic_store(place, w);
    pthread_mutex_unlock(making);
    return w ? w->descriptor : -1;
}
