#include "pools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/Basic.h>
#include <mpi.h>

#include <dmap/mpi.h>

#define PATIENCE 300 /* seconds, against hanging */

dmap_options pools_back_end;

static int square(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    uint64_t number = *(const uint64_t *)item;
    *(uint64_t *)result = number * number;
    return 0;
}
DMAP_TASK(pools_square, .run = square, .item_size = 8, .result_size = 8);

static int until_asked(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    while (!dmap_cancelled(ctx))
        usleep(1000);
    memset(result, 0, 8);
    return 0;
}
DMAP_TASK(pools_held, .run = until_asked, .item_size = 8, .result_size = 8);

/* What rank 0 tells the others, which come to the same place in `serve`. */
dmap_pool *pools_open(const dmap_options *options, dmap_status wanted) {
    dmap_pool *pool = NULL;
    int told[2] = {1, (int)wanted};
    alarm(PATIENCE);
    MPI_Bcast(told, 2, MPI_INT, 0, MPI_COMM_WORLD);
    CU_ASSERT_EQUAL(dmap_open(MPI_COMM_WORLD, options, &pool), wanted);
    return pool;
}

static unsigned serve(void) {
    for (;;) {
        dmap_pool *none;
        int told[2];
        MPI_Bcast(told, 2, MPI_INT, 0, MPI_COMM_WORLD);
        if (!told[0])
            return 0;
        alarm(PATIENCE);
        if (dmap_open(MPI_COMM_WORLD, &pools_back_end, &none) != (dmap_status)told[1])
            return 1;
    }
}

int pools_ranks(void) {
    int ranks;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    return ranks;
}

static unsigned run_tests(void (*add_tests)(void)) {
    int told[2] = {0, 0};
    CU_initialize_registry();
    add_tests();
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned bad = CU_get_number_of_failures() + (CU_get_number_of_tests_run() == 0);
    CU_cleanup_registry();
    MPI_Bcast(told, 2, MPI_INT, 0, MPI_COMM_WORLD);
    return bad;
}

static void choose_back_end(int argc, char **argv) {
    pools_back_end.workers = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
    if (!strcmp(argv[1], "serial"))
        pools_back_end.backend = DMAP_SERIAL;
    else
        pools_back_end.backend = strcmp(argv[1], "processes") ? DMAP_THREADS : DMAP_PROCESSES;
}

int pools_run(int argc, char **argv, bool threads, void (*add_tests)(void)) {
    int rank, provided;
    if (dmap_prefork(&argc, &argv) || argc < 2)
        return 2;
    choose_back_end(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    MPI_Init_thread(&argc, &argv, threads ? MPI_THREAD_SERIALIZED : MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    unsigned mine = rank ? serve() : run_tests(add_tests), all = 1;
    MPI_Allreduce(&mine, &all, 1, MPI_UNSIGNED, MPI_SUM, MPI_COMM_WORLD);
    MPI_Finalize();
    return all != 0;
}
