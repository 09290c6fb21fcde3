/* Tasks that do as little as may be, or just what is to be timed. */
#include "bench_tasks.h"

#include <time.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

double bench_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int null_item(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)item + 1;
    return 0;
}

/* Each step needs the one before it. What comes of them never happens, which the compiler does not know. */
static int steps(dmap_context *ctx, const void *item, void *result) {
    static volatile double start = -0.5;
    const uint64_t *count = dmap_shared(ctx, NULL);
    double x = start;
    (void)item, (void)result;
    for (uint64_t i = 0; i < *count; i++)
        x = x * x + x;
    return x > 1;
}

static int doubles(dmap_context *ctx, const void *items, void *results, size_t count) {
    const double *in = items;
    double *out = results;
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        out[i] = in[i] * 0.5 + 1.0;
    return 0;
}

static int be_busy(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    for (double until = bench_now() + BENCH_WAIT_S; bench_now() < until;)
        continue;
    *(uint64_t *)result = *(const uint64_t *)item;
    return 0;
}

static int share(dmap_context *ctx, const void *item, void *result) {
    struct timespec from, to;
    double began = bench_now(), now;
    (void)ctx, (void)item;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    do
        now = bench_now();
    while (now < began + BENCH_SHARE_S);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    double cpu_s = (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
    *(bench_share *)result = (bench_share){cpu_s, now - began};
    return 0;
}

static void write_all(uint64_t value, uint64_t *to, size_t size) {
    for (size_t i = 0; i < size / sizeof *to; i++)
        to[i] = value;
}

static int write_64k(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    write_all(*(const uint64_t *)item, result, 64 * KIB);
    return 0;
}

static int write_1m(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    write_all(*(const uint64_t *)item, result, MIB);
    return 0;
}

static int read_1m(dmap_context *ctx, const void *item, void *result) {
    const uint64_t *from = item;
    uint64_t sum = 0;
    (void)ctx;
    for (size_t i = 0; i < MIB / sizeof *from; i++)
        sum += from[i];
    *(uint64_t *)result = sum;
    return 0;
}

DMAP_TASK(bench_null_items, .run = null_item, .item_size = 8, .result_size = 8);
DMAP_TASK(bench_steps, .run = steps, .item_size = 8, .result_size = 0);
DMAP_TASK(bench_doubles, .run_batch = doubles, .item_size = sizeof(double), .result_size = sizeof(double));
DMAP_TASK(bench_waits, .run = be_busy, .item_size = 8, .result_size = 8);
DMAP_TASK(bench_shares, .run = share, .item_size = 8, .result_size = sizeof(bench_share));
DMAP_TASK(bench_write_64k, .run = write_64k, .item_size = 8, .result_size = 64 * KIB);
DMAP_TASK(bench_write_1m, .run = write_1m, .item_size = 8, .result_size = MIB);
DMAP_TASK(bench_read_1m, .run = read_1m, .item_size = MIB, .result_size = 8);
