/* The program's side of its fork server: making one, and asking it for children. Which it is forkserver_client.c holds.
 *
 * A request is sent and answered under one lock, so that answers need no names; the server answers as soon as it has
 * forked, and whatever may take longer (an exec, a fresh copy that loads) is waited for outside the lock. A child
 * forgets its parent's server, and makes its own when it first needs one: it has no MPI to be before. A process that
 * the program forked by itself has the same memory, but is not `owner`, and gets nothing from here.
 *
 * A server that was killed is not replaced: after MPI_Init there is no right time to fork one. One that was stopped
 * (SIGSTOP) is told to go on when it is silent for a while: one that runs takes no notice, and one that has ended is
 * not silent, as what it wrote to is at its end, so the signal meets nobody else. */
#include "proc/forkserver.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "proc/forkserver_loop.h"
#include "proc/forkserver_wire.h"
#include "proc/process_system.h"

#define NUDGE_S 0.1 /* of silence, between two signals to go on */

static dmap__forkserver_client *const client = &dmap__forkserver_ours;

/* Forks with all signals blocked, so that no handler of the program runs in the new process. */
static pid_t fork_server(const int *sockets, int program) {
    sigset_t all, before;
    pid_t parent = getpid();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        dmap__forkserver_live(sockets[1], program, parent, client->argv);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

/* The numbers of standard streams that the program was started without are taken: else the next descriptors would get
 * them, ours among them, and what the program prints would go there. To read standard input or write standard output
 * fails as before; complaints go nowhere. */
static void occupy_standard(void) {
    static const int modes[] = {O_WRONLY, O_RDONLY, O_WRONLY};
    for (int stream = 0; stream < 3; stream++)
        if (fcntl(stream, F_GETFD) < 0)
            open("/dev/null", modes[stream]);
}

static dmap_status make(dmap__error *error) {
    occupy_standard();
    fflush(NULL);
    int sockets[2] = {-1, -1}, program = dmap__pidfd_open(getpid());
    pid_t pid = -1;
    if ((program >= 0 || dmap__error_is_lack(errno)) &&
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0)
        pid = fork_server(sockets, program);
    int reason = errno;
    dmap__close_one(&program);
    dmap__close_one(&sockets[1]);
    if (pid < 0) {
        dmap__close_one(&sockets[0]);
        dmap__fail_system(&client->refused, reason, "make the fork server");
        return dmap__fail(error, client->refused.status, "%s", client->refused.text);
    }
    dmap__error_clear(&client->refused);
    client->owner = getpid();
    client->server = pid;
    client->socket = sockets[0];
    return DMAP_OK;
}

dmap_status dmap__forkserver_open(char **argv, dmap__error *error) {
    dmap_status status = DMAP_OK;
    pthread_mutex_lock(&client->lock);
    if (!dmap__forkserver_is_made()) {
        client->argv = argv;
        status = make(error);
    }
    pthread_mutex_unlock(&client->lock);
    return status;
}

bool dmap__forkserver_is_open(void) {
    pthread_mutex_lock(&client->lock);
    bool is_open = dmap__forkserver_is_made() ? client->socket >= 0 : client->is_child;
    pthread_mutex_unlock(&client->lock);
    return is_open;
}

static dmap_status lost(dmap__error *error) {
    if (client->socket >= 0)
        dmap__forkserver_drop();
    return dmap__fail(error, DMAP_ELOST, "the fork server (process %d) was killed: no child can be started any more",
                      (int)client->server);
}

static dmap_status fail_missing(dmap__error *error) {
    if (client->refused.status != DMAP_OK)
        return dmap__fail(error, client->refused.status, "%s", client->refused.text);
    return dmap__fail(error, DMAP_EINVAL,
                      "there is no fork server: call dmap_prefork (or dmap_run) first thing in main");
}

dmap_status dmap__forkserver_check(dmap__error *error) {
    dmap_status status = DMAP_OK;
    pthread_mutex_lock(&client->lock);
    if (dmap__forkserver_is_made() ? client->socket < 0 : !client->is_child)
        status = dmap__forkserver_is_made() ? lost(error) : fail_missing(error);
    pthread_mutex_unlock(&client->lock);
    return status;
}

static dmap_status be_ready(const dmap__spawn_request *birth, dmap__error *error) {
    if (!dmap__forkserver_is_made() && !client->is_child)
        return fail_missing(error);
    dmap_status status = dmap__forkserver_is_made() ? DMAP_OK : make(error);
    if (status != DMAP_OK)
        return status;
    if (birth->kind == DMAP__CHILD_COPY && !client->argv)
        return dmap__fail(error, DMAP_EINVAL, "DMAP_SPAWN needs the arguments of main in dmap_prefork");
    return DMAP_OK;
}

static void nudge(void) {
    if (dmap__forkserver_is_made() && client->socket >= 0)
        kill(client->server, SIGCONT);
}

/* Who has the lock waits for the server too, or ends it. */
void dmap__forkserver_nudge(void) {
    if (pthread_mutex_trylock(&client->lock))
        return;
    nudge();
    pthread_mutex_unlock(&client->lock);
}

bool dmap__forkserver_wait(int descriptor, double timeout_s) {
    double end = dmap__clock_now() + timeout_s;
    for (;;) {
        double left = timeout_s < 0 ? NUDGE_S : end - dmap__clock_now();
        if (dmap__readable(descriptor, left < 0 ? 0 : left < NUDGE_S ? left : NUDGE_S))
            return true;
        dmap__forkserver_nudge();
        if (timeout_s >= 0 && dmap__clock_now() >= end)
            return false;
    }
}

/* Waits for the server's answer. One that gives none holds up all that comes: it goes. */
static dmap_status await_answer(double timeout_s, dmap__error *error) {
    for (double left = timeout_s; !dmap__readable(client->socket, NUDGE_S); left -= NUDGE_S) {
        nudge();
        if (left > 0)
            continue;
        kill(client->server, SIGKILL);
        dmap__forkserver_drop();
        return dmap__fail(
            error, DMAP_ELOST,
            "the fork server (process %d) gave no answer for %g seconds: it was killed, and no child can be "
            "started any more",
            (int)client->server, timeout_s);
    }
    return DMAP_OK;
}

static dmap_status ask(const dmap__spawn_request *birth, int report, double timeout_s, dmap__answer *answer, int *pidfd,
                       dmap__error *error) {
    int fds[DMAP__FDS_MOST + 1], n = 1;
    for (int i = 0; i < birth->n_fds; i++)
        fds[i] = birth->fds[i];
    fds[birth->n_fds] = report;
    if (client->socket < 0)
        return lost(error);
    if (!dmap__wire_put(client->socket, birth, offsetof(dmap__spawn_request, fds), fds, birth->n_fds + 1))
        return errno == EPIPE || errno == ECONNRESET
                   ? lost(error)
                   : dmap__fail_system(error, errno, "hand descriptors to the fork server");
    if (await_answer(timeout_s, error) != DMAP_OK)
        return DMAP_ELOST;
    int taken = dmap__wire_take(client->socket, answer, sizeof *answer, pidfd, &n);
    if (taken == 0)
        return lost(error);
    if (taken < 0) { /* born, but there is no room for its pidfd */
        int reason = errno;
        if (answer->pid > 0)
            kill(answer->pid, SIGKILL);
        return dmap__fail_system(error, reason, "watch a process");
    }
    return DMAP_OK;
}

dmap_status dmap__forkserver_start(const dmap__spawn_request *birth, int report, double timeout_s, pid_t *pid,
                                   int *pidfd, dmap__error *error) {
    dmap__answer answer = {0};
    pthread_mutex_lock(&client->lock);
    dmap_status status = be_ready(birth, error);
    if (status == DMAP_OK)
        status = ask(birth, report, timeout_s, &answer, pidfd, error);
    pthread_mutex_unlock(&client->lock);
    if (status == DMAP_OK && answer.error)
        status = dmap__fail_system(error, answer.error, "start a process");
    if (status == DMAP_OK)
        *pid = answer.pid;
    return status;
}
