/* Items of uneven length. Each is a function of its index alone: of a hash, or, where they are sorted, of its place. */
#include <math.h>
#include <stdlib.h>

#include "work.h"

/* From 0 up to 1, as good as random. */
static double unit_of(uint64_t i) {
    uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

/* By the mean. */
static double length_of(const bench_work *work, uint64_t i) {
    double u = unit_of(i), place = ((double)i + 0.5) / (double)work->tasks;
    switch (work->skew) {
    case BENCH_UNIFORM:
        return 2 * u;
    case BENCH_EXPONENTIAL:
        return -log1p(-u);
    case BENCH_PARETO:
        return pow(1 - u, -1 / 1.5) / 3;
    case BENCH_BIMODAL:
        return (u < 0.01 ? 100 : 1) / 1.99;
    case BENCH_ASCENDING:
        return -log1p(-place);
    case BENCH_DESCENDING:
        return -log(place);
    case BENCH_FRONT:
        return place < 0.1 ? 5 : 0.5 / 0.9;
    default:
        return 1;
    }
}

uint64_t bench_spin_ns(const bench_work *work, uint64_t index) {
    return (uint64_t)((double)work->mean_ns * length_of(work, index));
}

double bench_spin_ideal_s(const bench_work *work, int cores) {
    double sum = 0, longest = 0;
    for (uint64_t i = 0; i < work->tasks; i++) {
        double ns = (double)bench_spin_ns(work, i);
        sum += ns;
        longest = fmax(longest, ns);
    }
    return fmax(sum / cores, longest) * 1e-9;
}

double bench_spin_queue_s(const bench_work *work, int cores) {
    double *free_s = calloc((size_t)cores, sizeof *free_s), last = 0;
    for (uint64_t i = 0; free_s && i < work->tasks; i++) {
        int first = 0;
        for (int core = 1; core < cores; core++)
            if (free_s[core] < free_s[first])
                first = core;
        free_s[first] += 1e-9 * (double)bench_spin_ns(work, i);
        last = fmax(last, free_s[first]);
    }
    free(free_s);
    return last;
}
