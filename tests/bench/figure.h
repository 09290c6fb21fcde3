/* Figures: what was measured of each peer in each repetition, and what is said about it. */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stdio.h>

#include "drive.h"

enum { BENCH_MOST_REPEATS = 101, BENCH_MOST_PEERS = 16 };

/** One peer's line. Values are NAN where a repetition gave none. */
typedef struct bench_line {
    const bench_peer *peer;
    uint64_t tasks;   /* of the last point */
    uint64_t divisor; /* of tasks, as it turned out to be slow */
    double values[BENCH_MOST_REPEATS];
    bool fewer_cores;    /* METG: only the cores that work are counted */
    const char *refused; /* why there is no value: NULL if there is one */
} bench_line;

typedef struct bench_figure {
    const char *name, *unit;
    bench_shape shape;
    bool more_is_better;
    const char *only; /* systems whose name begins so; NULL: all */
    int n_lines, repeats;
    bench_line lines[BENCH_MOST_PEERS];
} bench_figure;

typedef struct bench_spread {
    int n; /* values that are there */
    double median, least, most;
} bench_spread;

bench_spread bench_spread_of(const double *values, int n);
/** The spread of this line's value by that of dmap's line of the same place, repetition by repetition: above 1, dmap
 *  is better. n is 0 if there is none. */
bench_spread bench_figure_ratio(const bench_figure *figure, const bench_line *line);

/** Adds a line for each peer that can do the figure's shape. */
void bench_figure_init(bench_figure *figure);
/** Runs a point of a line (bench_drive_run); a manager with its workers gets fewer tasks if points of the line took too
 *  long: on a loaded machine ranks that wait for each other in a spin lose a time slice a message. */
double bench_line_run(bench_drive *drive, bench_line *line, bench_work *work);
/** Null items a second: one repetition of all lines. */
void bench_null_repeat(bench_drive *drive, bench_figure *figure, int repeat, uint64_t tasks);

void bench_figure_print(const bench_figure *figure, FILE *out);
void bench_figure_json(const bench_figure *figure, FILE *out);

#endif
