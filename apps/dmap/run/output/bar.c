/* The bar is wiped before jobs' output is written and drawn again at the next look, so both keep to their lines;
 * whoever draws it sees to it that it has a line of its own. */
#include "run/output/bar.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "run/base/clock.h"

#define BAR_EVERY_S  0.1
#define LINE_EVERY_S 10.0 /* at first; later every tenth of the time that it has taken, */
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

/* From 10,000 on three digits and a unit, cut off, as `of` is written: the count itself, or its total. */
static void write_count(uint64_t count, uint64_t of, char *text, size_t size) {
    static const char units[] = "kMGTPE";
    uint64_t unit = 1000;
    int u = 0;
    for (; u < 5 && of / unit >= 1000; u++)
        unit *= 1000;
    unsigned long long whole = count / unit;
    int rest = (int)(count % unit / (unit / 100));
    if (of < 10000)
        snprintf(text, size, "%llu", (unsigned long long)count);
    else if (of / unit < 10)
        snprintf(text, size, "%llu.%02d%c", whole, rest, units[u]);
    else if (of / unit < 100)
        snprintf(text, size, "%llu.%d%c", whole, rest / 10, units[u]);
    else
        snprintf(text, size, "%llu%c", whole, units[u]);
}

static void write_rate(double rate, char *text, size_t size) {
    bool slow = rate < 0.1;
    double shown = slow ? rate * 60 : rate;
    snprintf(text, size, "  %.*f/%s", shown < 9.995 ? 2 : shown < 99.95 ? 1 : 0, shown, slow ? "min" : "s");
}

static void write_time(double seconds, char *text, size_t size) {
    unsigned long long s = seconds < 0 ? 0 : (unsigned long long)seconds;
    if (s < 3600)
        snprintf(text, size, "%llu:%02llu", s / 60, s % 60);
    else if (s < 360000)
        snprintf(text, size, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, size, "%llud%02lluh", s / 86400, s / 3600 % 24);
}

/* What follows the bar, its parts two columns apart: percentage, count, failures, rate, time. */
static void write_numbers(const run_bar_counts *c, char *text, size_t size) {
    bool known = c->total != UINT64_MAX;
    double rate = c->seconds > 0 ? (double)(c->ended - c->resumed) / c->seconds : 0;
    bool has_eta = known && rate > 0 && c->total > c->ended;
    char percent[16] = "", done[32], of[40] = "", failed[48] = "", speed[32] = "", time[32];
    write_count(c->ended, known ? c->total : c->ended, done, sizeof done);
    if (known) {
        snprintf(percent, sizeof percent, "%3d%%  ", c->total ? (int)(100 * (double)c->ended / (double)c->total) : 100);
        of[0] = '/';
        write_count(c->total, c->total, of + 1, sizeof of - 1);
    }
    if (c->failed)
        snprintf(failed, sizeof failed, "  %llu failed", (unsigned long long)c->failed);
    if (rate > 0)
        write_rate(rate, speed, sizeof speed);
    write_time(has_eta ? (double)(c->total - c->ended) / rate : c->seconds, time, sizeof time);
    snprintf(text, size, "%s%s%s%s%s  %s%s", percent, done, of, failed, speed, has_eta ? "ETA " : "", time);
}

void run_bar_text(const run_bar_counts *c, int columns, char *text, size_t size) {
    char numbers[240], bar[64];
    int width = 0;
    write_numbers(c, numbers, sizeof numbers);
    int left = columns - (int)strlen(numbers) - 4;
    if (c->total != UINT64_MAX && left >= 8)
        width = left < 38 ? left : 38;
    if (width == 0) {
        snprintf(text, size, "%.*s", columns > 0 ? columns : 0, numbers);
        return;
    }
    int full = c->total ? (int)((double)c->ended / (double)c->total * width) : width;
    for (int i = 0; i < width; i++)
        bar[i] = "# "[i >= full];
    bar[width] = '\0';
    snprintf(text, size, "[%s]  %s", bar, numbers);
}

static int columns_of_terminal(void) {
    struct winsize window;
    return ioctl(2, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 ? window.ws_col - 1 : 79;
}

static void draw(run_bar *bar, const run_bar_counts *counts, bool last) {
    char text[400];
    bool is_bar = bar->kind == RUN_PROGRESS_BAR;
    run_bar_text(counts, is_bar ? columns_of_terminal() : 79, text, sizeof text);
    fprintf(stderr, is_bar ? "\r%s\033[K%s" : "%s%s", text, last || !is_bar ? "\n" : "");
    fflush(stderr);
    bar->is_shown = is_bar && !last;
}

double run_bar_every(const run_bar *bar, const run_bar_counts *counts) {
    if (bar->kind == RUN_PROGRESS_BAR)
        return BAR_EVERY_S;
    double tenth = counts->seconds / 10;
    return tenth < LINE_EVERY_S ? LINE_EVERY_S : tenth < LINE_MOST_S ? tenth : LINE_MOST_S;
}

void run_bar_draw(run_bar *bar, const run_bar_counts *counts) {
    if (bar->drawn_s <= 0)
        bar->drawn_s = run_clock() - (bar->kind == RUN_PROGRESS_BAR ? BAR_EVERY_S : 0);
    if (bar->kind == RUN_PROGRESS_NONE || run_clock() - bar->drawn_s < run_bar_every(bar, counts))
        return;
    bar->drawn_s = run_clock();
    bar->was_drawn = true;
    draw(bar, counts, false);
}

void run_bar_hide(run_bar *bar) {
    if (!bar->is_shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    bar->is_shown = false;
}

void run_bar_end(run_bar *bar, const run_bar_counts *counts) {
    if (bar->kind == RUN_PROGRESS_LINES || (bar->kind == RUN_PROGRESS_BAR && bar->was_drawn))
        draw(bar, counts, true);
}
