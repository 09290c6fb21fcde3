/* Medians. */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

enum { BENCH_MOST_VALUES = 1001 };

typedef struct bench_spread {
    int n; /* values that are there */
    double median, least, most;
} bench_spread;

/** Of up to BENCH_MOST_VALUES values; those that are NAN do not count. All NAN if there is none. */
bench_spread bench_spread_of(const double *values, int n);

#endif
