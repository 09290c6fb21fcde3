/* Loops on the cores of one rank: the bare loop, which is the limit (each thread runs its part of the items, cut
 * beforehand, and the clock is read after all have begun and when the last has ended), the same with one copy of the
 * data, and OpenMP's schedules, with the clock round the parallel region, as a user would see it. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "peers.h"

typedef struct state {
    uint64_t sum;
    char *made;  /* run_memcpy: all results, to be copied */
    double slow; /* run_ideal_split: how many times longer than without a hog */
} state;

static void *open_loop(const bench_task *task) {
    state *s = calloc(1, sizeof *s);
    omp_set_dynamic(0);
    omp_set_num_threads(task->cores);
#pragma omp parallel
    bench_pin(omp_get_thread_num());
    s->slow = (double)task->cores / (task->cores - 0.5);
    return s;
}

static uint64_t close_loop(void *arg) {
    state *s = arg;
    uint64_t sum = s->sum;
    free(s->made);
    free(s);
    bench_unpin();
    return sum;
}

static const void *item_at(const bench_task *task, uint64_t i) {
    return (const char *)task->items + i * bench_item_size(&task->work);
}

static void *result_at(const bench_task *task, uint64_t i) {
    return (char *)task->results + i * bench_result_size(&task->work);
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

/* What the bare loop would take if one of the cores had half of its time taken away, and the work was split so. */
static double run_ideal_split(void *arg, const bench_task *task) {
    return run_bare(arg, task) * ((state *)arg)->slow;
}

/* Reckoned, not run. */
static double run_one_queue(void *arg, const bench_task *task) {
    (void)arg;
    for (uint64_t i = 0; i < task->work.tasks; i++)
        *(uint64_t *)result_at(task, i) = bench_null_task(*(const uint64_t *)item_at(task, i));
    return bench_spin_queue_s(&task->work, task->cores);
}

/* ---- with one copy ---- */

/* The task's own buffer lies between the items, or the results, and the task. */
static void copied_part(const bench_task *task, uint64_t begin, uint64_t end, char *buffer) {
    const bench_work *work = &task->work;
    for (uint64_t i = begin; i < end; i++) {
        if (work->shape == BENCH_GATHER) {
            bench_one(work, i, NULL, buffer);
            memcpy(result_at(task, i), buffer, work->size);
        } else {
            memcpy(buffer, item_at(task, i), work->size);
            bench_one(work, i, buffer, result_at(task, i));
        }
    }
}

static double run_one_copy(void *arg, const bench_task *task) {
    uint64_t n = task->work.tasks, cores = (uint64_t)task->cores;
    double began = 1e300, ended = 0;
    (void)arg;
#pragma omp parallel reduction(min : began) reduction(max : ended)
    {
        uint64_t t = (uint64_t)omp_get_thread_num();
        char *buffer = malloc(task->work.size);
        memset(buffer, 0, task->work.size);
#pragma omp barrier
        began = bench_now();
        copied_part(task, n * t / cores, n * (t + 1) / cores, buffer);
        ended = bench_now();
        free(buffer);
    }
    return ended - began;
}

/* One core copies results that were made beforehand. */
static double run_memcpy(void *arg, const bench_task *task) {
    state *s = arg;
    size_t size = (size_t)(task->work.tasks * task->work.size);
    if (!s->made) {
        s->made = malloc(size);
        bench_loop(&task->work, 0, task->work.tasks, NULL, s->made);
    }
    double began = bench_now();
    memcpy(task->results, s->made, size);
    return bench_now() - began;
}

/* ---- OpenMP ---- */

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
    } else if (work->shape == BENCH_PAIR) {
#pragma omp parallel for schedule(runtime)
        for (uint64_t i = 0; i < n; i++)
            ((bench_pair *)task->results)[i] = bench_pair_task(((const bench_pair *)task->items)[i], work->iterations);
    } else {
#pragma omp parallel for schedule(runtime)
        for (uint64_t i = 0; i < n; i++)
            bench_one(work, i, item_at(task, i), result_at(task, i));
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

#define LOOP_PEER(text, what, kinds, function)                                                                         \
    {                                                                                                                  \
        .name = text, .role = what, .spins = true, .shapes = kinds, .divisor = 1, .open = open_loop, .run = function,  \
        .close = close_loop                                                                                            \
    }

#define SHORT (BENCH_BIT(BENCH_NULL) | BENCH_BIT(BENCH_RANGE) | BENCH_BIT(BENCH_PAIR))
#define BULK  (BENCH_BIT(BENCH_GATHER) | BENCH_BIT(BENCH_SCATTER))

const bench_peer bench_bare_loop = LOOP_PEER("bare loop", BENCH_LIMIT, BENCH_MAPS & ~BENCH_BIT(BENCH_SPIN), run_bare);
const bench_peer bench_ideal_split = LOOP_PEER("ideal split", BENCH_LIMIT, 0, run_ideal_split);
const bench_peer bench_one_queue = LOOP_PEER("one queue, free", BENCH_LIMIT, BENCH_BIT(BENCH_SPIN), run_one_queue);
const bench_peer bench_one_copy = LOOP_PEER("bare loop, one copy", BENCH_LIMIT, BULK, run_one_copy);
const bench_peer bench_memcpy = LOOP_PEER("memcpy, one core", BENCH_OTHER, BENCH_BIT(BENCH_GATHER), run_memcpy);
const bench_peer bench_omp_static =
    LOOP_PEER("OpenMP static", BENCH_OTHER, BENCH_MAPS & ~BENCH_BIT(BENCH_BATCH), run_static);
const bench_peer bench_omp_dynamic_1 =
    LOOP_PEER("OpenMP dynamic,1", BENCH_OTHER, SHORT | BULK | BENCH_BIT(BENCH_SPIN), run_dynamic_1);
const bench_peer bench_omp_dynamic_100 = LOOP_PEER("OpenMP dynamic,100", BENCH_OTHER, SHORT, run_dynamic_100);
