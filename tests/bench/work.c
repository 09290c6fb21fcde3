/* Items, the plain loop over them, and the checks. Item i is made from i alone, and so is what must come of it: a
 * result at the wrong place, left out, or done twice shows. */
#include "work.h"

#include <string.h>

double bench_flops(const bench_work *work) {
    return (double)work->tasks * (128.0 * (double)work->iterations + 64.0);
}

uint64_t bench_item_size(bench_shape shape) {
    static const uint64_t sizes[BENCH_SHAPES] = {sizeof(uint64_t), 0, sizeof(bench_pair)};
    return sizes[shape];
}

static bench_pair pair_of(uint64_t i) {
    return (bench_pair){i * UINT64_C(0x9e3779b97f4a7c15), i};
}

void bench_fill(const bench_work *work, void *items) {
    for (uint64_t i = 0; i < work->tasks; i++)
        if (work->shape == BENCH_NULL)
            ((uint64_t *)items)[i] = pair_of(i).a;
        else if (work->shape == BENCH_PAIR)
            ((bench_pair *)items)[i] = pair_of(i);
}

void bench_spoil(const bench_work *work, void *results) {
    memset(results, 0xa5, (size_t)(work->tasks * bench_item_size(work->shape)));
}

static bool check_pairs(const bench_work *work, const bench_pair *results) {
    uint64_t value = bench_kernel(work->iterations), wrong = 0;
    for (uint64_t i = 0; i < work->tasks; i++)
        wrong += results[i].a != pair_of(i).a * 3 + i || results[i].b != value;
    return wrong == 0;
}

bool bench_check(const bench_work *work, const void *results) {
    uint64_t wrong = 0;
    if (work->shape == BENCH_PAIR)
        return check_pairs(work, results);
    for (uint64_t i = 0; work->shape == BENCH_NULL && i < work->tasks; i++)
        wrong += ((const uint64_t *)results)[i] != bench_null_task(pair_of(i).a);
    return wrong == 0;
}

uint64_t bench_expected_sum(const bench_work *work) {
    uint64_t n = work->tasks;
    uint64_t pairs = n % 2 ? n * ((n - 1) / 2) : n / 2 * (n - 1);
    return work->shape == BENCH_RANGE ? pairs * 3 + n * bench_kernel(work->iterations) : 0;
}

uint64_t bench_loop(const bench_work *work, uint64_t begin, uint64_t end, const void *items, void *results) {
    uint64_t sum = 0, n = end - begin;
    if (work->shape == BENCH_RANGE)
        for (uint64_t i = begin; i < end; i++)
            sum += bench_range_task(i, work->iterations);
    if (work->shape == BENCH_NULL)
        for (uint64_t i = 0; i < n; i++)
            ((uint64_t *)results)[i] = bench_null_task(((const uint64_t *)items)[i]);
    if (work->shape == BENCH_PAIR)
        for (uint64_t i = 0; i < n; i++)
            ((bench_pair *)results)[i] = bench_pair_task(((const bench_pair *)items)[i], work->iterations);
    return sum;
}
