/* Starting: what the child is to hold is gathered into a birth, the fork server (or this process, for DMAP_FORK) forks,
 * and the child is waited for until it runs. Between a failure and the next try nothing of the first is left: no
 * descriptor, no child. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/forkserver.h"
#include "proc/process_live.h"
#include "proc/process_state.h"
#include "proc/process_system.h"

enum { READ_END, WRITE_END };

/* Descriptors of a start, closed when its child is forked, whatever comes; -1: none. They are many: so one start at a
 * time has any, else a crew of some hundred workers would meet the limit by starting at once. */
typedef struct parts {
    int ready[2], report[2], lifeline[2];
    int directory, nowhere;
} parts;

static void close_parts(parts *p) {
    for (int end = READ_END; end <= WRITE_END; end++) {
        dmap__close_one(&p->ready[end]);
        dmap__close_one(&p->report[end]);
        dmap__close_one(&p->lifeline[end]);
    }
    dmap__close_one(&p->directory);
    dmap__close_one(&p->nowhere);
}

static dmap_status open_parts(const dmap_process *process, parts *p, dmap__error *error) {
    *p = (parts){{-1, -1}, {-1, -1}, {-1, -1}, -1, -1};
    bool has_lifeline = process->is_direct && process->is_daemon;
    bool done = pipe2(p->ready, O_CLOEXEC) == 0 && (process->is_direct || pipe2(p->report, O_CLOEXEC) == 0) &&
                (!has_lifeline || pipe2(p->lifeline, O_CLOEXEC) == 0);
    if (done)
        p->directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (p->directory >= 0)
        p->nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    return p->nowhere >= 0 ? DMAP_OK : dmap__fail_system(error, errno, "start a process");
}

static bool is_open(int descriptor) {
    return fcntl(descriptor, F_GETFD) >= 0;
}

/* What becomes descriptor `which` (0, 1, 2) of the child; a standard stream that the program has closed is none. */
static int standard(const dmap_process *process, int which, int nowhere) {
    int wanted = process->standard[which];
    if (wanted > 0)
        return wanted;
    if (wanted == DMAP_FD_NONE || (wanted == DMAP_FD_DEFAULT && which == 0) || !is_open(which))
        return nowhere;
    return which;
}

static dmap_status fill_birth(const dmap_process *process, const parts *p, dmap__spawn_request *birth,
                              dmap__error *error) {
    memset(birth, 0, sizeof *birth);
    birth->kind = (int32_t)process->kind;
    birth->is_daemon = process->is_daemon;
    birth->is_direct = process->is_direct;
    birth->lifeline = p->lifeline[READ_END];
    birth->run = process->run;
    birth->n_fds = DMAP__FD_GIVEN + process->n_given;
    birth->fds[DMAP__FD_BODY] = process->body;
    birth->fds[DMAP__FD_READY] = p->ready[WRITE_END];
    birth->fds[DMAP__FD_DIRECTORY] = p->directory;
    for (int which = 0; which < 3; which++)
        birth->fds[DMAP__FD_INPUT + which] = standard(process, which, p->nowhere);
    for (int i = 0; i < process->n_given; i++)
        birth->fds[DMAP__FD_GIVEN + i] = process->given[i];
    for (int i = 0; i < birth->n_fds; i++)
        if (!is_open(birth->fds[i]))
            return dmap__fail(error, DMAP_EINVAL, "process \"%s\": descriptor %d is not open", process->name,
                              birth->fds[i]);
    return DMAP_OK;
}

/* A direct child has this process as its parent, and its memory of this moment. */
static dmap_status fork_here(const dmap__spawn_request *birth, pid_t *pid, int *pidfd, dmap__error *error) {
    sigset_t all, before;
    pid_t parent = getpid();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    *pid = fork();
    if (*pid == 0)
        dmap__child_live(birth, parent, dmap__forkserver_argv());
    int reason = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (*pid < 0)
        return dmap__fail_system(error, reason, "fork a process");
    setpgid(*pid, *pid);
    *pidfd = dmap__pidfd_open(*pid); /* not missed: nobody else would say when it has ended */
    if (*pidfd >= 0)
        return DMAP_OK;
    reason = errno;
    kill(*pid, SIGKILL);
    while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return dmap__fail_system(error, reason, "watch a process (pidfd_open)");
}

static dmap_status fail_trouble(const dmap_process *process, const dmap__child_trouble *trouble, dmap__error *error) {
    static const char *const steps[] = {"",
                                        "put its descriptors in place",
                                        "read what it was told",
                                        "enter the directory of the program",
                                        "run",
                                        "find its function in the fresh copy of the program",
                                        "watch its parent"};
    char reason[128] = "";
    size_t step = trouble->step > 0 && trouble->step <= DMAP__STEP_WATCH ? (size_t)trouble->step : 0;
    const char *text = trouble->number ? strerror_r(trouble->number, reason, sizeof reason) : "";
    return dmap__fail(error, trouble->number == ENOMEM ? DMAP_ENOMEM : DMAP_EIO, "process \"%s\" could not %s%s%s",
                      process->name, steps[step], *text ? ": " : "", text);
}

/* What was begun is taken back, once the child has ended. */
static void take_back(dmap_process *process) {
    dmap__process_wait(process, -1);
    dmap__process_collect(process);
    dmap__close_one(&process->pidfd);
    process->pid = -1;
    process->state = DMAP__PROCESS_NEW;
}

static dmap_status fail_late(dmap_process *process, dmap__error *error) {
    int pid = (int)process->pid;
    process->is_stillborn = true;
    dmap__process_signal(process, SIGKILL, true, error);
    take_back(process);
    return dmap__fail(error, DMAP_ETIMEOUT, "process \"%s\" (%d) did not come up within %g seconds: it was killed",
                      process->name, pid, process->start_timeout_s);
}

static dmap_status fail_dead(dmap_process *process, dmap__error *error) {
    int pid = (int)process->pid;
    process->is_stillborn = true;
    take_back(process);
    if (process->is_lost && !process->is_direct) {
        process->is_stillborn = false;
        return dmap__fail(error, DMAP_ELOST,
                          "process \"%s\" (%d) ended before its function began: the fork server was killed",
                          process->name, pid);
    }
    return dmap__fail(error, DMAP_EIO, "process \"%s\" (%d) ended before its function began: %s %d%s", process->name,
                      pid, process->code < 0 ? "killed by signal" : "exit code", abs(process->code),
                      process->kind == DMAP__CHILD_COPY && process->code == 127 ? " (the loader's: see its message)"
                                                                                : "");
}

/* The child says on ready that its function is about to run, or what kept it from that; a command says nothing, its
 * exec closes ready. */
static dmap_status wait_ready(dmap_process *process, int ready, dmap__error *error) {
    dmap__child_trouble trouble = {DMAP__STEP_NONE, 0};
    if (!dmap__readable_patiently(ready, process->start_timeout_s))
        return fail_late(process, error);
    bool said = dmap__read_all(ready, &trouble, sizeof trouble);
    if (said ? trouble.step == DMAP__STEP_NONE : process->kind == DMAP__CHILD_COMMAND)
        return DMAP_OK;
    if (!said)
        return fail_dead(process, error);
    take_back(process);
    return fail_trouble(process, &trouble, error);
}

bool dmap__process_is_stillborn(const dmap_process *process) {
    return process->is_stillborn;
}

/* Where there are no pidfds the report stands for one. */
static dmap_status watch_report(dmap_process *process, dmap__error *error) {
    process->pidfd = fcntl(process->report, F_DUPFD_CLOEXEC, 3);
    if (process->pidfd >= 0)
        return DMAP_OK;
    int reason = errno;
    kill(process->pid, SIGKILL);
    dmap__process_collect(process);
    process->state = DMAP__PROCESS_NEW;
    process->pid = -1;
    return dmap__fail_system(error, reason, "watch a process");
}

/* The process is forked: not known yet is whether it runs. */
static dmap_status bear(dmap_process *process, parts *p, dmap__error *error) {
    dmap__spawn_request birth;
    dmap_status status = open_parts(process, p, error);
    if (status == DMAP_OK)
        status = fill_birth(process, p, &birth, error);
    if (status == DMAP_OK)
        status = process->is_direct ? fork_here(&birth, &process->pid, &process->pidfd, error)
                                    : dmap__forkserver_start(&birth, p->report[WRITE_END], process->start_timeout_s,
                                                             &process->pid, &process->pidfd, error);
    if (status != DMAP_OK) {
        process->pid = -1;
        return status;
    }
    process->state = DMAP__PROCESS_STARTED;
    process->report = p->report[READ_END];
    process->lifeline = p->lifeline[WRITE_END];
    p->report[READ_END] = p->lifeline[WRITE_END] = -1;
    return process->pidfd >= 0 ? DMAP_OK : watch_report(process, error);
}

dmap_status dmap__process_start(dmap_process *process, dmap__error *error) {
    parts p;
    int ready = -1;
    if (process->state != DMAP__PROCESS_NEW)
        return dmap__fail(error, DMAP_EINVAL, "process \"%s\" (%d) was started already", process->name,
                          (int)process->pid);
    process->is_stillborn = false;
    dmap__process_live_begin_start();
    dmap_status status = bear(process, &p, error);
    if (status == DMAP_OK) {
        ready = p.ready[READ_END];
        p.ready[READ_END] = -1;
    }
    close_parts(&p);
    dmap__process_live_end_start();
    if (status == DMAP_OK)
        status = wait_ready(process, ready, error);
    dmap__close_one(&ready);
    if (status == DMAP_OK)
        dmap__close_one(&process->body);
    return status;
}
