/* METG. A line without a point above 50%, or without one below, is refused, with the reason in its place. */
#include "metg.h"

#include <math.h>

#include "peers.h"

enum {
    POINTS = 6,          /* of a line, in a repetition */
    FIRST_LEVEL = 5,     /* of the search for the crossing */
    COARSEST_LEVEL = 15, /* 100 us and more a task */
    FINEST_LEVEL = -1,   /* no iteration */
    PEAK_ITERATIONS = 8192
};

#define PEAK_S 4e-3 /* work in a measurement of the peak, about, on each core */

typedef struct point {
    double granularity_s, efficiency;
} point;

static uint64_t iterations(int level) {
    return level < 0 ? 0 : UINT64_C(1) << level;
}

static double measure_peak(bench_drive *drive, double at_least) {
    double tasks = PEAK_S / (PEAK_ITERATIONS * 4e-9);
    bench_work work = {
        .shape = BENCH_RANGE, .tasks = (uint64_t)tasks * (uint64_t)drive->cores, .iterations = PEAK_ITERATIONS};
    bench_timing timing;
    if (!bench_drive_run(drive, &bench_bare_loop, &work, &timing)) {
        drive->failed = true;
        return at_least;
    }
    return fmax(at_least, bench_flops(&work) / timing.best);
}

/* With half of the cores idle by nature, 50% is out of reach: then those that work are counted, and the line says
 * so. */
static int counted_cores(const bench_drive *drive, const bench_line *line) {
    return line->fewer_cores ? drive->cores - line->peer->idle_cores : drive->cores;
}

static point measure(bench_drive *drive, const bench_metg *metg, bench_line *line, int level, double peak) {
    double cores = counted_cores(drive, line);
    bench_work work = metg->figure.work;
    bench_timing timing;
    work.iterations = iterations(level);
    if (!bench_line_run(drive, line, &work, &timing))
        return (point){NAN, NAN};
    return (point){timing.best * cores / (double)work.tasks,
                   bench_flops(&work) / timing.best / peak * drive->cores / cores};
}

/* Up from the first level until a point is above 50%, or down until one is below. */
static void find(bench_drive *drive, bench_metg *metg, int i, double peak) {
    bench_line *line = &metg->figure.lines[i];
    int level = FIRST_LEVEL;
    line->fewer_cores = line->peer->idle_cores * 2 >= drive->cores;
    bool above = measure(drive, metg, line, level, peak).efficiency >= 0.5, was = above;
    while (above == was && level > FINEST_LEVEL && level < COARSEST_LEVEL && !drive->failed) {
        level += was ? -1 : 1;
        above = measure(drive, metg, line, level, peak).efficiency >= 0.5;
    }
    if (above == was)
        line->refused = was ? "over 50% even with an empty kernel" : "never reaches 50%";
    metg->finest[i] = level - (was ? 2 : 3);
    if (metg->finest[i] < FINEST_LEVEL)
        metg->finest[i] = FINEST_LEVEL;
}

static void set_runs(bench_drive *drive, const bench_metg *metg) {
    drive->runs = metg->figure.runs;
    drive->warmups = metg->figure.warmups;
}

void bench_metg_init(bench_drive *drive, bench_metg *metg) {
    set_runs(drive, metg);
    bench_figure_init(&metg->figure);
    double peak = measure_peak(drive, measure_peak(drive, 0));
    for (int i = 0; i < metg->figure.n_lines && !drive->failed; i++)
        find(drive, metg, i, peak);
}

/* Where the efficiency of points, coarsest first, falls below 50%; NAN if no point is above, or none below. */
static double crossing(const point *points, double peak) {
    for (int i = 1; i < POINTS; i++) {
        double before = points[i - 1].efficiency / peak, after = points[i].efficiency / peak;
        if (before < 0.5 || after >= 0.5)
            continue;
        double part = (0.5 - after) / (before - after);
        return points[i].granularity_s + part * (points[i - 1].granularity_s - points[i].granularity_s);
    }
    return NAN;
}

void bench_metg_repeat(bench_drive *drive, bench_metg *metg, int repeat) {
    bench_figure *figure = &metg->figure;
    point points[BENCH_MOST_PEERS][POINTS] = {0};
    double peak = 0;
    set_runs(drive, metg);
    for (int p = 0; p < POINTS && !drive->failed; p++) {
        peak = measure_peak(drive, peak);
        for (int n = 0; n < figure->n_lines && !drive->failed; n++) {
            int i = (n + repeat) % figure->n_lines;
            bench_line *line = &figure->lines[i];
            if (!line->refused)
                points[i][p] = measure(drive, metg, line, metg->finest[i] + POINTS - 1 - p, 1);
        }
    }
    for (int i = 0; i < figure->n_lines; i++)
        figure->lines[i].values[repeat] = crossing(points[i], peak) * 1e9;
    figure->repeats = repeat + 1;
}
