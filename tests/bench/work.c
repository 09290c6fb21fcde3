/* Items, the plain loop over them, and the checks. Item i is made from i alone, and so is what must come of it: a
 * result at the wrong place, left out, or done twice shows. */
#include "work.h"

#include <string.h>

#include "peer.h"

double bench_flops(const bench_work *work) {
    return (double)work->tasks * (128.0 * (double)work->iterations + 64.0);
}

uint64_t bench_item_size(const bench_work *work) {
    switch (work->shape) {
    case BENCH_RANGE:
    case BENCH_GATHER:
        return 0;
    case BENCH_PAIR:
        return sizeof(bench_pair);
    case BENCH_SCATTER:
        return work->size;
    default:
        return sizeof(uint64_t);
    }
}

uint64_t bench_result_size(const bench_work *work) {
    switch (work->shape) {
    case BENCH_RANGE:
        return 0;
    case BENCH_PAIR:
        return sizeof(bench_pair);
    case BENCH_GATHER:
        return work->size;
    default:
        return sizeof(uint64_t);
    }
}

static uint64_t word_of(uint64_t i) {
    return i * UINT64_C(0x9e3779b97f4a7c15);
}

static bench_pair pair_of(uint64_t i) {
    return (bench_pair){word_of(i), i};
}

static double number_of(uint64_t i) {
    return (double)(i % 1000);
}

static uint64_t spun_or_null(const bench_work *work, uint64_t i) {
    return work->shape == BENCH_SPIN || work->shape == BENCH_FIRST ? bench_spin_ns(work, i) : word_of(i);
}

void bench_fill(const bench_work *work, void *items) {
    uint64_t *words = items;
    if (bench_item_size(work) == 0)
        return;
    for (uint64_t i = 0; i < work->tasks; i++)
        if (work->shape == BENCH_PAIR)
            ((bench_pair *)items)[i] = pair_of(i);
        else if (work->shape == BENCH_BATCH)
            ((double *)items)[i] = number_of(i);
        else if (work->shape == BENCH_SCATTER)
            bench_write(i, words + i * (work->size / sizeof *words), work->size);
        else
            words[i] = spun_or_null(work, i);
}

void bench_spoil(const bench_work *work, void *results) {
    memset(results, 0xa5, (size_t)(work->tasks * bench_result_size(work)));
}

static bool check_pairs(const bench_work *work, const bench_pair *results) {
    uint64_t value = bench_kernel(work->iterations), wrong = 0;
    for (uint64_t i = 0; i < work->tasks; i++)
        wrong += results[i].a != pair_of(i).a * 3 + i || results[i].b != value;
    return wrong == 0;
}

static bool check_numbers(const bench_work *work, const double *results) {
    uint64_t wrong = 0;
    for (uint64_t i = 0; i < work->tasks; i++) {
        double item = number_of(i), result;
        bench_batch(&item, &result, 1);
        wrong += results[i] < result || results[i] > result;
    }
    return wrong == 0;
}

/* The first word is right, and each is like the one before it. */
static bool check_written(const bench_work *work, const char *results) {
    for (uint64_t i = 0; i < work->tasks; i++) {
        const char *result = results + i * work->size;
        uint64_t word = word_of(i);
        if (memcmp(result, &word, sizeof word) != 0 || memcmp(result, result + 8, (size_t)(work->size - 8)) != 0)
            return false;
    }
    return true;
}

bool bench_check(const bench_work *work, const void *results) {
    const uint64_t *words = results;
    uint64_t wrong = 0;
    if (work->shape == BENCH_PAIR)
        return check_pairs(work, results);
    if (work->shape == BENCH_BATCH)
        return check_numbers(work, results);
    if (work->shape == BENCH_GATHER)
        return check_written(work, results);
    for (uint64_t i = 0; bench_result_size(work) && i < work->tasks; i++)
        wrong += words[i] != (work->shape == BENCH_SCATTER ? word_of(i) * (work->size / 8)
                                                           : bench_null_task(spun_or_null(work, i)));
    return wrong == 0;
}

uint64_t bench_expected_sum(const bench_work *work) {
    uint64_t n = work->tasks;
    uint64_t pairs = n % 2 ? n * ((n - 1) / 2) : n / 2 * (n - 1);
    return work->shape == BENCH_RANGE ? pairs * 3 + n * bench_kernel(work->iterations) : 0;
}

uint64_t bench_spin(uint64_t ns) {
    for (double until = bench_now() + 1e-9 * (double)ns; bench_now() < until;)
        continue;
    return bench_null_task(ns);
}

uint64_t bench_one(const bench_work *work, uint64_t index, const void *item, void *result) {
    if (work->shape == BENCH_RANGE)
        return bench_range_task(index, work->iterations);
    if (work->shape == BENCH_PAIR)
        *(bench_pair *)result = bench_pair_task(*(const bench_pair *)item, work->iterations);
    else if (work->shape == BENCH_GATHER)
        bench_write(index, result, work->size);
    else if (work->shape == BENCH_SCATTER)
        *(uint64_t *)result = bench_read(item, work->size);
    else if (work->shape == BENCH_BATCH)
        bench_batch(item, result, 1);
    else if (work->shape == BENCH_SPIN || work->shape == BENCH_FIRST)
        *(uint64_t *)result = bench_spin(*(const uint64_t *)item);
    else
        *(uint64_t *)result = bench_null_task(*(const uint64_t *)item);
    return 0;
}

/* The shapes whose tasks are short have loops of their own. */
uint64_t bench_loop(const bench_work *work, uint64_t begin, uint64_t end, const void *items, void *results) {
    uint64_t sum = 0, n = end - begin, in = bench_item_size(work), out = bench_result_size(work);
    if (work->shape == BENCH_RANGE)
        for (uint64_t i = begin; i < end; i++)
            sum += bench_range_task(i, work->iterations);
    else if (work->shape == BENCH_NULL)
        for (uint64_t i = 0; i < n; i++)
            ((uint64_t *)results)[i] = bench_null_task(((const uint64_t *)items)[i]);
    else if (work->shape == BENCH_PAIR)
        for (uint64_t i = 0; i < n; i++)
            ((bench_pair *)results)[i] = bench_pair_task(((const bench_pair *)items)[i], work->iterations);
    else if (work->shape == BENCH_BATCH)
        bench_batch(items, results, n);
    else
        for (uint64_t i = 0; i < n; i++)
            bench_one(work, begin + i, (const char *)items + i * in, (char *)results + i * out);
    return sum;
}
