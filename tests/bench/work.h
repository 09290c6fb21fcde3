/* The work that every system under test does, and how its results are checked.
 *
 * The kernel is Task Bench's (SC20): 64 doubles, A = A * A + A, an iteration count; FLOPs of a task: 128 * iterations +
 * 64. It stands in a file of its own, compiled once, so that no system gets a better one than another. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include <stdbool.h>
#include <stdint.h>

/** What goes in and out of a task, and what is timed. */
typedef enum bench_shape {
    BENCH_NULL = 0,    /* 8 bytes in, 8 bytes out, no kernel */
    BENCH_RANGE = 1,   /* the index in, nothing out: who runs it keeps a sum */
    BENCH_PAIR = 2,    /* 16 bytes in, 16 bytes out, in order */
    BENCH_GATHER = 3,  /* the index in, `size` bytes out, all written by the task */
    BENCH_SCATTER = 4, /* `size` bytes in, all read by the task, 8 bytes out */
    BENCH_SPIN = 5,    /* 8 bytes in: nanoseconds that the task is to last; 8 bytes out */
    BENCH_BATCH = 6,   /* doubles in, doubles out, as many at a time as the system likes */
    BENCH_FIRST = 7,   /* as BENCH_SPIN; timed until the first result is there */
    BENCH_OPEN = 8,    /* a null item; what is timed is the opening, up to its result */
    BENCH_CLOSE = 9,   /* a null item; what is timed is the closing */
    BENCH_IDLE = 10,   /* nothing to do for mean_ns; what is given is the CPU time burnt meanwhile */
    BENCH_SUBMIT = 11, /* null items, handed over one by one, of which 1,000 are in flight; before them nothing to do
                          for mean_ns, which is not timed */
    BENCH_SHAPES
} bench_shape;

/** How the lengths of BENCH_SPIN's items are spread. */
typedef enum bench_skew {
    BENCH_EQUAL = 0,       /* all are the mean */
    BENCH_UNIFORM = 1,     /* from 0 to twice the mean */
    BENCH_EXPONENTIAL = 2, /* and so are the two that are sorted */
    BENCH_PARETO = 3,      /* of index 1.5 */
    BENCH_BIMODAL = 4,     /* one in a hundred is a hundred times as long as the rest */
    BENCH_ASCENDING = 5,
    BENCH_DESCENDING = 6,
    BENCH_FRONT = 7, /* the first tenth holds half of the work */
    BENCH_SKEWS
} bench_skew;

typedef struct bench_work {
    bench_shape shape;
    uint64_t tasks;
    uint64_t iterations; /* of the kernel, in each task of BENCH_RANGE and BENCH_PAIR */
    uint64_t size;       /* BENCH_GATHER, BENCH_SCATTER: bytes, a multiple of 8 */
    uint64_t mean_ns;    /* BENCH_SPIN, BENCH_FIRST */
    bench_skew skew;     /* BENCH_SPIN */
} bench_work;

typedef struct bench_pair {
    uint64_t a, b;
} bench_pair;

/** Runs the kernel; returns bits that depend on every step. */
uint64_t bench_kernel(uint64_t iterations);
double bench_flops(const bench_work *work);
/** The tasks of BENCH_BATCH, BENCH_GATHER and BENCH_SCATTER, compiled with the kernel. */
void bench_batch(const double *items, double *results, uint64_t count);
void bench_write(uint64_t index, uint64_t *result, uint64_t size);
uint64_t bench_read(const uint64_t *item, uint64_t size);
/** The task of BENCH_SPIN: until the clock has moved on by ns. */
uint64_t bench_spin(uint64_t ns);

/** Bytes of an item, and of a result. No item is sent of BENCH_RANGE and BENCH_GATHER. */
uint64_t bench_item_size(const bench_work *work);
uint64_t bench_result_size(const bench_work *work);
void bench_fill(const bench_work *work, void *items);
/** Makes every result wrong. */
void bench_spoil(const bench_work *work, void *results);
/** True if every result is there, at its place. */
bool bench_check(const bench_work *work, const void *results);
/** What the sums of BENCH_RANGE come to; 0 for the others. */
uint64_t bench_expected_sum(const bench_work *work);

/** Length of an item of BENCH_SPIN. */
uint64_t bench_spin_ns(const bench_work *work, uint64_t index);
/** The least that BENCH_SPIN can take: the larger of an even share of all, and the longest item. */
double bench_spin_ideal_s(const bench_work *work, int cores);
/** What it takes from one queue that costs nothing, in the order of the indices: all that can be done without knowing
 *  the lengths beforehand. */
double bench_spin_queue_s(const bench_work *work, int cores);

static inline uint64_t bench_null_task(uint64_t item) {
    return item * 3 + 1;
}

static inline uint64_t bench_range_task(uint64_t index, uint64_t iterations) {
    return index * 3 + bench_kernel(iterations);
}

static inline bench_pair bench_pair_task(bench_pair item, uint64_t iterations) {
    return (bench_pair){item.a * 3 + item.b, bench_kernel(iterations)};
}

/** Task `index`, of any shape, where item and result point to its own; returns what it adds to the sum. */
uint64_t bench_one(const bench_work *work, uint64_t index, const void *item, void *result);
/** Tasks [begin, end) in a plain loop, where items and results point to those of `begin`; returns the sum. */
uint64_t bench_loop(const bench_work *work, uint64_t begin, uint64_t end, const void *items, void *results);

#endif
