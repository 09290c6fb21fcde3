/* The fork server's loop. It is one thread that waits for three things: a request, the end of a child, the end of the
 * program. It forks, reaps and reports; it reads nothing of what a child is told and holds no descriptor of the program
 * but one end of the socket and one pipe a child; and of its own, a lifeline for each daemon that is no command.
 *
 * Invariants: every child of this process is in `children` from before its birth is answered until it is reaped, so
 * each end is reported once, after the child is gone, and no zombie stays. A daemon's group is killed while its leader
 * is not yet reaped: its number cannot be another group's then. All signals stay blocked (SIGCHLD comes by descriptor),
 * so what the terminal or a launcher sends to a group cannot end the server before its program: that alone ends it,
 * and then its daemons. If the server itself is killed, the kernel ends the daemons, and what functions among them have
 * in their groups (child.c). */
#include "crew/forkserver_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "crew/child.h"
#include "crew/forkserver_wire.h"
#include "crew/process_system.h"

#define FAREWELL_S 2.0 /* for daemons to die, after SIGKILL */

typedef struct child {
    pid_t pid;
    int report;
    int lifeline; /* child.c; -1: it has none */
    bool is_daemon;
} child;

typedef struct server {
    int socket, ends; /* ends: readable when a child has ended */
    int program;      /* its pidfd; -1: the system has none */
    pid_t parent;     /* the program */
    char **program_argv;
    child *children;
    size_t count, capacity;
} server;

static bool prepare(server *s) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    prctl(PR_SET_NAME, "dmap-forkserver");
    setpgid(0, 0);
    dmap__child_reset_signals();
    bool has_pidfd = s->program >= 0;
    int socket = fcntl(s->socket, F_DUPFD_CLOEXEC, 5), program = has_pidfd ? fcntl(s->program, F_DUPFD_CLOEXEC, 5) : -1;
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (socket < 0 || (has_pidfd && program < 0) || nowhere < 0)
        return false;
    for (int fd = 0; fd < 3; fd++)
        dup2(nowhere, fd);
    s->socket = dup3(socket, 3, O_CLOEXEC);
    s->program = has_pidfd ? dup3(program, 4, O_CLOEXEC) : -1;
    dmap__close_from(has_pidfd ? 5 : 4);
    s->ends = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->ends >= 0 && (has_pidfd || prctl(PR_SET_PDEATHSIG, SIGCHLD) == 0);
}

/* *lifeline: what the child's life hangs on. */
static pid_t fork_child(server *s, dmap__birth *birth, int *lifeline) {
    int ends[2] = {-1, -1};
    pid_t server_pid = getpid(), pid = -1;
    if (!dmap__memory_grow(&s->children, &s->capacity, s->count + 1, sizeof *s->children) ||
        (birth->is_daemon && birth->kind != DMAP__CHILD_COMMAND && pipe2(ends, O_CLOEXEC)))
        return -1;
    birth->lifeline = ends[0];
    pid = fork();
    if (pid == 0)
        dmap__child_live(birth, server_pid, s->program_argv);
    if (pid > 0)
        setpgid(pid, pid);
    else
        dmap__close_one(&ends[1]);
    dmap__close_one(&ends[0]);
    *lifeline = ends[1];
    return pid;
}

/* The report pipe comes last. It is kept if the child is born. */
static dmap__answer bear(server *s, dmap__birth *birth, int *pidfd) {
    int report = birth->fds[birth->n_fds], lifeline;
    pid_t pid = fork_child(s, birth, &lifeline);
    if (pid < 0)
        return (dmap__answer){.error = errno ? errno : ENOMEM};
    s->children[s->count++] = (child){pid, report, lifeline, birth->is_daemon != 0};
    birth->fds[birth->n_fds] = -1;
    *pidfd = dmap__pidfd_open(pid);
    if (*pidfd >= 0 || dmap__error_is_lack(errno))
        return (dmap__answer){.pid = (int32_t)pid};
    int reason = errno;
    kill(pid, SIGKILL);
    return (dmap__answer){.error = reason};
}

/* Returns false if the program is gone. */
static bool serve_request(server *s) {
    dmap__birth birth;
    int fds[DMAP__WIRE_FDS], n = DMAP__WIRE_FDS, pidfd = -1;
    dmap__answer answer = {.error = EPROTO};
    int taken = dmap__wire_take(s->socket, &birth, offsetof(dmap__birth, fds), fds, &n);
    if (taken == 0)
        return false;
    if (taken < 0)
        answer.error = errno;
    if (taken > 0 && birth.n_fds >= DMAP__FD_GIVEN && birth.n_fds <= DMAP__FDS_MOST && n == birth.n_fds + 1) {
        for (int i = 0; i < n; i++)
            birth.fds[i] = fds[i];
        answer = bear(s, &birth, &pidfd);
        fds[n - 1] = birth.fds[n - 1];
    }
    for (int i = 0; i < n; i++)
        dmap__close_one(&fds[i]);
    bool sent = dmap__wire_put(s->socket, &answer, sizeof answer, &pidfd, pidfd >= 0);
    dmap__close_one(&pidfd);
    return sent;
}

static child *find(server *s, pid_t pid) {
    for (size_t i = 0; i < s->count; i++)
        if (s->children[i].pid == pid)
            return &s->children[i];
    return NULL;
}

/* Reaps one child that has ended; returns false if there is none. */
static bool reap_one(server *s) {
    siginfo_t info = {0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
        return false;
    child *c = find(s, info.si_pid);
    if (c && c->is_daemon)
        kill(-info.si_pid, SIGKILL);
    waitid(P_PID, (id_t)info.si_pid, &info, WEXITED);
    if (c) {
        int code = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
        dmap__write_all(c->report, &code, sizeof code);
        dmap__close_one(&c->report);
        dmap__close_one(&c->lifeline);
        *c = s->children[--s->count];
    }
    return true;
}

static void serve_ends(server *s) {
    struct signalfd_siginfo information;
    while (read(s->ends, &information, sizeof information) > 0 || reap_one(s))
        ;
}

static size_t kill_daemons(const server *s) {
    size_t left = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (!s->children[i].is_daemon)
            continue;
        kill(-s->children[i].pid, SIGKILL);
        left++;
    }
    return left;
}

/* The program is gone: what is tied to it goes too, as far as it goes at once; the rest outlives both. */
static void say_farewell(server *s) {
    double end = dmap__clock_now() + FAREWELL_S;
    while (kill_daemons(s) && dmap__clock_now() < end) {
        dmap__readable(s->ends, end - dmap__clock_now());
        serve_ends(s);
    }
}

/* Without a pidfd the program's end is told as a child's is; else by its end of the socket alone. */
static bool has_program(const server *s) {
    return s->program >= 0 || getppid() == s->parent;
}

_Noreturn void dmap__forkserver_live(int socket, int program, pid_t parent, char **program_argv) {
    server s = {.socket = socket, .program = program, .parent = parent, .program_argv = program_argv};
    if (!prepare(&s))
        dmap__child_leave(1);
    for (bool goes_on = has_program(&s); goes_on;) {
        struct pollfd events[] = {{s.socket, POLLIN, 0}, {s.program, POLLIN, 0}, {s.ends, POLLIN, 0}};
        if (poll(events, 3, -1) < 0)
            continue;
        if (events[2].revents)
            serve_ends(&s);
        if (events[1].revents || !has_program(&s))
            goes_on = false;
        else if (events[0].revents)
            goes_on = serve_request(&s);
    }
    say_farewell(&s);
    dmap__child_leave(0);
}
