/* A map on simulated ranks: what the master's thread is busy with, and how well the workers are used. All that is
 * simulated is the machine: the ranks run the library's own code, from dmap_open on. usage: smpi_map ITEM_SECONDS
 * ITEMS_PER_WORKER WORKERS uniform|exponential|pareto (under smpirun) */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dmap/mpi.h>

#include "base/clock.h"
#include "virtual.h"

virtual_work virtual_work_now;

static const char *const loads[VIRTUAL_LOADS] = {"uniform", "exponential", "pareto"};

/* SplitMix64's finaliser. */
uint64_t virtual_result(uint64_t index) {
    uint64_t z = (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Pareto: of exponent 1.5, whose mean is three times the least. */
double virtual_seconds(uint64_t index) {
    double mean_s = virtual_work_now.mean_s;
    double u = ((double)(virtual_result(index + (UINT64_C(1) << 62)) >> 11) + 1) * 0x1p-53;
    switch (virtual_work_now.load) {
    case VIRTUAL_EXPONENTIAL:
        return -mean_s * log(u);
    case VIRTUAL_PARETO:
        return mean_s / 3 * pow(u, -1 / 1.5);
    default:
        return mean_s;
    }
}

static int never(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    return 1;
}

DMAP_TASK(smpi_item, .run = never, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t));

typedef struct figures {
    double elapsed_s, slept_s, bound_s;
    uint64_t wrong;
    dmap_report report;
} figures;

/* max(work / workers, longest item): nothing can be faster. */
static double bound_s(uint64_t count, int workers) {
    double sum = 0, longest = 0;
    for (uint64_t i = 0; i < count; i++) {
        double s = virtual_seconds(i);
        sum += s;
        longest = s > longest ? s : longest;
    }
    return sum / workers > longest ? sum / workers : longest;
}

static int map(dmap_pool *pool, uint64_t count, figures *f) {
    uint64_t *results = calloc((size_t)count, sizeof *results);
    if (!results)
        return 1;
    double began_s = dmap__clock_now(), slept_s = virtual_me()->slept_s;
    dmap_map_options options = {.progress = -1};
    dmap_status status = dmap_map(pool, &smpi_item, dmap_range(0, count), dmap_into(results), &options);
    f->elapsed_s = dmap__clock_now() - began_s;
    f->slept_s = virtual_me()->slept_s - slept_s;
    for (uint64_t i = 0; i < count; i++)
        f->wrong += results[i] != virtual_result(i);
    free(results);
    if (status != DMAP_OK)
        fprintf(stderr, "smpi_map: %s\n", dmap_error(pool));
    dmap_report_get(pool, &f->report);
    return status != DMAP_OK;
}

static int be_master(dmap_pool *pool, uint64_t per_worker) {
    figures f = {0};
    int workers = dmap_workers(pool);
    uint64_t count = per_worker * (uint64_t)workers;
    f.bound_s = bound_s(count, workers);
    if (map(pool, count, &f))
        return 1;
    printf("%6d ranks %7d workers  %-11s items of %-7g s: efficiency %5.1f%%  master busy %5.1f%%  chunks %7llu  "
           "%6.0f chunks/s  %.4f s%s\n",
           dmap_ranks(pool), workers, loads[virtual_work_now.load], virtual_work_now.mean_s,
           100 * f.bound_s / f.elapsed_s, 100 * (1 - f.slept_s / f.elapsed_s), (unsigned long long)f.report.chunks,
           (double)f.report.chunks / f.elapsed_s, f.elapsed_s, f.wrong ? "  WRONG RESULTS" : "");
    return f.wrong != 0;
}

static int read_arguments(int argc, char **argv, uint64_t *per_worker) {
    if (argc != 5)
        return 1;
    int load = 0;
    while (load < VIRTUAL_LOADS && strcmp(argv[4], loads[load]) != 0)
        load++;
    virtual_work_now = (virtual_work){(int)strtol(argv[3], NULL, 10), strtod(argv[1], NULL), (virtual_load)load};
    *per_worker = strtoull(argv[2], NULL, 10);
    return load == VIRTUAL_LOADS || virtual_work_now.workers < 1 || !(virtual_work_now.mean_s > 0) || !*per_worker;
}

int main(int argc, char **argv) {
    uint64_t per_worker = 0;
    dmap_pool *pool = NULL;
    int code = 0;
    MPI_Init(&argc, &argv);
    if (read_arguments(argc, argv, &per_worker)) {
        fprintf(stderr, "usage: smpi_map ITEM_SECONDS ITEMS_PER_WORKER WORKERS uniform|exponential|pareto\n");
        code = 2;
    } else if (dmap_open(MPI_COMM_WORLD, NULL, &pool) != DMAP_OK) {
        fprintf(stderr, "smpi_map: %s\n", dmap_error(NULL));
        code = 1;
    } else if (pool) {
        code = be_master(pool, per_worker);
        dmap_close(pool);
    }
    MPI_Finalize();
    return code;
}
