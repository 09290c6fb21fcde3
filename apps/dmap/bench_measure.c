/* Measuring a pool by its calls alone. A rate is measured with so many items that a call lasts a while, then the best
 * of a few calls counts; times of single calls are medians. Tasks get what they need besides their item by dmap_share,
 * so that it reaches processes and other nodes alike. */
#include "bench_measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench_tasks.h"

enum { RUNS = 3, MOST_CALLS = 400, SHARES = 4 /* looks, of each worker */ };

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

const bench_kind_text bench_kinds[BENCH_N_KINDS] = {
    [BENCH_COMPUTE] = {"compute", "arithmetic, all workers", "steps/s"},
    [BENCH_MEMORY] = {"memory", "doubles in and out, batches", "GB/s"},
    [BENCH_NULL] = {"null", "null items, 8 bytes in and out", "items/s"},
    [BENCH_METG] = {"metg", "METG(50%), index in, nothing out", "ns"},
    [BENCH_CHUNK] = {"chunk", "a chunk, of each rank", "us"},
    [BENCH_LATENCY] = {"latency", "one item, there and back", "us"},
    [BENCH_FIRST] = {"first", "first result, beyond its item", "us"},
    [BENCH_GATHER_64K] = {"gather_64k", "ordered results of 64 KiB", "GB/s"},
    [BENCH_GATHER_1M] = {"gather_1m", "ordered results of 1 MiB", "GB/s"},
    [BENCH_SCATTER_1M] = {"scatter_1m", "items of 1 MiB", "GB/s"},
    [BENCH_SHARE] = {"share", "of a core, that a worker gets", "%"},
};

/* Calls of one task, with as many items as may be. */
typedef struct series {
    dmap_pool *pool;
    const dmap_task *task;
    size_t most;           /* items */
    void *items, *results; /* NULL: a range, and results are discarded */
    dmap_map_options options;
} series;

static double call(const series *s, size_t n) {
    double began = bench_now();
    dmap_status status = dmap_map(s->pool, s->task, s->items ? dmap_array(s->items, n) : dmap_range(0, n),
                                  s->results ? dmap_into(s->results) : dmap_discard(), &s->options);
    return status == DMAP_OK ? bench_now() - began : NAN;
}

static bool open_series(series *s, dmap_pool *pool, const dmap_task *task, bool array, size_t most) {
    *s = (series){.pool = pool, .task = task, .most = most, .options = {.progress = -1}};
    if (array)
        s->items = calloc(most, task->item_size);
    if (task->result_size)
        s->results = calloc(most, task->result_size);
    return (s->items || !array) && (s->results || !task->result_size);
}

static void close_series(series *s) {
    free(s->items);
    free(s->results);
}

/* Items a second. */
static double rate(const series *s, size_t n, double seconds) {
    double least = seconds / (2 * RUNS), took = call(s, n);
    while (took < least && n < s->most) {
        double more = fmin(fmax(1.2 * least / took, 2), 16) * (double)n;
        n = more < (double)s->most ? (size_t)more : s->most;
        took = call(s, n);
    }
    double best = took;
    for (int i = 1; i < RUNS && !isnan(best); i++)
        best = fmin(best, call(s, n)); /* leaves NAN out: a failure shows in the next call */
    return (double)n / best;
}

/* Bytes a second, in GB/s, of what is `size` large. */
static double gigabytes(dmap_pool *pool, const dmap_task *task, bool array, size_t most, size_t size, double seconds) {
    series s;
    double value = NAN;
    if (open_series(&s, pool, task, array, most))
        value = rate(&s, (size_t)dmap_workers(pool), seconds) * (double)size * 1e-9;
    close_series(&s);
    return value;
}

static double null_items(dmap_pool *pool, double seconds) {
    series s;
    double value = NAN;
    if (open_series(&s, pool, &bench_null_items, true, 8 * MIB))
        value = rate(&s, 1000, seconds);
    close_series(&s);
    return value;
}

/* ---- arithmetic, and the shortest item ---- */

static double kernel_rate(dmap_pool *pool, uint64_t steps, size_t first, double seconds) {
    series s;
    if (dmap_share(pool, &steps, sizeof steps) != DMAP_OK || !open_series(&s, pool, &bench_steps, false, 64 * MIB))
        return NAN;
    return rate(&s, first, seconds);
}

static double compute(dmap_pool *pool, double seconds) {
    enum { STEPS = 100000 };
    return kernel_rate(pool, STEPS, (size_t)dmap_workers(pool), seconds) * STEPS;
}

/* Task Bench's procedure: the item is halved until less than half of the time is arithmetic, and the length (overhead
 * included) at one half is interpolated. steps_s: of all workers, at least: a longer look may show more. */
static double metg(dmap_pool *pool, double steps_s, double seconds) {
    double workers = dmap_workers(pool), before_ns = NAN, before = NAN;
    for (uint64_t steps = 1u << 14; steps > 0; steps /= 2) {
        double items_s = kernel_rate(pool, steps, 1000, seconds / 10);
        if (isnan(items_s))
            return NAN;
        steps_s = fmax(steps_s, items_s * (double)steps);
        double length_ns = workers / items_s * 1e9, share = items_s * (double)steps / steps_s;
        if (share < 0.5)
            return isnan(before) ? length_ns : length_ns + (before_ns - length_ns) * (0.5 - share) / (before - share);
        before = share;
        before_ns = length_ns;
    }
    return before_ns;
}

/* ---- single calls ---- */

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n) {
    if (n == 0)
        return NAN;
    qsort(values, (size_t)n, sizeof *values, compare);
    return values[n / 2];
}

static double latency_us(dmap_pool *pool, double seconds) {
    double values[MOST_CALLS], until = bench_now() + seconds;
    uint64_t item = 1, result;
    series s = {.pool = pool, .task = &bench_null_items, .items = &item, .results = &result, .options.progress = -1};
    int n = 0;
    for (call(&s, 1); n < MOST_CALLS && (n < RUNS || bench_now() < until); n++)
        values[n] = call(&s, 1) * 1e6;
    return median(values, n);
}

static int note_first(void *arg, const dmap_item_result *r) {
    double *at = arg;
    if (r->index == 0)
        *at = bench_now();
    return 0;
}

static double first_us(dmap_pool *pool, double seconds) {
    double values[MOST_CALLS], until = bench_now() + seconds, at = NAN;
    dmap_map_options options = {.progress = -1};
    size_t items = 4 * (size_t)dmap_workers(pool);
    int n = 0;
    for (; n < MOST_CALLS && (n < RUNS || bench_now() < until); n++) {
        double began = bench_now();
        if (dmap_map(pool, &bench_waits, dmap_range(0, items), dmap_each(note_first, &at), &options) != DMAP_OK)
            return NAN;
        values[n] = (at - began - BENCH_WAIT_S) * 1e6;
    }
    return median(values, n);
}

/* One item a chunk, so that all the time goes into chunks. */
static double chunk_us(dmap_pool *pool, double seconds) {
    series s;
    double value = NAN;
    if (open_series(&s, pool, &bench_null_items, true, MIB)) {
        s.options.schedule = DMAP_DYNAMIC;
        s.options.chunk = 1;
        value = 1e6 * dmap_ranks(pool) / rate(&s, 100, seconds);
    }
    close_series(&s);
    return value;
}

/* ---- is the machine busy? ---- */

/* In percent: CPU time of workers by the time that passed. */
static double share_percent(dmap_pool *pool) {
    size_t n = SHARES * (size_t)dmap_workers(pool);
    bench_share *shares = calloc(n, sizeof *shares), sum = {0};
    dmap_map_options options = {.progress = -1, .schedule = DMAP_STATIC};
    bool right = shares && dmap_map(pool, &bench_shares, dmap_range(0, n), dmap_into(shares), &options) == DMAP_OK;
    for (size_t i = 0; right && i < n; i++) {
        sum.cpu_s += shares[i].cpu_s;
        sum.wall_s += shares[i].wall_s;
    }
    free(shares);
    return right && sum.wall_s > 0 ? 100 * sum.cpu_s / sum.wall_s : NAN;
}

static bool measure_once(dmap_pool *pool, double seconds, double *v) {
    double each = seconds / BENCH_N_KINDS, before = share_percent(pool);
    bool right = true;
    v[BENCH_COMPUTE] = compute(pool, each);
    v[BENCH_MEMORY] = gigabytes(pool, &bench_doubles, true, 8 * MIB, 2 * sizeof(double), each);
    v[BENCH_NULL] = null_items(pool, each);
    v[BENCH_METG] = metg(pool, v[BENCH_COMPUTE], each);
    v[BENCH_CHUNK] = chunk_us(pool, each);
    v[BENCH_LATENCY] = latency_us(pool, each);
    v[BENCH_FIRST] = first_us(pool, each);
    v[BENCH_GATHER_64K] = gigabytes(pool, &bench_write_64k, false, 2048, 64 * KIB, each);
    v[BENCH_GATHER_1M] = gigabytes(pool, &bench_write_1m, false, 128, MIB, each);
    v[BENCH_SCATTER_1M] = gigabytes(pool, &bench_read_1m, true, 128, MIB, each);
    v[BENCH_SHARE] = (before + share_percent(pool)) / 2;
    for (int i = 0; i < BENCH_N_KINDS; i++)
        right = right && !isnan(v[i]);
    return right;
}

bool bench_measure(dmap_pool *pool, double seconds, bench_pool *to) {
    double again[BENCH_N_KINDS];
    to->ranks = dmap_ranks(pool);
    to->workers = dmap_workers(pool);
    if (!measure_once(pool, seconds, to->values))
        return false;
    if (to->values[BENCH_SHARE] >= BENCH_BUSY)
        return true;
    if (!measure_once(pool, seconds, again))
        return false;
    if (again[BENCH_SHARE] > to->values[BENCH_SHARE])
        memcpy(to->values, again, sizeof again);
    return true;
}
