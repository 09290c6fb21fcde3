/* A process that was started: looked at, waited for, ended. Its pidfd says when it has ended, whoever is its parent;
 * its exit code comes from the parent: over the report pipe from the fork server, by waiting from this process. So
 * nothing here acts on a process number that may have become another's: a signal goes by the pidfd, and to a group
 * only while its leader lives. Where the system has no pidfds, the report pipe stands for one: it is readable once the
 * server has reaped the process, and gone together with the server.
 *
 * State goes from new to started to ended, the last step by dmap__process_collect alone. */
#include "proc/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "proc/forkserver.h"
#include "proc/process_state.h"
#include "proc/process_system.h"

#define WORD_S 1.0 /* for the fork server to tell of an end, whatever the time limit: usually it does at once */

static int code_of(const siginfo_t *info) {
    return info->si_code == CLD_EXITED ? info->si_status : -info->si_status;
}

/* A direct child is reaped here; before that, while its number is its own, the rest of a daemon's group is killed. */
static bool reap(dmap_process *process) {
    siginfo_t info;
    if (process->is_daemon && dmap__pidfd_wait(process->pidfd, process->pid, &info, WEXITED | WNOWAIT) == 0)
        kill(-process->pid, SIGKILL);
    int failed;
    do
        failed = dmap__pidfd_wait(process->pidfd, process->pid, &info, WEXITED);
    while (failed && errno == EINTR);
    if (!failed)
        process->code = code_of(&info);
    return !failed;
}

static bool read_report(dmap_process *process) {
    dmap__forkserver_wait(process->report, -1);
    return dmap__read_all(process->report, &process->code, sizeof process->code);
}

void dmap__process_collect(dmap_process *process) {
    process->is_lost = !(process->is_direct ? reap(process) : read_report(process));
    dmap__close_one(&process->report);
    dmap__close_one(&process->lifeline);
    process->state = DMAP__PROCESS_ENDED;
}

static dmap_status check_started(const dmap_process *process, dmap__error *error) {
    if (process->state != DMAP__PROCESS_NEW)
        return DMAP_OK;
    return dmap__fail(error, DMAP_EINVAL, "process \"%s\" was not started", process->name);
}

static dmap_status check_known(const dmap_process *process, dmap__error *error) {
    if (!process->is_lost)
        return DMAP_OK;
    return dmap__fail(
        error, DMAP_ELOST, "process \"%s\" (%d) has ended, its exit code is lost: %s", process->name, (int)process->pid,
        process->is_direct ? "the program waits for all children, or ignores SIGCHLD" : "the fork server was killed");
}

bool dmap__process_wait(const dmap_process *process, double timeout_s) {
    return process->is_direct ? dmap__readable(process->pidfd, timeout_s)
                              : dmap__forkserver_wait(process->pidfd, timeout_s);
}

/* The process has ended: does its server say so in time? */
static bool has_report(const dmap_process *process, double timeout_s) {
    return process->is_direct || dmap__forkserver_wait(process->report, timeout_s > WORD_S ? timeout_s : WORD_S);
}

dmap_status dmap__process_join(dmap_process *process, double timeout_s, dmap__error *error) {
    dmap_status status = check_started(process, error);
    if (status != DMAP_OK)
        return status;
    if (timeout_s != timeout_s)
        return dmap__fail(error, DMAP_EINVAL, "the timeout is not a number");
    if (process->state == DMAP__PROCESS_STARTED) {
        double end = dmap__clock_now() + timeout_s;
        if (!dmap__process_wait(process, timeout_s))
            return dmap__fail(error, DMAP_ETIMEOUT, "process \"%s\" (%d) still runs", process->name, (int)process->pid);
        if (timeout_s >= 0 && !has_report(process, end - dmap__clock_now()))
            return dmap__fail(error, DMAP_ETIMEOUT, "process \"%s\" (%d) has ended, but the fork server is silent",
                              process->name, (int)process->pid);
        dmap__process_collect(process);
    }
    return check_known(process, error);
}

bool dmap__process_is_alive(const dmap_process *process) {
    return process->state == DMAP__PROCESS_STARTED && !dmap__readable(process->pidfd, 0);
}

dmap_status dmap__process_exit_code(dmap_process *process, int *code, dmap__error *error) {
    dmap_status status = check_started(process, error);
    if (status != DMAP_OK)
        return status;
    if (dmap__process_is_alive(process))
        return dmap__fail(error, DMAP_EINVAL, "process \"%s\" (%d) still runs", process->name, (int)process->pid);
    if (process->state == DMAP__PROCESS_STARTED)
        dmap__process_collect(process);
    status = check_known(process, error);
    if (status == DMAP_OK)
        *code = process->code;
    return status;
}

/* Where signals do not go by pidfd, or there is none (a pipe's end stands for it then), the number has to do: it was
 * the process's a moment ago. */
static int send_signal(const dmap_process *process, int signal) {
    if (dmap__pidfd_signal(process->pidfd, signal) == 0)
        return 0;
    return errno == EBADF || dmap__error_is_lack(errno) ? kill(process->pid, signal) : -1;
}

dmap_status dmap__process_signal(dmap_process *process, int signal, bool whole_group, dmap__error *error) {
    dmap_status status = check_started(process, error);
    if (status != DMAP_OK || !dmap__process_is_alive(process))
        return status;
    if (whole_group)
        kill(-process->pid, signal);
    if (send_signal(process, signal) == 0 || errno == ESRCH)
        return DMAP_OK;
    return dmap__fail_system(error, errno, "signal a process");
}

const char *dmap__process_name(const dmap_process *process) {
    return process->name;
}

int dmap__process_pid(const dmap_process *process) {
    return (int)process->pid;
}

int dmap__process_fd(const dmap_process *process) {
    return process->pidfd;
}
