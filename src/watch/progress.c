/* The progress bar: when to draw, what rate and time to show, and how it gets onto stderr.
 *
 * Rate: results come in bursts, a chunk at a time, so the rate is taken between two moments at which the count has
 * moved, smoothed over about SMOOTH_S seconds; a pause longer than usual lets it fall. Time left is what is left at
 * that rate, and is shown only when there is one.
 *
 * Each drawing is one write(2): carriage return, text, clear to the end of the line, so lines of other writers are not
 * cut in two by it. Where there is no terminal that draws (a file, a pipe), it is a line of its own, and there are few
 * of them: one each LINE_S at the most, and later each tenth of the time that has passed. A write that fails turns the
 * bar off; no call fails because of a bar.
 *
 * It holds no lock: one thread at a time. It never touches stdout, and never reads the clock. */
#include "watch/progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "watch/progress_text.h"

#define FIRST_S   0.3
#define EVERY_S   0.1
#define LINE_S    10.0
#define SMOOTH_S  2.0
#define PATIENT_S 2.0 /* a pause is nothing unusual up to this */

static bool is_locale_utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

static bool is_drawing_terminal(void) {
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
}

/* A background process that writes to its terminal may be stopped for it. */
static bool is_in_background(void) {
    pid_t front = tcgetpgrp(STDERR_FILENO);
    return front >= 0 && front != getpgrp();
}

static int terminal_width(void) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    const char *columns = getenv("COLUMNS");
    long width = columns ? strtol(columns, NULL, 10) : 0;
    return width > 0 && width < 10000 ? (int)width : 80;
}

void dmap__progress_init(dmap__progress *p, int mode, const char *name, uint64_t total, double now_s) {
    bool draws = mode >= 0 && is_drawing_terminal();
    *p = (dmap__progress){.name = name,
                          .total = total,
                          .on = mode > 0 || draws,
                          .always = mode > 0,
                          .lines = !draws,
                          .utf8 = is_locale_utf8(),
                          .start_s = now_s,
                          .next_s = now_s + (draws ? FIRST_S : LINE_S),
                          .moved_s = now_s};
}

static void measure(dmap__progress *p, double now_s, uint64_t done) {
    double gap = now_s - p->moved_s;
    if (done <= p->done || gap <= 0)
        return;
    double share = gap / (gap + SMOOTH_S);
    p->rate_sum += share * ((double)(done - p->done) / gap - p->rate_sum);
    p->rate_weight += share * (1 - p->rate_weight);
    p->weight_sum += share * ((p->weight > p->weighed ? p->weight - p->weighed : 0) / gap - p->weight_sum);
    p->weighed = p->weight;
    p->gap_s = gap;
    p->moved_s = now_s;
    p->done = done;
}

static double recent_rate(const dmap__progress *p, double now_s) {
    double pause = now_s - p->moved_s, usual = 2 * p->gap_s > PATIENT_S ? 2 * p->gap_s : PATIENT_S;
    double rate = p->rate_weight > 0 ? p->rate_sum / p->rate_weight : 0;
    return pause > usual ? rate * usual / pause : rate;
}

static double time_left(const dmap__progress *p, double rate, uint64_t done) {
    bool known = p->total != UINT64_MAX && done < p->total && rate > 0;
    double items = known ? (double)(p->total - done) : 0;
    if (known && p->weight_total > 0 && p->weight_sum > 0 && p->rate_sum > 0) /* as many items, of what they weighed */
        items = (p->weight_total > p->weight ? p->weight_total - p->weight : 0) * p->rate_sum / p->weight_sum;
    return known ? items / rate : -1;
}

static void put(dmap__progress *p, const dmap__progress_view *view, bool last) {
    char text[DMAP__PROGRESS_ROOM], line[DMAP__PROGRESS_ROOM + 8];
    if (!p->always && is_in_background())
        return;
    dmap__progress_text(view, text);
    int n = p->lines ? snprintf(line, sizeof line, "%s\n", text)
                     : snprintf(line, sizeof line, "\r%s\x1b[K%s", text, last ? "\n" : "");
    ssize_t written;
    do {
        written = write(STDERR_FILENO, line, (size_t)n);
    } while (written < 0 && errno == EINTR);
    if (written < 0 && errno != EAGAIN)
        p->on = false;
    p->drawn = true;
}

static dmap__progress_view view_of(const dmap__progress *p, double now_s, uint64_t done, uint64_t failed) {
    return (dmap__progress_view){.name = p->name,
                                 .done = done,
                                 .failed = failed,
                                 .total = p->total,
                                 .elapsed_s = now_s - p->start_s,
                                 .eta_s = -1,
                                 .width = terminal_width(),
                                 .utf8 = p->utf8};
}

bool dmap__progress_is_on(const dmap__progress *p) {
    return p->on;
}

void dmap__progress_weigh(dmap__progress *p, double done, double total) {
    p->weight = done;
    p->weight_total = total;
}

bool dmap__progress_is_due(const dmap__progress *p, double now_s) {
    return p->on && now_s >= p->next_s;
}

void dmap__progress_update(dmap__progress *p, double now_s, uint64_t done, uint64_t failed) {
    if (!dmap__progress_is_due(p, now_s))
        return;
    double later_s = (now_s - p->start_s) / 10;
    p->next_s = now_s + (!p->lines ? EVERY_S : later_s > LINE_S ? later_s : LINE_S);
    measure(p, now_s, done);
    dmap__progress_view view = view_of(p, now_s, done, failed);
    view.rate = recent_rate(p, now_s);
    view.eta_s = time_left(p, view.rate, done);
    put(p, &view, false);
}

void dmap__progress_fini(dmap__progress *p, double now_s, uint64_t done, uint64_t failed) {
    if (p->on && (p->drawn || p->always)) {
        dmap__progress_view view = view_of(p, now_s, done, failed);
        view.rate = view.elapsed_s > 0 ? (double)done / view.elapsed_s : 0;
        put(p, &view, true);
    }
    p->on = false;
}
