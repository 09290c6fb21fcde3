/* The spawner: a process a worker, made by the fork server, so without MPI and small. It waits for two things: a
 * request of its worker, and the end of a child. It has one job at a time, but may have many children: it is a
 * subreaper, so what a job leaves behind becomes its child, whatever group or session it is in.
 *
 * Invariants: the job is reaped by this process alone, so as long as `job` is set its pid and group are the job's own
 * and can be signalled. Signals that batch systems and terminals send to all are not for it: a spawner that died of one
 * would take the job with it, which may have something to save. The socket hangs up when the worker closes it, or when
 * its rank dies in whatever way: then all children are killed and the spawner leaves. A command that was started has
 * PR_SET_PDEATHSIG, so it does not outlive a spawner that is killed; the worker kills the rest of its group, whose
 * number is on the shared page. */
#include "run/job/spawner_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/base/clock.h"
#include "run/job/memory_limit.h"

typedef struct spawner {
    int signals; /* readable when a child has ended, or a signal has come */
    spawner_page *page;
    spawner_exec *exec;
    char *strings;
    size_t room;
    pid_t job;
    unsigned long long job_since; /* when it was started, if it is being ended; else 0 */
    double began_s;
    int grace_ms;
    spawner_report report;
    run_memory_limit limit;
} spawner;

static bool prepare(spawner *s, const spawner_birth *birth) {
    static const int numbers[] = {SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2};
    sigset_t noted;
    sigemptyset(&noted);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaddset(&noted, numbers[i]);
    sigprocmask(SIG_BLOCK, &noted, NULL);
    fcntl(SPAWNER_PAGE, F_SETFD, FD_CLOEXEC);
    fcntl(SPAWNER_SOCKET, F_SETFD, FD_CLOEXEC);
    s->signals = signalfd(-1, &noted, SFD_CLOEXEC | SFD_NONBLOCK);
    void *page = mmap(NULL, sizeof *s->page, PROT_READ | PROT_WRITE, MAP_SHARED, SPAWNER_PAGE, 0);
    close(SPAWNER_PAGE);
    if (s->signals < 0 || page == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return false;
    s->page = page;
    if (birth->has_nice) /* what may not be has been refused */
        setpriority(PRIO_PROCESS, 0, birth->nice);
    if (!run_cpus_are_none(&birth->cpus))
        sched_setaffinity(0, sizeof birth->cpus, (const cpu_set_t *)(const void *)&birth->cpus);
    if (birth->directory[0] && chdir(birth->directory) < 0) {
        /* This node has no such directory: the one that the rank was started in serves. */
    }
    s->grace_ms = birth->grace_ms;
    s->limit.processes = -1;
    if (birth->limits_memory)
        run_memory_limit_open(&s->limit, "", getpid());
    s->exec = spawner_exec_create(birth);
    return s->exec != NULL;
}

/* Reads exactly so many bytes; returns false if the worker is gone. */
static bool read_all(void *to, size_t size) {
    for (char *next = to; size > 0;) {
        ssize_t n = recv(SPAWNER_SOCKET, next, size, MSG_WAITALL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        next += n;
        size -= (size_t)n;
    }
    return true;
}

/* fds: -1 where there is none. */
static bool read_head(spawner_request *request, int fds[3]) {
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(3 * sizeof(int))];
    } control;
    struct iovec part = {request, sizeof *request};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n;
    do
        n = recvmsg(SPAWNER_SOCKET, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return false;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    if (c && c->cmsg_type == SCM_RIGHTS)
        memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
    return read_all((char *)request + n, sizeof *request - (size_t)n);
}

static bool make_room(spawner *s, size_t bytes) {
    if (bytes <= s->room)
        return true;
    char *more = realloc(s->strings, bytes + bytes / 2);
    if (!more)
        return false;
    s->strings = more;
    s->room = bytes + bytes / 2;
    return true;
}

static bool send_report(const spawner *s) {
    return send(SPAWNER_SOCKET, &s->report, sizeof s->report, MSG_NOSIGNAL) == (ssize_t)sizeof s->report;
}

/* Returns false if the worker is gone. */
static bool start(spawner *s, const spawner_request *request, const int fds[3]) {
    if (!make_room(s, (size_t)request->bytes) || !read_all(s->strings, (size_t)request->bytes))
        return false;
    s->report = (spawner_report){.started = run_date()};
    s->began_s = run_clock();
    bool limited = run_memory_limit_set(&s->limit, request->memory);
    spawner_exec_enter(s->exec, limited ? s->limit.processes : -1);
    s->job = spawner_exec_start(s->exec, request, s->strings, fds);
    s->job_since = 0;
    if (s->job > 0) {
        s->page->job = s->job;
        if (s->page->suspended)
            kill(-s->job, SIGSTOP);
        return true;
    }
    s->report.error = errno;
    s->job = 0;
    return send_report(s);
}

/* The job has been reaped. */
static bool end(spawner *s, int status) {
    int unused;
    s->report.status = status;
    s->report.seconds = run_clock() - s->began_s;
    if (s->job_since)
        spawner_end_all(s->job_since, s->grace_ms, 0, &unused, &s->report);
    s->report.passed_memory = run_memory_limit_was_passed(&s->limit);
    s->page->job = 0;
    s->job = 0;
    return send_report(s);
}

/* From the first signal on the job is being ended: what it leaves behind is ended with it. */
static bool deliver_signal(spawner *s, int number) {
    int status;
    if (!s->job)
        return true;
    if (!s->job_since)
        s->job_since = spawner_start_of(s->job);
    kill(-s->job, number);
    if (number != SIGKILL)
        return true;
    return !spawner_end_all(s->job_since, 0, s->job, &status, &s->report) || end(s, status);
}

static bool serve(spawner *s) {
    spawner_request request;
    int fds[3] = {-1, -1, -1};
    bool go_on = read_head(&request, fds);
    if (go_on)
        go_on = request.what == SPAWNER_START ? start(s, &request, fds) : deliver_signal(s, request.signal);
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return go_on;
}

/* What the job left behind, and did not wait for, ends while it runs. It is one of an earlier job if it was started
 * before this one. */
static bool is_of_job(const spawner *s, pid_t pid) {
    if (!s->job || pid == s->job)
        return s->job;
    unsigned long long since = spawner_start_of(s->job);
    return since && spawner_start_of(pid) >= since;
}

/* Takes the signals that are there. What is sent to all processes comes here, too. Returns false if they cannot be
 * read. */
static bool note_signals(spawner *s) {
    struct signalfd_siginfo infos[8];
    ssize_t n = read(s->signals, infos, sizeof infos);
    for (ssize_t i = 0; i < n / (ssize_t)sizeof infos[0]; i++) {
        int number = (int)infos[i].ssi_signo;
        if (s->job && (number == SIGHUP || number == SIGINT || number == SIGTERM))
            s->report.told = number;
    }
    return n >= 0 || errno == EAGAIN;
}

static bool reap(spawner *s) {
    siginfo_t next = {0};
    struct rusage usage;
    int status;
    if (!note_signals(s))
        return false;
    while (waitid(P_ALL, 0, &next, WEXITED | WNOHANG | WNOWAIT) == 0 && next.si_pid > 0) {
        bool counts = is_of_job(s, next.si_pid);
        if (wait4(next.si_pid, &status, WNOHANG, &usage) > 0 && counts)
            spawner_count(&s->report, &usage);
        if (next.si_pid == s->job && !end(s, status))
            return false;
        next.si_pid = 0;
    }
    return true;
}

int run_spawner_live(void *argument, size_t size) {
    spawner s = {0};
    int status;
    if (size <= sizeof(spawner_birth) || !prepare(&s, argument))
        return 1;
    struct pollfd wait[2] = {{.fd = SPAWNER_SOCKET, .events = POLLIN}, {.fd = s.signals, .events = POLLIN}};
    bool go_on = true;
    while (go_on) {
        if (poll(wait, 2, -1) < 0 && errno != EINTR)
            break;
        if (wait[1].revents)
            go_on = reap(&s);
        if (go_on && wait[0].revents)
            go_on = serve(&s);
    }
    if (s.job)
        kill(-s.job, SIGKILL);
    spawner_end_all(0, 0, s.job, &status, &s.report);
    run_memory_limit_close(&s.limit);
    return 0;
}
