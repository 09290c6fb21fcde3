/* The figures. Amounts of work come in three lengths: quick, full, tiny. On two cores that have nothing else to do they
 * come to about a minute, and to twenty; the limits keep `run --quick` under two minutes and `run` under thirty where
 * they have. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FIGURES = 64 };

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

/* ---- what is said of a point ---- */

static double rate(const bench_work *work, const bench_timing *t, int cores) {
    (void)cores;
    return (double)work->tasks / t->best;
}

static double gigabytes(const bench_work *work, const bench_timing *t, int cores) {
    uint64_t bytes = work->shape == BENCH_BATCH ? 2 * sizeof(double) : work->size;
    return rate(work, t, cores) * (double)bytes * 1e-9;
}

static double efficiency(const bench_work *work, const bench_timing *t, int cores) {
    return 100 * bench_spin_ideal_s(work, cores) / t->best;
}

static double latency(const bench_work *work, const bench_timing *t, int cores) {
    (void)work, (void)cores;
    return t->median * 1e6;
}

static double after_item(const bench_work *work, const bench_timing *t, int cores) {
    (void)cores;
    return (t->median - 1e-9 * (double)work->mean_ns) * 1e6;
}

/* A program of its own says the whole in its one run. */
static double opening(const bench_work *work, const bench_timing *t, int cores) {
    (void)work, (void)cores;
    return t->open * 1e3;
}

static double closing(const bench_work *work, const bench_timing *t, int cores) {
    (void)work, (void)cores;
    return t->close * 1e3;
}

static double percent_burnt(const bench_work *work, const bench_timing *t, int cores) {
    (void)cores;
    return 100 * t->best / (1e-9 * (double)work->mean_ns);
}

/* ---- the list ---- */

static bench_figure *add(bench_plan *plan, bench_figure figure) {
    if (!figure.runs)
        figure.runs = 3;
    if (plan->length == BENCH_TINY)
        figure.runs = 1, figure.warmups = 0;
    plan->figures[plan->n] = figure;
    return &plan->figures[plan->n++];
}

static uint64_t by_length(const bench_plan *plan, uint64_t quick, uint64_t full, uint64_t tiny) {
    return plan->length == BENCH_QUICK ? quick : plan->length == BENCH_FULL ? full : tiny;
}

static void add_short_items(bench_plan *plan) {
    uint64_t tasks = by_length(plan, 100000, 1000000, 2000);
    add(plan, (bench_figure){.name = "null",
                             .title = "null items, 8 bytes in and out, in order",
                             .unit = "items/s",
                             .work = {.shape = BENCH_NULL, .tasks = by_length(plan, 2000000, 10000000, 20000)},
                             .value = rate,
                             .warmups = 1,
                             .more_is_better = true});
    add(plan, (bench_figure){.name = "metg-range",
                             .title = "METG(50%), range: the index in, nothing out",
                             .unit = "ns",
                             .work = {.shape = BENCH_RANGE, .tasks = tasks},
                             .warmups = 1});
    add(plan, (bench_figure){.name = "metg-pair",
                             .title = "METG(50%), 16 bytes in and out, in order",
                             .unit = "ns",
                             .work = {.shape = BENCH_PAIR, .tasks = tasks},
                             .warmups = 1});
}

static void add_bulk(bench_plan *plan, const char *name, const char *title, const char *x_name, bench_shape shape) {
    static const uint64_t sizes[] = {8, KIB, 64 * KIB, MIB, 64 * MIB};
    uint64_t most = by_length(plan, 64 * MIB, 256 * MIB, MIB);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && 2 * sizes[i] <= 2 * most; i++) {
        uint64_t bytes = sizes[i] < KIB ? most / 8 : sizes[i] < most / 2 ? most : 2 * sizes[i];
        add(plan, (bench_figure){.name = name,
                                 .title = title,
                                 .unit = "GB/s",
                                 .work = {.shape = shape, .tasks = bytes / sizes[i], .size = sizes[i]},
                                 .value = gigabytes,
                                 .x_name = x_name,
                                 .x = (double)sizes[i],
                                 .runs = 2,
                                 .warmups = 1,
                                 .more_is_better = true});
    }
}

static void add_skewed(bench_plan *plan, bench_skew skew, const char *name, const char *title) {
    const int longest = (int)by_length(plan, 1, 4, 1);
    uint64_t mean_ns = plan->length == BENCH_FULL ? 10000 : 100000;
    for (int i = 0; i < longest; i++, mean_ns *= 10) {
        uint64_t tasks = by_length(plan, 100000000, 400000000, 4000000) / mean_ns;
        if (plan->length != BENCH_TINY && tasks < 200)
            tasks = 200;
        add(plan, (bench_figure){.name = name,
                                 .title = title,
                                 .unit = "%",
                                 .work = {.shape = BENCH_SPIN, .tasks = tasks, .mean_ns = mean_ns, .skew = skew},
                                 .value = efficiency,
                                 .x_name = "us, the mean item",
                                 .x = (double)mean_ns * 1e-3,
                                 .runs = 1,
                                 .warmups = 1,
                                 .more_is_better = true});
    }
}

static void add_all_skewed(bench_plan *plan) {
    static const struct {
        bench_skew skew;
        const char *name, *title;
    } all[] = {
        {BENCH_UNIFORM, "skew-uniform", "skewed work, uniform: of max(sum/P, longest)"},
        {BENCH_EXPONENTIAL, "skew-exponential", "skewed work, exponential: of max(sum/P, longest)"},
        {BENCH_PARETO, "skew-pareto", "skewed work, Pareto 1.5: of max(sum/P, longest)"},
        {BENCH_BIMODAL, "skew-1in100", "skewed work, 1% are 100 times as long: of max(sum/P, longest)"},
        {BENCH_ASCENDING, "skew-ascending", "skewed work, shortest first: of max(sum/P, longest)"},
        {BENCH_DESCENDING, "skew-descending", "skewed work, longest first: of max(sum/P, longest)"},
        {BENCH_FRONT, "skew-front", "skewed work, half of it in the first tenth: of max(sum/P, longest)"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        add_skewed(plan, all[i].skew, all[i].name, all[i].title);
}

/* An item is about 50 us. */
static void add_heavy(bench_plan *plan) {
    const bench_work work = {.shape = BENCH_PAIR, .tasks = by_length(plan, 1000, 10000, 20), .iterations = 20000};
    add(plan, (bench_figure){.name = "heavy",
                             .title = "uniform heavy items",
                             .unit = "items/s",
                             .work = work,
                             .value = rate,
                             .warmups = 1,
                             .more_is_better = true});
    add(plan, (bench_figure){.name = "half",
                             .title = "uniform heavy items, a CPU hog on one of the cores",
                             .unit = "items/s",
                             .work = work,
                             .value = rate,
                             .runs = 1,
                             .warmups = 1,
                             .more_is_better = true,
                             .hog = true});
    add(plan, (bench_figure){.name = "batch",
                             .title = "doubles in and out by run_batch: memory bandwidth",
                             .unit = "GB/s",
                             .work = {.shape = BENCH_BATCH, .tasks = by_length(plan, 4000000, 16000000, 4000)},
                             .value = gigabytes,
                             .warmups = 1,
                             .more_is_better = true});
}

static void add_waits(bench_plan *plan) {
    const bench_work one = {.shape = BENCH_NULL, .tasks = 1};
    add(plan, (bench_figure){.name = "latency",
                             .title = "one null item on a warm pool, there and back",
                             .unit = "us",
                             .work = one,
                             .value = latency,
                             .runs = (int)by_length(plan, 200, 1000, 5),
                             .warmups = 3});
    add(plan, (bench_figure){.name = "first",
                             .title = "first of 200 results of 1 ms each on a warm pool: what it takes beyond the item",
                             .unit = "us",
                             .work = {.shape = BENCH_FIRST,
                                      .tasks = by_length(plan, 50, 200, 4),
                                      .mean_ns = by_length(plan, 1000000, 1000000, 100000)},
                             .value = after_item,
                             .runs = 5,
                             .warmups = 1});
    add(plan, (bench_figure){.name = "open",
                             .title = "start-up: from opening a pool to the first result",
                             .unit = "ms",
                             .work = {.shape = BENCH_OPEN, .tasks = 1},
                             .value = opening,
                             .runs = 1});
    add(plan, (bench_figure){.name = "close",
                             .title = "shut-down: closing a pool",
                             .unit = "ms",
                             .work = {.shape = BENCH_CLOSE, .tasks = 1},
                             .value = closing,
                             .runs = 1});
    add(plan,
        (bench_figure){
            .name = "idle",
            .title = "CPU time of all ranks while the pool waits, in % of one core",
            .unit = "%",
            .work = {.shape = BENCH_IDLE, .tasks = 1, .mean_ns = by_length(plan, 500000000, 2000000000, 10000000)},
            .value = percent_burnt,
            .runs = 1,
            .warmups = plan->length == BENCH_FULL});
}

static void add_flight(bench_plan *plan) {
    add(plan, (bench_figure){.name = "flight-one",
                             .title = "one submitted null item on a warm pool, there and back, one after the other",
                             .unit = "us",
                             .work = {.shape = BENCH_SUBMIT, .tasks = 1},
                             .value = latency,
                             .runs = (int)by_length(plan, 200, 1000, 5),
                             .warmups = 10});
    add(plan, (bench_figure){.name = "flight-asleep",
                             .title = "the same, each after 2 ms in which the pool had nothing to do",
                             .unit = "us",
                             .work = {.shape = BENCH_SUBMIT, .tasks = 1, .mean_ns = 2000000},
                             .value = latency,
                             .runs = (int)by_length(plan, 50, 200, 2),
                             .warmups = 3});
    add(plan, (bench_figure){.name = "flight-many",
                             .title = "submitted null items, 1,000 in flight",
                             .unit = "items/s",
                             .work = {.shape = BENCH_SUBMIT, .tasks = by_length(plan, 200000, 2000000, 2000)},
                             .value = rate,
                             .warmups = 1,
                             .more_is_better = true});
}

bool bench_plan_init(bench_plan *plan, bench_length length) {
    *plan = (bench_plan){.length = length, .room = MOST_FIGURES};
    plan->figures = calloc(MOST_FIGURES, sizeof *plan->figures);
    if (!plan->figures)
        return false;
    add_short_items(plan);
    add_bulk(plan, "gather", "ordered gather", "bytes a result", BENCH_GATHER);
    add_bulk(plan, "scatter", "scatter", "bytes an item", BENCH_SCATTER);
    add_all_skewed(plan);
    add_heavy(plan);
    add_waits(plan);
    add_flight(plan);
    return true;
}

void bench_plan_fini(bench_plan *plan) {
    free(plan->figures);
}

bool bench_is_metg(const bench_figure *figure) {
    return strncmp(figure->name, "metg", 4) == 0;
}

int bench_plan_repeats(const bench_plan *plan, const bench_figure *figure) {
    bool is_long = figure->x_name != NULL || figure->work.shape == BENCH_IDLE;
    if (plan->length == BENCH_TINY)
        return 1;
    if (plan->length == BENCH_QUICK)
        return is_long ? 2 : 3;
    return is_long ? 3 : 7;
}

double bench_plan_limit_s(const bench_plan *plan, const bench_figure *figure) {
    bool is_quick = plan->length != BENCH_FULL;
    if (bench_is_metg(figure))
        return is_quick ? 10 : 200;
    if (figure->work.shape == BENCH_NULL || figure->work.shape == BENCH_IDLE)
        return is_quick ? 6 : 60;
    return is_quick ? 2 : 20;
}
