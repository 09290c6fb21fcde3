/* METG(50%): minimum effective task granularity, by Task Bench's definition and procedure (Slaughter et al., SC20).
 *
 * Granularity is wall * cores / tasks, so it includes the overhead; efficiency is the rate of FLOPs by the peak, which
 * the bare loop reaches with long tasks on the same number of cores. With the number of tasks fixed, the kernel's
 * iterations are halved, and the granularity at 50% is interpolated linearly between the last point at or above it and
 * the next. All cores count, also those that a system keeps for itself. Only the points round the crossing, found by a
 * first pass, are repeated. */
#ifndef BENCH_METG_H
#define BENCH_METG_H

#include "figure.h"

typedef struct bench_metg {
    bench_figure figure;          /* nanoseconds */
    int finest[BENCH_MOST_PEERS]; /* level: of the finest point of each line; iterations are 2^level, of -1 0 */
} bench_metg;

/** Finds the levels of each line. */
void bench_metg_init(bench_drive *drive, bench_metg *metg);
/** One repetition of all lines. */
void bench_metg_repeat(bench_drive *drive, bench_metg *metg, int repeat);

#endif
