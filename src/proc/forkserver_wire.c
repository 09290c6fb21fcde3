/* Messages on a pair of sequenced sockets: whole or not at all, with descriptors. A message that brings more
 * descriptors than this process may open is refused, and those that came are closed. Keeps no state. */
#include "proc/forkserver_wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef union control {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(DMAP__WIRE_FDS * sizeof(int))];
} control;

bool dmap__wire_put(int socket, const void *data, size_t size, const int *fds, int n_fds) {
    control c;
    struct iovec bytes = {(void *)(uintptr_t)data, size};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (n_fds > 0) {
        memset(&c, 0, sizeof c);
        message.msg_control = &c;
        message.msg_controllen = CMSG_SPACE((size_t)n_fds * sizeof(int));
        c.head.cmsg_level = SOL_SOCKET;
        c.head.cmsg_type = SCM_RIGHTS;
        c.head.cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int));
        memcpy(CMSG_DATA(&c.head), fds, (size_t)n_fds * sizeof(int));
    }
    ssize_t sent;
    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size;
}

static int take_fds(struct msghdr *message, int *fds, int most) {
    int n = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t came = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < came; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (n < most)
                fds[n++] = fd;
            else
                close(fd);
        }
    }
    return n;
}

static int refuse(const int *fds, int *n_fds, int reason) {
    for (int i = 0; i < *n_fds; i++)
        close(fds[i]);
    *n_fds = 0;
    errno = reason;
    return -1;
}

int dmap__wire_take(int socket, void *data, size_t size, int *fds, int *n_fds) {
    control c;
    struct iovec bytes = {data, size};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c};
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) {
        *n_fds = 0;
        return 0;
    }
    if (got < 0) {
        *n_fds = 0;
        return -1;
    }
    *n_fds = take_fds(&message, fds, *n_fds);
    if (message.msg_flags & MSG_CTRUNC)
        return refuse(fds, n_fds, EMFILE);
    return got == (ssize_t)size ? 1 : refuse(fds, n_fds, EPROTO);
}
