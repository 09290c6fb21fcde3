/* The figures of `dmap bench`, of one pool. */
#ifndef DMAP_APPS_BENCH_MEASURE_H
#define DMAP_APPS_BENCH_MEASURE_H

#include <stdbool.h>

#include <dmap/dmap.h>

typedef enum bench_kind {
    BENCH_COMPUTE,    /* steps of arithmetic a second, all workers together */
    BENCH_MEMORY,     /* GB/s, of doubles in and out in large batches */
    BENCH_NULL,       /* null items a second, 8 bytes in and out */
    BENCH_METG,       /* ns */
    BENCH_CHUNK,      /* us a chunk, of each rank */
    BENCH_LATENCY,    /* us, of one item */
    BENCH_FIRST,      /* us beyond the item until the first result */
    BENCH_GATHER_64K, /* GB/s of ordered results */
    BENCH_GATHER_1M,  /* the same */
    BENCH_SCATTER_1M, /* GB/s of items */
    BENCH_SHARE,      /* % of a core that a worker got: under BENCH_BUSY the other figures are not dmap's */
    BENCH_N_KINDS
} bench_kind;

#define BENCH_BUSY 90.0

typedef struct bench_kind_text {
    const char *name, *title, *unit;
} bench_kind_text;

extern const bench_kind_text bench_kinds[BENCH_N_KINDS];

/** What was measured of a pool. */
typedef struct bench_pool {
    dmap_backend backend;
    int ranks, workers;           /* workers: of all ranks */
    double values[BENCH_N_KINDS]; /* NAN: not known */
} bench_pool;

/** Fills values. seconds: that it may take, about; where the machine is busy it measures again, and the quieter time
 *  counts. Returns false if a call failed: dmap_error(pool) says why. */
bool bench_measure(dmap_pool *pool, double seconds, bench_pool *to);

#endif
