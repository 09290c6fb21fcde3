/* dmap, by its public API only: a pool on rank 0 alone with a thread or a process a core, and a pool on all ranks with
 * a worker each. The pool is opened anew for each point, so that the other systems find idle ranks. Other ranks serve
 * inside dmap_open and return from it when rank 0 closes the pool. What a task function needs besides its item lies in
 * memory that a rank shares with its processes, made before the fork server: the kernel's iterations, and a sum for
 * each worker, of which only that worker knows. */
#include <dmap/mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "peer_dmap.h"
#include "peers.h"

enum { MOST_WORKERS = 4096, LINE = 64 };

typedef struct state {
    dmap_pool *pool; /* NULL on the other ranks */
    MPI_Comm comm;
} state;

static struct {
    uint64_t iterations;
    struct {
        _Alignas(LINE) uint64_t sum;
    } workers[MOST_WORKERS];
} * shared;

bool bench_dmap_init(void) {
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared != MAP_FAILED;
}

static int null_fn(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = bench_null_task(*(const uint64_t *)item);
    return 0;
}

static int range_fn(dmap_context *ctx, const void *item, void *result) {
    (void)result;
    shared->workers[dmap_worker(ctx)].sum += bench_range_task(*(const uint64_t *)item, shared->iterations);
    return 0;
}

static int pair_fn(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(bench_pair *)result = bench_pair_task(*(const bench_pair *)item, shared->iterations);
    return 0;
}

static int spin_fn(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = bench_spin(*(const uint64_t *)item);
    return 0;
}

static int batch_fn(dmap_context *ctx, const void *items, void *results, size_t count) {
    (void)ctx;
    bench_batch(items, results, count);
    return 0;
}

DMAP_TASK(bench_null, .run = null_fn, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t));
DMAP_TASK(bench_range, .run = range_fn, .item_size = sizeof(uint64_t), .result_size = 0);
DMAP_TASK(bench_pairs, .run = pair_fn, .item_size = sizeof(bench_pair), .result_size = sizeof(bench_pair));
DMAP_TASK(bench_spins, .run = spin_fn, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t));
DMAP_TASK(bench_batches, .run_batch = batch_fn, .item_size = sizeof(double), .result_size = sizeof(double));

static const dmap_task *task_of(const bench_work *work) {
    switch (work->shape) {
    case BENCH_RANGE:
        return &bench_range;
    case BENCH_PAIR:
        return &bench_pairs;
    case BENCH_SPIN:
    case BENCH_FIRST:
        return &bench_spins;
    case BENCH_BATCH:
        return &bench_batches;
    case BENCH_GATHER:
    case BENCH_SCATTER:
        return bench_bulk_task(work);
    default:
        return &bench_null;
    }
}

/* ---- pools ---- */

static void *open_on(MPI_Comm comm, int workers, dmap_backend backend, const bench_task *task) {
    state *s = calloc(1, sizeof *s);
    dmap_options options = {.workers = workers, .backend = backend, .bind = DMAP_BIND_CORE};
    s->comm = comm;
    shared->iterations = task->work.iterations;
    for (int i = 0; i < MOST_WORKERS; i++)
        shared->workers[i].sum = 0;
    if (dmap_open(comm, &options, &s->pool) == DMAP_OK)
        return s;
    fprintf(stderr, "bench: %s\n", dmap_error(NULL));
    free(s);
    return NULL;
}

static void *open_threads(const bench_task *task) {
    return open_on(MPI_COMM_SELF, task->cores, DMAP_THREADS, task);
}

static void *open_processes(const bench_task *task) {
    return open_on(MPI_COMM_SELF, task->cores, DMAP_PROCESSES, task);
}

static void *open_ranks(const bench_task *task) {
    return open_on(MPI_COMM_WORLD, 1, DMAP_THREADS, task);
}

static void *open_ranks_processes(const bench_task *task) {
    return open_on(MPI_COMM_WORLD, 1, DMAP_PROCESSES, task);
}

static uint64_t close_dmap(void *arg) {
    state *s = arg;
    uint64_t sum = 0, all = 0;
    if (s->pool)
        dmap_close(s->pool);
    for (int i = 0; i < MOST_WORKERS; i++)
        sum += shared->workers[i].sum;
    MPI_Reduce(&sum, &all, 1, MPI_UINT64_T, MPI_SUM, 0, s->comm);
    free(s);
    return all;
}

/* ---- calls ---- */

static dmap_source source_of(const bench_task *task) {
    if (bench_item_size(&task->work) == 0)
        return dmap_range(0, task->work.tasks);
    return dmap_array(task->items, task->work.tasks);
}

static double map_with(const state *s, const bench_task *task, dmap_sink sink, bool explain) {
    dmap_map_options options = {.progress = -1, .explain = explain};
    if (!s->pool)
        return 0;
    double began = bench_now();
    dmap_status status = dmap_map(s->pool, task_of(&task->work), source_of(task), sink, &options);
    double seconds = bench_now() - began;
    if (status == DMAP_OK)
        return seconds;
    fprintf(stderr, "bench: %s\n", dmap_error(s->pool));
    return -1;
}

static double map_to(const state *s, const bench_task *task, dmap_sink sink) {
    return map_with(s, task, sink, false);
}

/* What it costs that workers tell what they do, and the master what it is at. */
static double run_explained(void *arg, const bench_task *task) {
    return map_with(arg, task, dmap_into(task->results), true);
}

static double run_into(void *arg, const bench_task *task) {
    return map_to(arg, task, task->work.shape == BENCH_RANGE ? dmap_discard() : dmap_into(task->results));
}

static int take(void *arg, const dmap_item_result *r) {
    ((uint64_t *)arg)[r->index] = *(const uint64_t *)r->data;
    return 0;
}

static int take_bytes(void *arg, const dmap_item_result *r) {
    memcpy((char *)arg + r->index * r->size, r->data, r->size);
    return 0;
}

static double run_each(void *arg, const bench_task *task) {
    return map_to(arg, task, dmap_each(task->work.shape == BENCH_NULL ? take : take_bytes, task->results));
}

/* What it takes to copy the table, to be looked at like other results, does not count. */
static double run_collect(void *arg, const bench_task *task) {
    dmap_results *table = NULL;
    size_t size = 0;
    double seconds = map_to(arg, task, dmap_collect(&table));
    for (uint64_t i = 0; seconds > 0 && i < task->work.tasks; i++) {
        const void *result = dmap_results_at(table, i, &size);
        if (!result)
            seconds = -1;
        else
            memcpy((char *)task->results + i * size, result, size);
    }
    dmap_results_free(table);
    return seconds;
}

typedef struct arrival {
    uint64_t *results;
    double at_s; /* of the first result */
} arrival;

static int arrive(void *arg, const dmap_item_result *r) {
    arrival *a = arg;
    if (r->index == 0)
        a->at_s = bench_now();
    return take(a->results, r);
}

static double run_first(void *arg, const bench_task *task) {
    arrival a = {.results = task->results};
    double began = bench_now();
    return map_to(arg, task, dmap_each(arrive, &a)) < 0 ? -1 : a.at_s - began;
}

/* The pool's ranks, their processes and, if there are several, the launcher; only what is burnt while it waits. */
static double run_idle(void *arg, const bench_task *task) {
    const state *s = arg;
    if (!s->pool)
        return 0;
    bool ranks = dmap_ranks(s->pool) > 1;
    double before = bench_cpu_of_all(ranks);
    bench_nap(1e-9 * (double)task->work.mean_ns);
    double burnt = bench_cpu_of_all(ranks) - before;
    return run_into(arg, task) < 0 ? -1 : burnt;
}

#define DMAP_PEER(text, where, what, kinds, opened, function)                                                          \
    {                                                                                                                  \
        .name = text, .place = where, .role = what, .ranks = (where) == BENCH_RANKS, .shapes = kinds, .divisor = 1,    \
        .open = opened, .run = function, .close = close_dmap                                                           \
    }
#define ALL (BENCH_MAPS | BENCH_BIT(BENCH_OPEN) | BENCH_BIT(BENCH_CLOSE))
/* Shapes that a peer of their own runs. */
#define FIRST   BENCH_BIT(BENCH_FIRST)
#define IDLE    BENCH_BIT(BENCH_IDLE)
#define EACH    (BENCH_BIT(BENCH_NULL) | BENCH_BIT(BENCH_GATHER))
#define COLLECT BENCH_BIT(BENCH_GATHER)
#define EXPLAIN (BENCH_BIT(BENCH_NULL) | BENCH_BIT(BENCH_PAIR))

const bench_peer bench_dmap_threads = DMAP_PEER("dmap", BENCH_THREADS, BENCH_BASE, ALL, open_threads, run_into);
const bench_peer bench_dmap_threads_each =
    DMAP_PEER("dmap, each", BENCH_THREADS, BENCH_FORM, EACH, open_threads, run_each);
const bench_peer bench_dmap_threads_collect =
    DMAP_PEER("dmap, collect", BENCH_THREADS, BENCH_FORM, COLLECT, open_threads, run_collect);
const bench_peer bench_dmap_threads_explained =
    DMAP_PEER("dmap, explained", BENCH_THREADS, BENCH_FORM, EXPLAIN, open_threads, run_explained);
const bench_peer bench_dmap_threads_first =
    DMAP_PEER("dmap", BENCH_THREADS, BENCH_BASE, FIRST, open_threads, run_first);
const bench_peer bench_dmap_threads_idle = DMAP_PEER("dmap", BENCH_THREADS, BENCH_BASE, IDLE, open_threads, run_idle);
const bench_peer bench_dmap_processes = DMAP_PEER("dmap", BENCH_PROCESSES, BENCH_BASE, ALL, open_processes, run_into);
const bench_peer bench_dmap_processes_first =
    DMAP_PEER("dmap", BENCH_PROCESSES, BENCH_BASE, FIRST, open_processes, run_first);
const bench_peer bench_dmap_processes_idle =
    DMAP_PEER("dmap", BENCH_PROCESSES, BENCH_BASE, IDLE, open_processes, run_idle);
const bench_peer bench_dmap_ranks = DMAP_PEER("dmap", BENCH_RANKS, BENCH_BASE, ALL, open_ranks, run_into);
const bench_peer bench_dmap_ranks_each = DMAP_PEER("dmap, each", BENCH_RANKS, BENCH_FORM, EACH, open_ranks, run_each);
const bench_peer bench_dmap_ranks_collect =
    DMAP_PEER("dmap, collect", BENCH_RANKS, BENCH_FORM, COLLECT, open_ranks, run_collect);
const bench_peer bench_dmap_ranks_explained =
    DMAP_PEER("dmap, explained", BENCH_RANKS, BENCH_FORM, EXPLAIN, open_ranks, run_explained);
const bench_peer bench_dmap_ranks_first = DMAP_PEER("dmap", BENCH_RANKS, BENCH_BASE, FIRST, open_ranks, run_first);
const bench_peer bench_dmap_ranks_idle = DMAP_PEER("dmap", BENCH_RANKS, BENCH_BASE, IDLE, open_ranks, run_idle);
const bench_peer bench_dmap_ranks_processes =
    DMAP_PEER("dmap, processes", BENCH_RANKS, BENCH_FORM, ALL & ~BENCH_BIT(BENCH_SPIN), open_ranks_processes, run_into);
