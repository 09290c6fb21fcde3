/* dmap, by its public API only: a pool on rank 0 alone with a thread a core, and a pool on all ranks with a worker
 * each. The pool is opened anew for each point, so that the other systems find idle ranks; opening is not timed. Other
 * ranks serve inside dmap_open and return from it when rank 0 closes the pool. What a task function needs besides its
 * item is in file-scope variables, the same on every rank, set while no call runs: the kernel's iterations, and a sum
 * for each worker, of which only that worker knows. */
#include <dmap/mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include "peer.h"

enum { MOST_WORKERS = 4096, LINE = 64 };

typedef struct state {
    dmap_pool *pool; /* NULL on the other ranks */
    MPI_Comm comm;
} state;

static uint64_t iterations;
static struct { _Alignas(LINE) uint64_t sum; } sums[MOST_WORKERS];

static int null_fn(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = bench_null_task(*(const uint64_t *)item);
    return 0;
}

static int range_fn(dmap_context *ctx, const void *item, void *result) {
    (void)result;
    sums[dmap_worker(ctx)].sum += bench_range_task(*(const uint64_t *)item, iterations);
    return 0;
}

static int pair_fn(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(bench_pair *)result = bench_pair_task(*(const bench_pair *)item, iterations);
    return 0;
}

DMAP_TASK(bench_null, .run = null_fn, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t));
DMAP_TASK(bench_range, .run = range_fn, .item_size = sizeof(uint64_t), .result_size = 0);
DMAP_TASK(bench_pairs, .run = pair_fn, .item_size = sizeof(bench_pair), .result_size = sizeof(bench_pair));

static void *open_on(MPI_Comm comm, int workers, const bench_task *task) {
    state *s = calloc(1, sizeof *s);
    dmap_options options = {.workers = workers, .backend = DMAP_THREADS, .bind = DMAP_BIND_CORE};
    s->comm = comm;
    iterations = task->work.iterations;
    for (int i = 0; i < MOST_WORKERS; i++)
        sums[i].sum = 0;
    if (dmap_open(comm, &options, &s->pool) == DMAP_OK)
        return s;
    fprintf(stderr, "bench: %s\n", dmap_error(NULL));
    free(s);
    return NULL;
}

static void *open_threads(const bench_task *task) {
    return open_on(MPI_COMM_SELF, task->cores, task);
}

static void *open_ranks(const bench_task *task) {
    return open_on(MPI_COMM_WORLD, 1, task);
}

static uint64_t close_dmap(void *arg) {
    state *s = arg;
    uint64_t sum = 0, all = 0;
    if (s->pool)
        dmap_close(s->pool);
    for (int i = 0; i < MOST_WORKERS; i++)
        sum += sums[i].sum;
    MPI_Reduce(&sum, &all, 1, MPI_UINT64_T, MPI_SUM, 0, s->comm);
    free(s);
    return all;
}

static dmap_source source_of(const bench_task *task) {
    if (task->work.shape == BENCH_RANGE)
        return dmap_range(0, task->work.tasks);
    return dmap_array(task->items, task->work.tasks);
}

static double map_to(const state *s, const bench_task *task, dmap_sink sink) {
    static const dmap_task *const tasks[BENCH_SHAPES] = {&bench_null, &bench_range, &bench_pairs};
    dmap_map_options options = {.progress = -1};
    if (!s->pool)
        return 0;
    double began = bench_now();
    dmap_status status = dmap_map(s->pool, tasks[task->work.shape], source_of(task), sink, &options);
    double seconds = bench_now() - began;
    if (status == DMAP_OK)
        return seconds;
    fprintf(stderr, "bench: %s\n", dmap_error(s->pool));
    return -1;
}

static double run_into(void *arg, const bench_task *task) {
    return map_to(arg, task, task->work.shape == BENCH_RANGE ? dmap_discard() : dmap_into(task->results));
}

static int take(void *arg, const dmap_item_result *r) {
    ((uint64_t *)arg)[r->index] = *(const uint64_t *)r->data;
    return 0;
}

static double run_each(void *arg, const bench_task *task) {
    return map_to(arg, task, dmap_each(take, task->results));
}

#define DMAP_PEER(text, all, first, kinds, opened, function)                                                           \
    {                                                                                                                  \
        .name = text, .ranks = all, .is_dmap = first, .shapes = kinds, .divisor = 1, .open = opened, .run = function,  \
        .close = close_dmap                                                                                            \
    }

const bench_peer bench_dmap_threads = DMAP_PEER("dmap", false, true, BENCH_ALL_SHAPES, open_threads, run_into);
const bench_peer bench_dmap_threads_each =
    DMAP_PEER("dmap, each", false, false, 1u << BENCH_NULL, open_threads, run_each);
const bench_peer bench_dmap_ranks = DMAP_PEER("dmap", true, true, BENCH_ALL_SHAPES, open_ranks, run_into);
const bench_peer bench_dmap_ranks_each = DMAP_PEER("dmap, each", true, false, 1u << BENCH_NULL, open_ranks, run_each);
