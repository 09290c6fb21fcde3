#include "net/peer_watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_S 10e-3 /* between two looks: each is a system call for each process */
#define NAP_S  1e-3

struct dmap__peer {
    int rank;
    int descriptor; /* of the process; -1: there are none */
    pid_t process;
    bool is_told;
};

bool dmap__peer_watch_init(dmap__peer_watch *watch, int n) {
    *watch = (dmap__peer_watch){.peers = calloc((size_t)n, sizeof *watch->peers)};
    return watch->peers != NULL;
}

void dmap__peer_watch_fini(dmap__peer_watch *watch) {
    for (int i = 0; i < watch->n; i++)
        if (watch->peers[i].descriptor >= 0)
            close(watch->peers[i].descriptor);
    free(watch->peers);
    *watch = (dmap__peer_watch){0};
}

void dmap__peer_watch_add(dmap__peer_watch *watch, int rank, int64_t process) {
    int descriptor = (int)syscall(SYS_pidfd_open, (pid_t)process, 0); /* closed on exec */
    watch->peers[watch->n++] = (struct dmap__peer){.rank = rank, .descriptor = descriptor, .process = (pid_t)process};
}

/* A process that has ended and was not waited for yet is gone, too; its number alone does not tell that. */
static bool is_gone(const struct dmap__peer *peer) {
    struct pollfd seen = {.fd = peer->descriptor, .events = POLLIN};
    if (peer->descriptor < 0)
        return kill(peer->process, 0) != 0 && errno == ESRCH;
    return poll(&seen, 1, 0) > 0;
}

int dmap__peer_watch_next(dmap__peer_watch *watch, double now) {
    if (now - watch->looked_s < LOOK_S)
        return -1;
    for (int i = 0; i < watch->n; i++) {
        struct dmap__peer *peer = &watch->peers[i];
        if (peer->is_told || !is_gone(peer))
            continue;
        peer->is_told = true;
        return peer->rank; /* the next look is at once: of a host's ranks several may go together */
    }
    watch->looked_s = now;
    return -1;
}

static void end(struct dmap__peer *peer, double until) {
    peer->is_told = true;
    if (is_gone(peer))
        return;
    if (peer->descriptor >= 0)
        syscall(SYS_pidfd_send_signal, peer->descriptor, SIGKILL, NULL, 0);
    else
        kill(peer->process, SIGKILL);
    while (!is_gone(peer) && dmap__clock_now() < until)
        dmap__clock_sleep(NAP_S);
}

void dmap__peer_watch_kill(dmap__peer_watch *watch, int rank, double timeout_s) {
    for (int i = 0; i < watch->n; i++)
        if (watch->peers[i].rank == rank)
            end(&watch->peers[i], dmap__clock_now() + timeout_s);
}
