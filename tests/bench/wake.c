/* What it costs to wake workers: CPU time of an item that comes alone, to a pool of workers of which all but one have
 * nothing to do. A source gives it when the one before has ended; the item itself is null.
 * usage: bench_wake [--quick|--tiny] [--out FILE] WORKERS BACKEND: a row goes to stdout, or is added to the file */
#include <stdlib.h>
#include <string.h>

#include <dmap/dmap.h>

#include "peer.h"
#include "row.h"

enum { REPEATS = 7 };

static struct {
    uint64_t items, given, ended;
    const char *backend;
    FILE *out;
} plan = {.items = 20000};

static int null_fn(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)item;
    return 0;
}

DMAP_TASK(bench_lone, .run = null_fn, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t));

static int next(void *arg, dmap_blob *item) {
    (void)arg;
    *item = (dmap_blob){&plan.given, sizeof plan.given};
    if (plan.given > plan.ended)
        return DMAP_PULL_LATER;
    if (plan.given == plan.items)
        return DMAP_PULL_END;
    plan.given++;
    return DMAP_PULL_ITEM;
}

static int take(void *arg, const dmap_item_result *result) {
    (void)arg, (void)result;
    plan.ended++;
    return 0;
}

static int refuse(const char *what) {
    fprintf(stderr, "bench_wake: %s\n", what);
    return 1;
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    double values[REPEATS];
    dmap_map_options options = {.progress = -1};
    (void)argc, (void)argv;
    for (int i = -1; i < REPEATS; i++) { /* the first to warm up */
        double began = bench_cpu_of_all(false);
        plan.given = plan.ended = 0;
        if (dmap_map(pool, &bench_lone, dmap_pull(next, NULL), dmap_each(take, NULL), &options) != DMAP_OK)
            return refuse(dmap_error(pool));
        values[i < 0 ? 0 : i] = (bench_cpu_of_all(false) - began) * 1e6 / (double)plan.items;
    }
    bench_row row = {.figure = "wake",
                     .title = "CPU time of an item that comes alone",
                     .unit = "us",
                     .x_name = "workers",
                     .x = dmap_workers(pool),
                     .where = plan.backend,
                     .system = "dmap",
                     .role = "dmap",
                     .items = plan.items,
                     .values = values,
                     .n_values = REPEATS};
    return bench_row_write(&row, plan.out) ? 0 : refuse("the row cannot be written");
}

int main(int argc, char **argv) {
    const char *path = NULL, *words[2] = {NULL, NULL};
    int n = 0;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            plan.items = 5000;
        else if (strcmp(argv[i], "--tiny") == 0)
            plan.items = 50;
        else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
            path = argv[++i];
        else
            words[n++ % 2] = argv[i];
    bool forks = words[1] && strcmp(words[1], "processes") == 0;
    dmap_options options = {.workers = words[0] ? atoi(words[0]) : 0,
                            .backend = forks ? DMAP_PROCESSES : DMAP_THREADS,
                            .bind = DMAP_BIND_NONE};
    if (n != 2 || options.workers < 1 || !(forks || strcmp(words[1], "threads") == 0))
        return refuse("usage: bench_wake [--quick|--tiny] [--out FILE] WORKERS threads|processes") + 1;
    plan.backend = words[1];
    plan.out = path ? fopen(path, "a") : stdout;
    if (!plan.out)
        return refuse("the file cannot be opened");
    int code = dmap_run(argc, argv, main_fn, &options);
    return fclose(plan.out) != 0 || code;
}
