/* Plots by gnuplot, one a figure: over x as lines, else a dot a system with its spread, dmap's in another colour. The
 * data are in the script itself, which gnuplot reads from a pipe. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

enum { MOST_LINES = 32 };

static const char *colour_of(const report_row *row) {
    if (strcmp(row->role, "limit") == 0)
        return "black";
    if (strncmp(row->system, "dmap", 4) != 0)
        return "#c07030";
    return strcmp(row->where, "ranks") == 0 ? "#107040" : strcmp(row->where, "processes") == 0 ? "#7030a0" : "#1050c0";
}

static bool is_drawn(const report_row *row) {
    return row->spread.n > 0;
}

/* gnuplot's text is enhanced: "_" and "%" would mean something. */
static void begin_plot(FILE *out, const report_row *row, const char *folder, int height) {
    fprintf(out,
            "reset\nset terminal svg size 900,%d font 'sans,13' background 'white' noenhanced\n"
            "set output '%s/%s.svg'\nset title \"%s\"\nset grid\n",
            height, folder, row->figure, row->title);
}

/* Percentages that matter lie close together near their end: on a linear axis that is cut where the data are, and with
 * the figures beside the points. All else spans decades. */
static bool is_percent(const report_row *row) {
    return strcmp(row->unit, "%") == 0;
}

typedef struct span {
    double low, high;
} span;

static span span_of(const report *r, const report_row *first) {
    span s = {INFINITY, -INFINITY};
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->rows[i].figure, first->figure) == 0 && is_drawn(&r->rows[i])) {
            s.low = fmin(s.low, r->rows[i].spread.least);
            s.high = fmax(s.high, r->rows[i].spread.most);
        }
    return s;
}

static void set_axis(FILE *out, char axis, const report *r, const report_row *first) {
    if (!is_percent(first)) {
        fprintf(out, "set logscale %c\n", axis);
        return;
    }
    span s = span_of(r, first);
    double gap = fmax(0.08 * (s.high - s.low), 0.5);
    fprintf(out, "set %crange [%.9g:%.9g]\n", axis, s.low > gap ? s.low - gap : 0, s.high + gap);
}

/* ---- dots ---- */

static void plot_dots(const report *r, const report_row *first, const char *folder, FILE *out) {
    int n = 0;
    begin_plot(out, first, folder, 480);
    fprintf(out, "$dots << END\n");
    for (int i = r->n - 1; i >= 0; i--) { /* the first at the top */
        const report_row *row = &r->rows[i];
        if (report_is_same(row, first) && is_drawn(row))
            fprintf(out, "%d %.9g %.9g %.9g \"%s (%s)\" \"%s\"\n", n++, row->spread.median, row->spread.least,
                    row->spread.most, row->system, row->where, colour_of(row));
    }
    fprintf(out,
            "END\nset xlabel '%s'\nset yrange [-0.5:%d.5]\nunset key\n"
            "c(name) = name eq 'black' ? 0x000000 : name eq '#c07030' ? 0xc07030 : name eq '#107040' ? 0x107040 : "
            "name eq '#7030a0' ? 0x7030a0 : 0x1050c0\n",
            first->unit, n > 0 ? n - 1 : 0);
    set_axis(out, 'x', r, first);
    fprintf(out, "plot $dots using 2:1:3:4:(c(strcol(6))):ytic(5) with xerrorbars pt 7 ps 0.8 lw 2 lc rgb variable");
    if (is_percent(first))
        fprintf(out, ", $dots using 2:1:(sprintf('%%.4g', $2)) with labels offset 0,0.8 font ',10'");
    fputc('\n', out);
}

/* ---- lines ---- */

static bool is_line(const report_row *a, const report_row *b) {
    return strcmp(a->figure, b->figure) == 0 && strcmp(a->where, b->where) == 0 && strcmp(a->system, b->system) == 0;
}

/* The first row of each system of the figure. */
static int list_lines(const report *r, const report_row *first, const report_row **lines) {
    int n = 0;
    for (int i = 0; i < r->n && n < MOST_LINES; i++) {
        const report_row *row = &r->rows[i];
        bool known = strcmp(row->figure, first->figure) != 0 || !is_drawn(row);
        for (int j = 0; j < n; j++)
            known = known || is_line(lines[j], row);
        if (!known)
            lines[n++] = row;
    }
    return n;
}

typedef struct label {
    const report_row *row;
    double at; /* by the axis */
} label;

static int highest_first(const void *a, const void *b) {
    double x = ((const label *)a)->at, y = ((const label *)b)->at;
    return (x < y) - (x > y);
}

/* Figures beside the points over one x: none over another, so that some stand below their points. */
static void label_points(const report *r, const report_row *at, FILE *out) {
    label labels[MOST_LINES];
    span s = span_of(r, at);
    double step = 0.048 * (s.high - s.low);
    int n = 0;
    for (int i = 0; i < r->n && n < MOST_LINES; i++)
        if (report_is_same(&r->rows[i], at) && is_drawn(&r->rows[i]))
            labels[n++] = (label){&r->rows[i], r->rows[i].spread.median};
    qsort(labels, (size_t)n, sizeof *labels, highest_first);
    for (int i = 1; i < n; i++)
        labels[i].at = fmin(labels[i].at, labels[i - 1].at - step);
    for (int i = 0; i < n; i++)
        fprintf(out, "set label '%.4g' at %.9g,%.9g left offset 0.8,0 font ',9' textcolor rgb '%s'\n",
                labels[i].row->spread.median, at->x, labels[i].at, colour_of(labels[i].row));
}

static void label_lines(const report *r, const report_row *first, FILE *out) {
    for (int i = 0; i < r->n; i++) {
        bool is_first = strcmp(r->rows[i].figure, first->figure) == 0;
        for (int j = 0; is_first && j < i; j++)
            is_first = !report_is_same(&r->rows[j], &r->rows[i]);
        if (is_first)
            label_points(r, &r->rows[i], out);
    }
}

static void plot_lines(const report *r, const report_row *first, const char *folder, FILE *out) {
    const report_row *lines[MOST_LINES];
    int n = list_lines(r, first, lines);
    begin_plot(out, first, folder, 520);
    for (int j = 0; j < n; j++) {
        fprintf(out, "$line%d << END\n", j);
        for (int i = 0; i < r->n; i++)
            if (is_line(&r->rows[i], lines[j]) && is_drawn(&r->rows[i]))
                fprintf(out, "%.9g %.9g %.9g %.9g\n", r->rows[i].x, r->rows[i].spread.median, r->rows[i].spread.least,
                        r->rows[i].spread.most);
        fprintf(out, "END\n");
    }
    fprintf(out, "set xlabel '%s'\nset ylabel '%s'\nset logscale x\nset xrange [*:*] noextend\nset key below\n",
            first->x_name, first->unit);
    set_axis(out, 'y', r, first);
    if (is_percent(first)) {
        fprintf(out, "set rmargin 9\n");
        label_lines(r, first, out);
    }
    for (int j = 0; j < n; j++)
        fprintf(out, "%s $line%d using 1:2:3:4 with yerrorlines pt %d ps 0.7 lw %d dt %d lc rgb '%s' title \"%s (%s)\"",
                j ? "," : "plot", j, 1 + j % 13, strncmp(lines[j]->system, "dmap", 4) ? 1 : 2,
                strcmp(lines[j]->role, "limit") ? 1 : 2, colour_of(lines[j]), lines[j]->system, lines[j]->where);
    fputc('\n', out);
}

/* Lines want at least two points. */
static bool is_series(const report *r, const report_row *first) {
    bool is = false;
    for (int i = 0; i < r->n; i++)
        is = is || (strcmp(r->rows[i].figure, first->figure) == 0 && !report_is_same(&r->rows[i], first));
    return is;
}

bool report_plot(const report *r, const char *folder) {
    if (system("command -v gnuplot >/dev/null 2>&1") != 0) {
        fputs("bench_report: gnuplot is not installed: no plots\n", stderr);
        return true;
    }
    FILE *out = popen("gnuplot", "w");
    for (int i = 0; out && i < r->n; i++) {
        const report_row *row = &r->rows[i];
        const report_row *lines[MOST_LINES];
        bool is_first = i == 0 || strcmp(row->figure, r->rows[i - 1].figure) != 0;
        if (is_first && list_lines(r, row, lines) > 0)
            (is_series(r, row) ? plot_lines : plot_dots)(r, row, folder, out);
    }
    if (out && pclose(out) == 0)
        return true;
    fputs("bench_report: gnuplot failed\n", stderr);
    return false;
}
