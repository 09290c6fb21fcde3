/* The descriptor is an epoll of two: an eventfd, which the ear (a thread) writes when the bell has rung since the last
 * step, and a timer. Both stay readable until the next step, so that an edge which was missed is not lost: that is what
 * level-triggered means.
 *
 * Invariant: between two steps either the eventfd is readable, or the ear waits for the bell, from what was heard
 * before the last step looked. */
#include "pool/fd.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/futex.h"
#include "pool/loop.h"

#define LOOK_S 0.25 /* between the ear's looks at whether it is to end */

typedef struct dmap__fd {
    dmap__bell *bell;
    int epoll, event, timer;
    pthread_t ear;
    bool has_ear;
    _Atomic uint32_t heard;   /* before the last step looked */
    _Atomic uint32_t listens; /* the ear is to wait for the bell; slept on while it is 0 */
    _Atomic bool ends;
} dmap__fd;

static void write_event(dmap__fd *fd) {
    uint64_t one = 1;
    while (write(fd->event, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}

static void read_event(dmap__fd *fd) {
    uint64_t count;
    while (read(fd->event, &count, sizeof count) < 0 && errno == EINTR)
        continue;
}

static void *listen_for_bell(void *arg) {
    dmap__fd *fd = arg;
    while (!atomic_load(&fd->ends)) {
        if (!atomic_load(&fd->listens)) {
            dmap__futex_wait(&fd->listens, 0, LOOK_S);
            continue;
        }
        if (dmap__bell_wait(fd->bell, fd->heard, LOOK_S) && atomic_exchange(&fd->listens, 0))
            write_event(fd);
    }
    return NULL;
}

/* 0: it is silent. */
static void set_timer(dmap__fd *fd, double seconds) {
    struct itimerspec when = {.it_value = {(time_t)seconds, (long)(fmod(seconds, 1) * 1e9)}};
    timerfd_settime(fd->timer, 0, &when, NULL);
}

static bool open_all(dmap__fd *fd) {
    fd->epoll = epoll_create1(EPOLL_CLOEXEC);
    fd->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    fd->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event in = {.events = EPOLLIN};
    if (fd->epoll < 0 || fd->event < 0 || fd->timer < 0 || epoll_ctl(fd->epoll, EPOLL_CTL_ADD, fd->event, &in) ||
        epoll_ctl(fd->epoll, EPOLL_CTL_ADD, fd->timer, &in))
        return false;
    int code = pthread_create(&fd->ear, NULL, listen_for_bell, fd);
    errno = code;
    fd->has_ear = !code;
    return fd->has_ear;
}

int dmap__fd_open(dmap_pool *pool) {
    if (pool->fd)
        return pool->fd->epoll;
    pool->fd = calloc(1, sizeof *pool->fd);
    if (!pool->fd) {
        dmap__fail_memory(&pool->error, sizeof *pool->fd, "a descriptor");
        return -1;
    }
    *pool->fd = (dmap__fd){.bell = pool->bell, .epoll = -1, .event = -1, .timer = -1};
    if (!open_all(pool->fd)) {
        dmap__fail(&pool->error, DMAP_EIO, "cannot make a descriptor to wait for: %s", strerror(errno));
        dmap__fd_close(pool);
        return -1;
    }
    write_event(pool->fd); /* the first step looks at what was before */
    return pool->fd->epoll;
}

static void close_one(int fd) {
    if (fd >= 0)
        close(fd);
}

void dmap__fd_close(dmap_pool *pool) {
    dmap__fd *fd = pool->fd;
    if (!fd)
        return;
    atomic_store(&fd->ends, true);
    atomic_store(&fd->listens, 1);
    dmap__futex_wake(&fd->listens, 1);
    dmap__bell_ring(fd->bell);
    if (fd->has_ear)
        pthread_join(fd->ear, NULL);
    close_one(fd->epoll);
    close_one(fd->event);
    close_one(fd->timer);
    free(fd);
    pool->fd = NULL;
}

void dmap__fd_begin(dmap_pool *pool) {
    dmap__fd *fd = pool->fd;
    if (!fd)
        return;
    atomic_store(&fd->listens, 0);
    pool->heard = dmap__bell_heard(fd->bell);
    set_timer(fd, 0);
    read_event(fd);
}

void dmap__fd_end(dmap_pool *pool, bool has_calls) {
    dmap__fd *fd = pool->fd;
    if (!fd)
        return;
    double due_s = dmap__loop_until_due(pool);
    if (has_calls && due_s <= 0) {
        write_event(fd);
        return;
    }
    if (has_calls)
        set_timer(fd, fmax(due_s, 1e-6));
    atomic_store(&fd->heard, pool->heard);
    atomic_store(&fd->listens, 1);
    dmap__futex_wake(&fd->listens, 1);
}

void dmap__fd_touch(dmap_pool *pool) {
    if (pool->fd)
        write_event(pool->fd);
}
