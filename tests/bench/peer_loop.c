/* Loops on the cores of one rank: the bare loop, which is the limit (each thread runs its part of the items, cut
 * beforehand, and the clock is read after all have begun and when the last has ended), and OpenMP's schedules, with the
 * clock round the parallel region, as a user would see it. */
#include <omp.h>
#include <stdlib.h>

#include "peer.h"

typedef struct state {
    uint64_t sum;
} state;

static void *open_loop(const bench_task *task) {
    omp_set_dynamic(0);
    omp_set_num_threads(task->cores);
#pragma omp parallel
    bench_pin(omp_get_thread_num());
    return calloc(1, sizeof(state));
}

static uint64_t close_loop(void *arg) {
    state *s = arg;
    uint64_t sum = s->sum;
    free(s);
    bench_unpin();
    return sum;
}

static const void *item_at(const bench_task *task, uint64_t i) {
    return (const char *)task->items + i * bench_item_size(task->work.shape);
}

static void *result_at(const bench_task *task, uint64_t i) {
    return (char *)task->results + i * bench_item_size(task->work.shape);
}

static double run_bare(void *arg, const bench_task *task) {
    state *s = arg;
    uint64_t sum = 0, n = task->work.tasks, cores = (uint64_t)task->cores;
    double began = 1e300, ended = 0;
#pragma omp parallel reduction(+ : sum) reduction(min : began) reduction(max : ended)
    {
        uint64_t t = (uint64_t)omp_get_thread_num(), begin = n * t / cores;
#pragma omp barrier
        began = bench_now();
        sum += bench_loop(&task->work, begin, n * (t + 1) / cores, item_at(task, begin), result_at(task, begin));
        ended = bench_now();
    }
    s->sum += sum;
    return ended - began;
}

/* One item at a time, by the schedule that omp_set_schedule has set. */
static double run_omp(state *s, const bench_task *task) {
    const bench_work *work = &task->work;
    const uint64_t n = work->tasks;
    uint64_t sum = 0;
    double began = bench_now();
    if (work->shape == BENCH_RANGE) {
#pragma omp parallel for schedule(runtime) reduction(+ : sum)
        for (uint64_t i = 0; i < n; i++)
            sum += bench_range_task(i, work->iterations);
    } else if (work->shape == BENCH_NULL) {
#pragma omp parallel for schedule(runtime)
        for (uint64_t i = 0; i < n; i++)
            ((uint64_t *)task->results)[i] = bench_null_task(((const uint64_t *)task->items)[i]);
    } else {
#pragma omp parallel for schedule(runtime)
        for (uint64_t i = 0; i < n; i++)
            ((bench_pair *)task->results)[i] = bench_pair_task(((const bench_pair *)task->items)[i], work->iterations);
    }
    s->sum += sum;
    return bench_now() - began;
}

static double run_static(void *arg, const bench_task *task) {
    omp_set_schedule(omp_sched_static, 0);
    return run_omp(arg, task);
}

static double run_dynamic_1(void *arg, const bench_task *task) {
    omp_set_schedule(omp_sched_dynamic, 1);
    return run_omp(arg, task);
}

static double run_dynamic_100(void *arg, const bench_task *task) {
    omp_set_schedule(omp_sched_dynamic, 100);
    return run_omp(arg, task);
}

#define LOOP_PEER(text, function)                                                                                      \
    {                                                                                                                  \
        .name = text, .spins = true, .shapes = BENCH_ALL_SHAPES, .divisor = 1, .open = open_loop, .run = function,     \
        .close = close_loop                                                                                            \
    }

const bench_peer bench_bare_loop = LOOP_PEER("bare loop", run_bare);
const bench_peer bench_omp_static = LOOP_PEER("OpenMP static", run_static);
const bench_peer bench_omp_dynamic_1 = LOOP_PEER("OpenMP dynamic,1", run_dynamic_1);
const bench_peer bench_omp_dynamic_100 = LOOP_PEER("OpenMP dynamic,100", run_dynamic_100);
