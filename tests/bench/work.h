/* The work that every system under test does, and how its results are checked.
 *
 * The kernel is Task Bench's (SC20): 64 doubles, A = A * A + A, an iteration count; FLOPs of a task: 128 * iterations +
 * 64. It stands in a file of its own, compiled once, so that no system gets a better one than another. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include <stdbool.h>
#include <stdint.h>

/** What goes in and out of a task. */
typedef enum bench_shape {
    BENCH_NULL = 0,  /* 8 bytes in, 8 bytes out, no kernel */
    BENCH_RANGE = 1, /* the index in, nothing out: who runs it keeps a sum */
    BENCH_PAIR = 2,  /* 16 bytes in, 16 bytes out, in order */
    BENCH_SHAPES
} bench_shape;

typedef struct bench_work {
    bench_shape shape;
    uint64_t tasks;
    uint64_t iterations; /* of the kernel, in each task */
} bench_work;

typedef struct bench_pair {
    uint64_t a, b;
} bench_pair;

/** Runs the kernel; returns bits that depend on every step. */
uint64_t bench_kernel(uint64_t iterations);
double bench_flops(const bench_work *work);

/** Bytes of an item, and of a result; 0 for BENCH_RANGE. */
uint64_t bench_item_size(bench_shape shape);
void bench_fill(const bench_work *work, void *items);
/** Makes every result wrong. */
void bench_spoil(const bench_work *work, void *results);
/** True if every result is there, at its place. */
bool bench_check(const bench_work *work, const void *results);
/** What the sums of BENCH_RANGE come to; 0 for the others. */
uint64_t bench_expected_sum(const bench_work *work);

static inline uint64_t bench_null_task(uint64_t item) {
    return item * 3 + 1;
}

static inline uint64_t bench_range_task(uint64_t index, uint64_t iterations) {
    return index * 3 + bench_kernel(iterations);
}

static inline bench_pair bench_pair_task(bench_pair item, uint64_t iterations) {
    return (bench_pair){item.a * 3 + item.b, bench_kernel(iterations)};
}

/** Tasks [begin, end) in a plain loop, where items and results point to those of `begin`; returns the sum. */
uint64_t bench_loop(const bench_work *work, uint64_t begin, uint64_t end, const void *items, void *results);

#endif
