/* The bar is wiped before jobs' output is written and drawn again at the next look, so both keep to their lines;
 * whoever draws it sees to it that it has a line of its own. */
#include "run/output/bar.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "run/base/clock.h"

#define BAR_EVERY_S  0.1
#define LINE_EVERY_S 1.0  /* at first; later every tenth of the time that it has taken, */
#define LINE_MOST_S  60.0 /* but each minute */

void run_bar_init(run_bar *bar, run_progress wanted) {
    *bar = (run_bar){.kind = wanted};
    if (wanted == RUN_PROGRESS_AUTO)
        bar->kind = isatty(2) ? RUN_PROGRESS_BAR : RUN_PROGRESS_NONE;
    else if (wanted == RUN_PROGRESS_BAR && !isatty(2))
        bar->kind = RUN_PROGRESS_LINES;
}

void run_bar_toggle(run_bar *bar) {
    run_bar_hide(bar);
    if (bar->kind != RUN_PROGRESS_NONE)
        bar->kind = RUN_PROGRESS_NONE;
    else
        bar->kind = isatty(2) ? RUN_PROGRESS_BAR : RUN_PROGRESS_LINES;
    bar->drawn_s = 0;
}

static void write_duration(double seconds, char *text, size_t size) {
    unsigned long long s = seconds < 0 ? 0 : (unsigned long long)(seconds + 0.5);
    if (s >= 86400)
        snprintf(text, size, "%llud%02lluh", s / 86400, s / 3600 % 24);
    else if (s >= 3600)
        snprintf(text, size, "%lluh%02llum", s / 3600, s / 60 % 60);
    else
        snprintf(text, size, "%llu:%02llu", s / 60, s % 60);
}

static void write_numbers(const run_bar_counts *c, char *text, size_t size) {
    uint64_t here = c->ended - c->resumed;
    double rate = c->seconds > 0 ? (double)here / c->seconds : 0;
    char of[32] = "", failed[40] = "", eta[48] = "", time[24];
    if (c->total != UINT64_MAX)
        snprintf(of, sizeof of, "/%llu", (unsigned long long)c->total);
    if (c->failed)
        snprintf(failed, sizeof failed, ", %llu failed", (unsigned long long)c->failed);
    if (c->total != UINT64_MAX && rate > 0 && c->total > c->ended) {
        write_duration((double)(c->total - c->ended) / rate, time, sizeof time);
        snprintf(eta, sizeof eta, ", ETA %s", time);
    }
    snprintf(text, size, "%llu%s done%s, %.*f/s%s", (unsigned long long)c->ended, of, failed, rate < 10 ? 1 : 0, rate,
             eta);
}

void run_bar_text(const run_bar_counts *c, int columns, char *text, size_t size) {
    char numbers[200], bar[64];
    int width = 0;
    write_numbers(c, numbers, sizeof numbers);
    int left = columns - (int)strlen(numbers) - 8;
    if (c->total != UINT64_MAX && c->total > 0 && left >= 10)
        width = left < 40 ? left : 40;
    if (width == 0) {
        snprintf(text, size, "%.*s", columns > 0 ? columns : 0, numbers);
        return;
    }
    double part = (double)c->ended / (double)c->total;
    int full = (int)(part * width);
    for (int i = 0; i < width; i++)
        bar[i] = "# "[i >= full];
    bar[width] = '\0';
    snprintf(text, size, "%3d%% [%s] %s", (int)(part * 100), bar, numbers);
}

static int columns_of_terminal(void) {
    struct winsize window;
    return ioctl(2, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 ? window.ws_col - 1 : 79;
}

double run_bar_every(const run_bar *bar, const run_bar_counts *counts) {
    if (bar->kind == RUN_PROGRESS_BAR)
        return BAR_EVERY_S;
    double tenth = counts->seconds / 10;
    return tenth < LINE_EVERY_S ? LINE_EVERY_S : tenth < LINE_MOST_S ? tenth : LINE_MOST_S;
}

void run_bar_draw(run_bar *bar, const run_bar_counts *counts) {
    char text[400];
    bool is_bar = bar->kind == RUN_PROGRESS_BAR;
    if (bar->kind == RUN_PROGRESS_NONE || run_clock() - bar->drawn_s < run_bar_every(bar, counts))
        return;
    bar->drawn_s = run_clock();
    run_bar_text(counts, is_bar ? columns_of_terminal() : 300, text, sizeof text);
    fprintf(stderr, is_bar ? "\r%s\033[K" : "%s\n", text);
    fflush(stderr);
    bar->is_shown = is_bar;
}

void run_bar_hide(run_bar *bar) {
    if (!bar->is_shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    bar->is_shown = false;
}

void run_bar_end(run_bar *bar, const run_bar_counts *counts) {
    run_bar_hide(bar);
    bar->drawn_s = 0;
    if (bar->kind == RUN_PROGRESS_LINES)
        run_bar_draw(bar, counts);
}
