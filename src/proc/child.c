/* A child, between fork() and its function or its exec. It starts as a copy of a process that it must not disturb, so
 * it gives away, in this order, all that it has of it: its group, its tie of death, its signals, its descriptors, its
 * streams.
 *
 * Invariants: a child never returns to the code that forked it; it ends as child_end.c has it, or by exec. Until its
 * signals are the default ones all of them are blocked, so no handler of the parent runs here. The descriptors are
 * first moved above their future places, then put there, so none overwrites another.
 *
 * The tie of death: a daemon's lifeline is a pipe that hangs up when the parent dies, and then sends SIGKILL by itself,
 * to the whole group. A command has none, as it would see the descriptor; and a function may close its own. So a child
 * of the fork server has the kernel signal it too when that dies (the server is one thread, so its death is that of the
 * process; the kernel means the parent's *thread*, so this is not for a child that any thread of a program forked).
 *
 * Until it has said that it is ready a child takes no memory from malloc: if it was forked from a program with threads,
 * one of those may have been in there, and nobody would leave it. */
#include "proc/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "proc/child_copy.h"
#include "proc/child_end.h"
#include "proc/forkserver_client.h"
#include "proc/process_body.h"
#include "proc/process_live.h"
#include "proc/process_system.h"
#include "proc/shared_object.h"

/* Of a program that is compiled for coverage, if its linker was told to keep it (process.h). */
void __gcov_reset(void) __attribute__((weak));

/* Has the kernel kill this process's group when the last other end of the pipe is closed: for a parent that died before
 * this, that is when this process closes its own copy. */
static bool hold_lifeline(int lifeline) {
    return fcntl(lifeline, F_SETSIG, SIGKILL) == 0 && fcntl(lifeline, F_SETOWN, -getpid()) == 0 &&
           fcntl(lifeline, F_SETFL, O_ASYNC | O_NONBLOCK) == 0;
}

/* The parent may have died before it was watched. */
static bool watch_parent(const dmap__spawn_request *birth, pid_t parent) {
    if (!birth->is_daemon)
        return true;
    if (birth->lifeline >= 0 && !hold_lifeline(birth->lifeline))
        return false;
    return birth->is_direct || (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent);
}

static bool put(int from, int to, int flags) {
    return dup3(from, to, flags) >= 0;
}

/* Where they are when all are in place: the user's from 3 on, then body, ready, lifeline. Returns where the body is, -1
 * on failure, with errno. ready is always the one to write a trouble to. */
static int place_descriptors(const dmap__spawn_request *birth, int *ready) {
    int n = birth->n_fds - DMAP__FD_GIVEN, body = 3 + n, free_from = body + 3;
    int ours = birth->kind == DMAP__CHILD_COPY ? 0 : O_CLOEXEC;
    int users = birth->kind == DMAP__CHILD_FUNCTION ? O_CLOEXEC : 0;
    int high[DMAP__FDS_MOST], lifeline = -1;
    for (int i = 0; i < birth->n_fds; i++)
        if ((high[i] = fcntl(birth->fds[i], F_DUPFD_CLOEXEC, free_from)) < 0)
            return -1;
    *ready = high[DMAP__FD_READY];
    if (birth->lifeline >= 0 && (lifeline = fcntl(birth->lifeline, F_DUPFD_CLOEXEC, free_from)) < 0)
        return -1;
    bool done = fchdir(high[DMAP__FD_DIRECTORY]) == 0;
    for (int i = 0; i < 3; i++)
        done = done && put(high[DMAP__FD_INPUT + i], i, 0);
    for (int i = 0; i < n; i++)
        done = done && put(high[DMAP__FD_GIVEN + i], 3 + i, users);
    done = done && put(high[DMAP__FD_BODY], body, ours) && put(high[DMAP__FD_READY], body + 1, ours) &&
           (lifeline < 0 || put(lifeline, body + 2, ours));
    if (!done)
        return -1;
    *ready = body + 1;
    dmap__close_from(body + 2 + (lifeline >= 0));
    return body;
}

static _Noreturn void live_as_function(const dmap__spawn_request *birth, const dmap__process_body *body, int ready,
                                       char **program_argv) {
    prctl(PR_SET_NAME, body->name);
    dmap__child_forget_streams();
    dmap__process_live_forget();
    dmap__shared_forget();
    dmap__forkserver_forget(program_argv);
    if (__gcov_reset) /* what was counted so far the program tells */
        __gcov_reset();
    dmap__child_say_ready(ready);
    dmap__child_run(birth->run, body->argument, body->argument_size, !birth->is_direct);
}

_Noreturn void dmap__child_live(const dmap__spawn_request *birth, pid_t parent, char **program_argv) {
    int ready = birth->fds[DMAP__FD_READY];
    dmap__process_body body;
    setpgid(0, 0);
    if (!watch_parent(birth, parent))
        dmap__child_give_up(ready, DMAP__STEP_WATCH, errno);
    dmap__child_reset_signals();
    int place = place_descriptors(birth, &ready);
    if (place < 0)
        dmap__child_give_up(ready, DMAP__STEP_DESCRIPTORS, errno);
    if (!dmap__process_body_read(place, &body))
        dmap__child_give_up(ready, DMAP__STEP_BODY, errno);
    environ = body.environment;
    dmap__child_unblock_signals();
    if (birth->kind == DMAP__CHILD_COPY)
        dmap__child_copy(&body, place, ready, program_argv);
    close(place);
    if (birth->kind == DMAP__CHILD_FUNCTION)
        live_as_function(birth, &body, ready, program_argv);
    execvp(body.argv[0], body.argv);
    dmap__child_give_up(ready, DMAP__STEP_EXEC, errno);
}
