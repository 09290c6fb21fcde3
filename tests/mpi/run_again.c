/* dmap_run where it may not run, as MPI starts once in a program: after another, inside another, and after MPI_Init.
 * What was there before it goes on. Without a launcher there is no MPI, and it may run as often as one likes. And
 * MPI_Finalize where it cannot return, in the midst of a call.
 *
 * usage: run_again after|inside|init; status 0: it was as it should be
 *        run_again finalize; ended by SIGALRM, after a sentence on stderr */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mpi.h>

#include <dmap/dmap.h>

static const dmap_options options = {.workers = 1};
static const char *what;
static int bad, runs;

static int square(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    uint64_t number = *(const uint64_t *)item;
    *(uint64_t *)result = number * number;
    return 0;
}

DMAP_TASK(again_square, .run = square, .item_size = 8, .result_size = 8);

static int doze(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    usleep(1000);
    return 0;
}

DMAP_TASK(again_doze, .run = doze, .item_size = 8);

static void leave(int number) {
    _exit(number);
}

static int end_mpi(void *arg, const dmap_progress *progress) {
    (void)arg, (void)progress;
    signal(SIGALRM, leave);
    alarm(2);
    MPI_Finalize();
    return 1;
}

static int map(dmap_pool *pool) {
    uint64_t results[20];
    if (dmap_map(pool, &again_square, dmap_range(0, 20), dmap_into(results), NULL) != DMAP_OK)
        return 1;
    return results[19] != 361;
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    runs++;
    bad += map(pool);
    if (!strcmp(what, "finalize"))
        dmap_map(pool, &again_doze, dmap_range(0, 1000000), dmap_discard(), &(dmap_map_options){.on_watch = end_mpi});
    if (!strcmp(what, "inside") && runs == 1) {
        bad += (dmap_run(argc, argv, main_fn, &options) != 0) != (getenv("DMAP_LAUNCHED") != NULL);
        bad += map(pool);
    }
    return bad;
}

int main(int argc, char **argv) {
    int is_launched = getenv("DMAP_LAUNCHED") != NULL, has_ended = 0;
    what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "init")) {
        MPI_Init(&argc, &argv);
        bad += (dmap_run(argc, argv, main_fn, &options) != 0) != is_launched;
        MPI_Finalized(&has_ended);
        bad += has_ended;
        if (!has_ended)
            MPI_Finalize();
    } else {
        bad += dmap_run(argc, argv, main_fn, &options) != 0;
        if (!strcmp(what, "after"))
            bad += (dmap_run(argc, argv, main_fn, &options) != 0) != is_launched;
    }
    if (bad)
        fprintf(stderr, "run_again %s: %d faults\n", what, bad);
    return bad != 0;
}
