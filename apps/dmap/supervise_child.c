/* The command gets its own process group, as every dmap_process, so what a terminal sends reaches it through this
 * program alone, once. It is killed with its group when this program ends, however that ends. What it says goes through
 * pipes: what comes of it shows that it lives. Nothing here waits for whoever reads our output: a write is tried only
 * when there is room, and who is slow to read is not taken for a command that hangs. */
#include "supervise_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <dmap/process.h>

#include "supervise_progress.h"

#define STEP_S  0.5    /* the file is looked at that often */
#define GRACE_S 10.0   /* from asking a command that hangs to end, to killing it */
enum { PIECE = 4096 }; /* a pipe that has room at all has room for that */

typedef struct stream {
    int from, to;
    bool is_full; /* there is something to relay, and no room for it */
} stream;

typedef struct running {
    supervise_try *attempt;
    dmap_process *process;
    stream streams[2];
    uint64_t stamp;
    double left_s; /* until it hangs, or has had its time to end */
    bool is_asked; /* to end, as it hangs */
    bool is_unheard;
} running;

/* ---- output ---- */

static void stream_close(stream *s) {
    if (s->from >= 0)
        close(s->from);
    s->from = -1;
}

static bool has_room(int fd) {
    struct pollfd out = {.fd = fd, .events = POLLOUT};
    return poll(&out, 1, 0) > 0;
}

/* Returns how much came. */
static ssize_t relay(running *r, stream *s) {
    char piece[PIECE];
    s->is_full = !has_room(s->to);
    if (s->is_full)
        return 0;
    ssize_t n = read(s->from, piece, sizeof piece);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        stream_close(s);
    for (ssize_t at = 0, wrote; at < n; at += wrote) {
        wrote = write(s->to, piece + at, (size_t)(n - at));
        if (wrote < 0 && errno != EINTR && errno != EAGAIN) {
            r->is_unheard = true;
            stream_close(s);
            break;
        }
        wrote = wrote < 0 ? 0 : wrote;
    }
    return n;
}

static int take_signal(int signals) {
    struct signalfd_siginfo info;
    return read(signals, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

/* What the command had said before it ended. Others may still have the pipe: they are not waited for. */
static void relay_rest(running *r, stream *s) {
    while (s->from >= 0) {
        ssize_t n = relay(r, s);
        struct pollfd fds[2] = {{.fd = s->to, .events = POLLOUT}, {.fd = r->attempt->signals, .events = POLLIN}};
        if (s->is_full && poll(fds, 2, -1) > 0 && fds[1].revents)
            r->attempt->signal = take_signal(r->attempt->signals);
        if (s->is_full ? r->attempt->signal : n <= 0)
            stream_close(s);
    }
}

/* ---- watching ---- */

/* The first one is passed on; the second ends the command at once. */
static void pass_on(running *r) {
    int number = take_signal(r->attempt->signals);
    if (!number)
        return;
    if (r->attempt->signal)
        dmap_process_kill(r->process);
    else if (dmap_process_is_alive(r->process))
        kill(dmap_process_pid(r->process), number);
    r->attempt->signal = r->attempt->signal ? r->attempt->signal : number;
}

/* Time that this program was not running itself, stopped or swapped out, is no sign that the command hangs. */
static void age(running *r, double passed_s, bool has_said) {
    uint64_t stamp = supervise_progress_stamp(r->attempt->watched);
    bool gets_on = has_said || stamp != r->stamp || r->streams[0].is_full || r->streams[1].is_full;
    r->stamp = stamp;
    r->left_s -= passed_s < 2 * STEP_S ? passed_s : 2 * STEP_S;
    if (gets_on && !r->is_asked)
        r->left_s = r->attempt->patience_s;
    if (r->left_s > 0)
        return;
    if (r->is_asked) {
        dmap_process_kill(r->process);
    } else {
        fprintf(stderr,
                "dmap supervise: nothing was said, and nothing written to %s, for %.10g s: it hangs, and is ended\n",
                r->attempt->watched, r->attempt->patience_s);
        dmap_process_terminate(r->process);
    }
    r->is_asked = true;
    r->left_s = GRACE_S < r->attempt->patience_s ? GRACE_S : r->attempt->patience_s;
}

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Returns true if the command said something. */
static bool hear(running *r) {
    struct pollfd fds[4] = {{.fd = r->attempt->signals, .events = POLLIN},
                            {.fd = dmap_process_fd(r->process), .events = POLLIN}};
    bool has_said = false;
    for (int i = 0; i < 2; i++) {
        stream *s = &r->streams[i];
        fds[2 + i] = s->is_full ? (struct pollfd){.fd = s->to, .events = POLLOUT}
                                : (struct pollfd){.fd = s->from, .events = POLLIN};
    }
    if (poll(fds, 4, (int)(STEP_S * 1e3)) <= 0)
        return false;
    if (fds[0].revents)
        pass_on(r);
    for (int i = 0; i < 2; i++)
        if (fds[2 + i].revents && r->streams[i].from >= 0)
            has_said = relay(r, &r->streams[i]) > 0 || has_said;
    return has_said;
}

static void watch(running *r) {
    double before_s = now_s();
    while (dmap_process_join(r->process, 0) == DMAP_ETIMEOUT) {
        bool has_said = hear(r);
        double at_s = now_s();
        age(r, at_s - before_s, has_said);
        before_s = at_s;
        if (r->is_unheard)
            dmap_process_kill(r->process);
    }
    for (int i = 0; i < 2; i++)
        relay_rest(r, &r->streams[i]);
}

/* ---- a try ---- */

static bool start(running *r, int output, int error) {
    dmap_process_options what = {
        .argv = (const char *const *)r->attempt->argv, .daemon = true, .output = output, .error = error};
    if (dmap_process_open(&what, &r->process) == DMAP_OK && dmap_process_start(r->process) == DMAP_OK)
        return true;
    fprintf(stderr, "dmap supervise: %s\n", dmap_error(NULL));
    return false;
}

static void judge(running *r) {
    supervise_try *t = r->attempt;
    int code;
    if (dmap_process_exit_code(r->process, &code) == DMAP_OK)
        t->status = code < 0 ? 128 - code : code;
    t->end = r->is_unheard ? SUPERVISE_UNHEARD
             : t->signal   ? SUPERVISE_STOPPED
             : r->is_asked ? SUPERVISE_HUNG
                           : SUPERVISE_ENDED;
}

void supervise_run(supervise_try *attempt) {
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    running r = {
        .attempt = attempt, .left_s = attempt->patience_s, .stamp = supervise_progress_stamp(attempt->watched)};
    attempt->end = SUPERVISE_NOT_STARTED;
    attempt->status = 1;
    attempt->signal = 0;
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
        perror("dmap supervise: a pipe");
    else if (start(&r, out[1], err[1])) {
        r.streams[0] = (stream){.from = out[0], .to = STDOUT_FILENO};
        r.streams[1] = (stream){.from = err[0], .to = STDERR_FILENO};
        fcntl(out[0], F_SETFL, O_NONBLOCK);
        fcntl(err[0], F_SETFL, O_NONBLOCK);
        close(out[1]);
        close(err[1]);
        out[0] = out[1] = err[0] = err[1] = -1;
        watch(&r);
        judge(&r);
    }
    dmap_process_close(r.process);
    int left[] = {out[0], out[1], err[0], err[1]};
    for (int i = 0; i < 4; i++)
        if (left[i] >= 0)
            close(left[i]);
}

int supervise_wait(int signals, double seconds) {
    struct pollfd fd = {.fd = signals, .events = POLLIN};
    return poll(&fd, 1, (int)(seconds * 1e3)) > 0 ? take_signal(signals) : 0;
}
