/* System calls by number, as the C libraries of the machines that clusters run have no names for them (pidfd_open came
 * with glibc 2.36, close_range with 2.34, and with Linux 5.9), and loops around those that may do less than asked.
 * Keeps no state. */
#include "crew/process_system.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define PATIENCE_S 0.1

int dmap__pidfd_open(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int dmap__pidfd_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int dmap__pidfd_wait(int pidfd, pid_t pid, siginfo_t *info, int options) {
    enum { BY_PIDFD = 3 }; /* P_PIDFD */
    int failed = waitid((idtype_t)BY_PIDFD, (id_t)pidfd, info, options);
    if (failed && (errno == EINVAL || dmap__error_is_lack(errno)))
        failed = waitid(P_PID, (id_t)pid, info, options);
    return failed;
}

bool dmap__readable(int descriptor, double timeout_s) {
    double end = dmap__clock_now() + timeout_s;
    for (;;) {
        double left = timeout_s < 0 ? 1000 : end - dmap__clock_now();
        int wait_ms = left <= 0 ? 0 : left > 1000 ? 1000000 : (int)(left * 1000) + 1;
        struct pollfd one = {.fd = descriptor, .events = POLLIN};
        if (poll(&one, 1, wait_ms) > 0)
            return true;
        if (timeout_s >= 0 && left <= 0)
            return false;
    }
}

bool dmap__readable_patiently(int descriptor, double timeout_s) {
    for (double left = timeout_s; left > 0; left -= PATIENCE_S)
        if (dmap__readable(descriptor, left < PATIENCE_S ? left : PATIENCE_S))
            return true;
    return dmap__readable(descriptor, 0);
}

/* What getdents64 fills in. */
typedef struct entry {
    uint64_t number;
    int64_t next;
    unsigned short size;
    unsigned char type;
    char name[];
} entry;

/* Closes those of the list that `all` has; false at its end. */
static bool close_some(int all, int first) {
    _Alignas(entry) char list[2048];
    long size = syscall(SYS_getdents64, all, list, sizeof list);
    for (long at = 0; at < size; at += ((const entry *)(const void *)(list + at))->size) {
        int descriptor = atoi(((const entry *)(const void *)(list + at))->name);
        if (descriptor >= first && descriptor != all)
            close(descriptor);
    }
    return size > 0;
}

void dmap__close_from(int first) {
    if (syscall(SYS_close_range, first, ~0u, 0) == 0)
        return;
    close(first); /* room for the list of the others, should there be none */
    int all = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (all >= 0 && close_some(all, first))
        continue;
    dmap__close_one(&all);
}

void dmap__close_one(int *descriptor) {
    int saved = errno;
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
    errno = saved;
}

bool dmap__read_all(int descriptor, void *data, size_t size) {
    char *to = data;
    while (size) {
        ssize_t got = read(descriptor, to, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        size -= (size_t)got;
    }
    return true;
}

bool dmap__write_all(int descriptor, const void *data, size_t size) {
    const char *from = data;
    while (size) {
        ssize_t put = write(descriptor, from, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        from += put;
        size -= (size_t)put;
    }
    return true;
}
