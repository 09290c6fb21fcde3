/* Figures: what was measured of each peer in each repetition. */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stdio.h>

#include "drive.h"

enum { BENCH_MOST_REPEATS = 101, BENCH_MOST_PEERS = 40 };

/** One peer's line. Values are NAN where a repetition gave none. */
typedef struct bench_line {
    const bench_peer *peer;
    uint64_t tasks;   /* of the last point */
    uint64_t divisor; /* of tasks, as it turned out to be slow */
    double values[BENCH_MOST_REPEATS];
    bool fewer_cores;    /* METG: only the cores that work are counted */
    const char *refused; /* why there is no value: NULL if there is one */
} bench_line;

/** What is said of a point. */
typedef double bench_value(const bench_work *work, const bench_timing *timing, int cores);

typedef struct bench_figure {
    const char *name, *title, *unit;
    bench_work work;
    bench_value *value;
    const char *x_name; /* of a figure that is one of a row: what differs; NULL: alone */
    double x;
    int runs, warmups;
    bool more_is_better;
    bool hog;             /* one core is shared with another process */
    const char *only;     /* systems whose name begins so; NULL: all */
    int n_lines, repeats; /* that there are */
    bench_line lines[BENCH_MOST_PEERS];
} bench_figure;

/** Adds a line for each peer that can do the figure's shape. */
void bench_figure_init(bench_figure *figure);
/** Runs a point of a line (bench_drive_run); the line gets fewer tasks from then on if that took too long: on a loaded
 *  machine ranks that wait for each other in a spin lose a time slice a message. A command that fails is refused from
 *  then on; any other peer that does ends the bench (drive->failed). Returns false if there is no time. */
bool bench_line_run(bench_drive *drive, bench_line *line, bench_work *work, bench_timing *timing);
/** One repetition of all lines. */
void bench_figure_repeat(bench_drive *drive, bench_figure *figure, int repeat);

/** Writes a line of JSON for each line of the figure. False if memory or the disk is full. */
bool bench_figure_record(const bench_figure *figure, FILE *out);

#endif
