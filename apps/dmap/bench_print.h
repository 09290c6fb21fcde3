/* What `dmap bench` prints. */
#ifndef DMAP_APPS_BENCH_PRINT_H
#define DMAP_APPS_BENCH_PRINT_H

#include "bench_measure.h"

enum { BENCH_MOST_ADVICE = 8, BENCH_ADVICE_SIZE = 400 };

typedef struct bench_advice {
    char lines[BENCH_MOST_ADVICE][BENCH_ADVICE_SIZE];
    int n;
} bench_advice;

/** The first is the pool that was open; the others were alone on the master's node. */
void bench_advise(const bench_pool *pools, int n, bench_advice *advice);

void bench_print_table(const bench_pool *pools, int n, const bench_advice *advice);
void bench_print_json(const bench_pool *pools, int n, const bench_advice *advice);
void bench_print_plain(const bench_pool *pool);

#endif
