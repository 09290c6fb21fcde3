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
            "END\nset xlabel '%s'\nset logscale x\nset yrange [-0.5:%d.5]\nunset key\n"
            "c(name) = name eq 'black' ? 0x000000 : name eq '#c07030' ? 0xc07030 : name eq '#107040' ? 0x107040 : "
            "name eq '#7030a0' ? 0x7030a0 : 0x1050c0\n"
            "plot $dots using 2:1:3:4:(c(strcol(6))):ytic(5) with xerrorbars pt 7 ps 0.8 lw 2 lc rgb variable\n",
            first->unit, n > 0 ? n - 1 : 0);
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
    if (strcmp(first->unit, "%") == 0)
        fprintf(out, "set yrange [:105]\n");
    else
        fprintf(out, "set logscale y\n");
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
