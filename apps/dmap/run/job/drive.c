/* One thread waits for all that can happen to one job: output, room for input, the report of its end, the time being
 * over, the run being stopped.
 *
 * A spawner that dies takes the job with it: the job is begun again, once, with a new spawner, unless something of it
 * has been sent to the master already; then, or the second time, its end is reported as lost. */
#include "run/job/drive.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/base/clock.h"
#include "run/command/no_shell.h"
#include "run/control/signals.h"
#include "run/job/limit.h"
#include "run/job/youngest.h"

enum {
    SMALL_INPUT = 64 * 1024, /* fits into a pipe as it is made */
    BIG_PIPE = 1024 * 1024,
    ADMISSION_MS = 50 /* how often a worker that may not start a job looks again */
};

static const double BETWEEN_S = 0.1; /* starts, if they depend on what runs */

typedef struct drive {
    run_worker *worker;
    dmap_context *ctx;
    const run_item *item;
    run_limit limit;
    run_running running;
    int feed; /* where the job's input is written; -1: closed */
    size_t fed;
    double begun_s, begun_date; /* here; what the spawner says is nearer, but a spawner that dies says nothing */
    spawner_report report;
} drive;

static void close_one(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Writes as much as there is room for. A job that has closed its input wants no more: that is no error. */
static void feed(drive *d) {
    size_t left = d->item->input_size - d->fed;
    ssize_t n = left > 0 ? write(d->feed, (const char *)d->item->input + d->fed, left) : 0;
    if (n > 0)
        d->fed += (size_t)n;
    if (d->fed == d->item->input_size || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_one(&d->feed);
}

static bool open_feed(drive *d, int *theirs) {
    int ends[2];
    *theirs = d->feed = -1;
    d->fed = 0;
    if (!d->item->has_input)
        return true;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    *theirs = ends[0];
    d->feed = ends[1];
    fcntl(d->feed, F_SETFL, O_NONBLOCK);
    if (d->item->input_size > SMALL_INPUT)
        fcntl(d->feed, F_SETPIPE_SZ, BIG_PIPE); /* fewer turns, where the system allows it */
    feed(d);
    return true;
}

/* But for its own limit; RUN_ENDED: none. */
static run_end reason_to_end(const drive *d) {
    if (dmap_cancelled(d->ctx) || d->worker->capture.failed)
        return RUN_CANCELLED;
    bool is_being_ended = d->limit.end != RUN_ENDED;
    return !is_being_ended && run_running_gives_way(&d->running, &d->worker->rule, "/proc") ? RUN_GAVE_WAY : RUN_ENDED;
}

/* Takes all that is there now. Returns 1 when the job has ended, 0 when not yet, -1 when the spawner is lost. */
static int wait_once(drive *d) {
    run_capture *capture = &d->worker->capture;
    struct pollfd on[4] = {{.fd = run_spawner_fd(d->worker->spawner), .events = POLLIN},
                           {.fd = capture->streams[0].fd, .events = POLLIN},
                           {.fd = capture->streams[1].fd, .events = POLLIN},
                           {.fd = d->feed, .events = POLLOUT}};
    int signal = run_limit_step(&d->limit, reason_to_end(d));
    if (signal && !run_spawner_signal(d->worker->spawner, signal))
        return -1;
    if (poll(on, 4, run_limit_wait_ms(&d->limit)) <= 0)
        return 0;
    for (int i = 0; i < 2; i++)
        if (on[1 + i].revents)
            run_capture_read(capture, i);
    if (on[3].revents)
        feed(d);
    if (!on[0].revents)
        return 0;
    return run_spawner_take(d->worker->spawner, &d->report) ? 1 : -1;
}

/* Says what is run, as -v and -t have it. */
static void say_command(drive *d) {
    run_text line = {0};
    if (!d->worker->shows && !d->worker->announces)
        return;
    run_text_add_string(&line, d->worker->command.data + d->item->prefix_size);
    run_text_add(&line, "\n", 1);
    if (d->worker->shows && !line.broken)
        run_capture_add(&d->worker->capture, line.data, line.size);
    if (d->worker->announces && !line.broken)
        fwrite(line.data, 1, line.size, stderr);
    run_text_free(&line);
}

/* Gives the command to the spawner. Returns false with errno. */
static bool start(drive *d) {
    int input;
    const char *command = d->worker->command.data;
    run_capture *capture = &d->worker->capture;
    if (!run_capture_begin(capture, d->ctx))
        return false;
    say_command(d);
    bool good = open_feed(d, &input);
    int reason = errno;
    run_start what = {.seq = d->item->seq,
                      .variables = d->worker->share.variables.data,
                      .variables_size = d->worker->share.variables.size,
                      .memory = d->item->needs.memory,
                      .n_variables = d->worker->share.n_variables,
                      .command = command,
                      .input = input,
                      .output = capture->streams[0].theirs,
                      .error = capture->streams[1].theirs};
    if (good && d->worker->may_skip_shell && run_needs_no_shell(command))
        what.args = run_command_split(command);
    /* A request that could not be sent is noticed as the spawner's hang-up. */
    if (good && !run_spawner_start(d->worker->spawner, &what))
        d->report.error = ECONNRESET;
    free((void *)what.args);
    close_one(&input);
    errno = reason;
    return good;
}

/* 1: it has ended, 0: it could not be started, with errno, -1: the spawner is lost. */
static int run_once(drive *d) {
    int state = 0;
    memset(&d->report, 0, sizeof d->report);
    d->begun_s = run_clock();
    d->begun_date = run_date();
    run_limit_begin(&d->limit, d->item, &d->worker->ending);
    if (!start(d)) {
        run_capture_end(&d->worker->capture);
        return 0;
    }
    if (d->report.error)
        state = -1;
    run_running_enter(&d->running);
    while (state == 0)
        state = wait_once(d);
    run_running_leave(&d->running);
    run_capture_end(&d->worker->capture);
    close_one(&d->feed);
    return state;
}

static bool renew_spawner(drive *d, char *error, size_t size) {
    run_spawner_close(d->worker->spawner);
    d->worker->spawner = run_spawner_open(&d->worker->birth, d->worker->exported, error, size);
    return d->worker->spawner != NULL;
}

static void describe(const drive *d, int state, run_result *result) {
    const run_capture *capture = &d->worker->capture;
    int status = d->report.status;
    *result = (run_result){.end = d->limit.end,
                           .slot = d->worker->birth.slot,
                           .started = d->report.started,
                           .seconds = d->report.seconds,
                           .user_s = d->report.user_s,
                           .system_s = d->report.system_s,
                           .peak_kib = d->report.peak_kib,
                           .passed_memory = d->report.passed_memory != 0,
                           .sent = d->fed,
                           .received = capture->received};
    if (state < 0) {
        result->end = RUN_LOST;
        result->signal = SIGKILL;
        result->started = d->begun_date;
        result->seconds = run_clock() - d->begun_s;
    } else if (d->report.error) {
        result->end = RUN_NOT_STARTED;
        result->exit_code = d->report.error;
    } else if (WIFSIGNALED(status)) {
        result->signal = WTERMSIG(status);
    } else {
        result->exit_code = WEXITSTATUS(status);
    }
    result->told = d->report.told ? d->report.told : run_signals_stop();
    for (int i = 0; i < 2; i++) {
        result->output[i] = capture->streams[i].data + 1;
        result->size[i] = capture->streams[i].size;
    }
    if (result->end == RUN_ENDED)
        run_limit_note(d->item, result->seconds);
}

/* Waits until the node may start one more; of a rank's workers one at a time is let in, and the next one when what it
 * has begun can be seen. Returns false if the run has been stopped. */
static bool wait_for_admission(run_worker *worker, dmap_context *ctx) {
    static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
    static double last_s;
    bool may = !run_admission_is_asked(&worker->rule);
    while (!may && !dmap_cancelled(ctx)) {
        pthread_mutex_lock(&door);
        double now = run_clock();
        may = (last_s <= 0 || now - last_s >= BETWEEN_S) &&
              run_admission_look(&worker->admission, &worker->rule, "/proc");
        if (may)
            last_s = now;
        pthread_mutex_unlock(&door);
        if (!may)
            poll(NULL, 0, ADMISSION_MS);
    }
    return may;
}

int run_drive(run_worker *worker, dmap_context *ctx, const run_item *item, run_result *result) {
    char error[300] = "";
    drive d = {.worker = worker, .ctx = ctx, .item = item, .feed = -1};
    int state = -1;
    if (!wait_for_admission(worker, ctx)) {
        *result = (run_result){.end = RUN_CANCELLED, .slot = worker->birth.slot};
        return 0;
    }
    for (int go = 0; go < 2 && state < 0; go++) {
        if (go > 0 && (worker->capture.sent_ahead || dmap_cancelled(ctx)))
            break;
        if (!worker->spawner && !renew_spawner(&d, error, sizeof error))
            return dmap_fail(ctx, 1, "cannot start commands: %s", error);
        state = run_once(&d);
        if (state < 0 && !renew_spawner(&d, error, sizeof error))
            return dmap_fail(ctx, 1, "cannot start commands: %s", error);
    }
    if (state == 0)
        return dmap_fail(ctx, 1, "cannot make a pipe: %s", strerror(errno));
    describe(&d, state, result);
    return 0;
}
