/* Advice, drawn from the numbers by rules that a reader can check, and none at all if the machine was busy. What costs
 * under 1% is taken to cost nothing: that is an item of 50 times METG(50%), as half of METG is overhead, and a chunk of
 * 100 times what a chunk costs. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "bench_print.h"

#define CHEAP_ITEM  50
#define CHEAP_CHUNK 100
#define WORTH_WHILE 1.1 /* more workers should do at least so much better than half of them */
#define ENOUGH      0.95

static void say(bench_advice *advice, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(bench_advice *advice, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (advice->n < BENCH_MOST_ADVICE)
        vsnprintf(advice->lines[advice->n++], BENCH_ADVICE_SIZE, format, arguments);
    va_end(arguments);
}

/* "420 ns", "1.5 us", "3 ms" */
static const char *time_text(char text[32], double seconds) {
    double value = seconds < 1e-6 ? seconds * 1e9 : seconds < 1e-3 ? seconds * 1e6 : seconds * 1e3;
    snprintf(text, 32, "%.3g %s", value, seconds < 1e-6 ? "ns" : seconds < 1e-3 ? "us" : "ms");
    return text;
}

static const bench_pool *find(const bench_pool *pools, int n, dmap_backend backend, int workers) {
    for (int i = 0; i < n; i++)
        if (pools[i].ranks == 1 && pools[i].backend == backend && pools[i].workers == workers)
            return &pools[i];
    return NULL;
}

static void advise_backend(const bench_pool *threads, const bench_pool *processes, bench_advice *advice) {
    char from[32];
    double by = processes->values[BENCH_METG] / threads->values[BENCH_METG];
    double cheap_s = CHEAP_ITEM * processes->values[BENCH_METG] * 1e-9;
    if (isnan(by))
        return;
    say(advice,
        "Backend: an item costs processes %.1f times what it costs threads. Use threads; processes where an item may "
        "crash, hang or leak: from %s an item they cost under 1%%.",
        by, time_text(from, cheap_s));
}

static void advise_workers(const bench_pool *all, const bench_pool *half, bench_advice *advice) {
    double compute = all->values[BENCH_COMPUTE] / half->values[BENCH_COMPUTE];
    double memory = half->values[BENCH_MEMORY] / all->values[BENCH_MEMORY];
    if (compute < WORTH_WHILE)
        say(advice, "Workers: %d a node compute %.2f times what %d do: use %d.", all->workers, compute, half->workers,
            half->workers);
    else if (compute >= WORTH_WHILE)
        say(advice, "Workers: %d a node compute %.2f times what %d do: use one a core, the default.", all->workers,
            compute, half->workers);
    if (memory >= ENOUGH)
        say(advice, "Items that only move memory: %d workers a node reach what %d do.", half->workers, all->workers);
}

static void advise_lengths(const bench_pool *pool, bench_advice *advice) {
    char item[32], chunk[32], one[32];
    double cheap_s = CHEAP_ITEM * pool->values[BENCH_METG] * 1e-9;
    double chunk_s = CHEAP_CHUNK * pool->values[BENCH_CHUNK] * 1e-6;
    if (!isnan(cheap_s))
        say(advice,
            "Items: from %s each this pool costs them under 1%%. Shorter ones: several in one item, or run_batch.",
            time_text(item, cheap_s));
    if (!isnan(chunk_s))
        say(advice,
            "Chunks: one costs a rank %s. Leave the size to dmap; if you set it, let a chunk last %s or longer.",
            time_text(one, pool->values[BENCH_CHUNK] * 1e-6), time_text(chunk, chunk_s));
}

/* All results pass the master. */
static void advise_results(const bench_pool *pool, bench_advice *advice) {
    char item[32];
    double rate = pool->values[BENCH_GATHER_1M];
    if (isnan(rate) || rate <= 0)
        return;
    say(advice,
        "Results: the master takes %.2g GB/s. With results of 1 MiB an item should last %s, or workers wait for it.",
        rate, time_text(item, (double)pool->workers * 1048576 / (rate * 1e9)));
}

/* Says so, if the figures are not dmap's: what follows from them would mislead. */
static bool is_busy(const bench_pool *pools, int n, bench_advice *advice) {
    double least = INFINITY;
    for (int i = 0; i < n; i++)
        least = fmin(least, pools[i].values[BENCH_SHARE]);
    if (least >= BENCH_BUSY)
        return false;
    say(advice,
        "No advice: the machine was busy, or has fewer cores than workers. These got %.0f%% of a core each, so the "
        "figures say little of dmap. Measure again when nothing else runs.",
        least);
    return true;
}

void bench_advise(const bench_pool *pools, int n, bench_advice *advice) {
    int here = n > 1 ? pools[1].workers : pools[0].workers;
    const bench_pool *threads = find(pools, n, DMAP_THREADS, here);
    const bench_pool *processes = find(pools, n, DMAP_PROCESSES, here);
    const bench_pool *half = here > 1 ? find(pools, n, DMAP_THREADS, here / 2) : NULL;
    advice->n = 0;
    if (is_busy(pools, n, advice))
        return;
    if (threads && processes)
        advise_backend(threads, processes, advice);
    if (threads && half)
        advise_workers(threads, half, advice);
    advise_lengths(&pools[0], advice);
    advise_results(&pools[0], advice);
}
