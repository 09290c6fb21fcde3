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

/* What rank 0 tells the others, which come to the same place in `serve`: where the pool is to be opened (the end, all
 * ranks, the one of that number above), and what comes of it. */
enum { TOLD_END = 0, TOLD_ALL = 1, TOLD_ONE = 2 };

/* The communicator of two stays until MPI ends. */
static dmap_status open_told(const int told[2], const dmap_options *options, dmap_pool **pool) {
    MPI_Comm comm = MPI_COMM_WORLD;
    MPI_Group world, pair;
    int ranks[2] = {0, told[0] - TOLD_ONE};
    alarm(PATIENCE);
    if (told[0] >= TOLD_ONE) {
        MPI_Comm_group(MPI_COMM_WORLD, &world);
        MPI_Group_incl(world, 2, ranks, &pair);
        MPI_Comm_create_group(MPI_COMM_WORLD, pair, ranks[1], &comm);
        MPI_Group_free(&pair);
        MPI_Group_free(&world);
    }
    return dmap_open(comm, options, pool);
}

static dmap_pool *tell_and_open(int where, const dmap_options *options, dmap_status wanted) {
    dmap_pool *pool = NULL;
    int told[2] = {where, (int)wanted};
    int ranks = pools_ranks();
    for (int rank = 1; rank < ranks; rank++)
        if (where == TOLD_ALL || where - TOLD_ONE == rank)
            MPI_Send(told, 2, MPI_INT, rank, 0, MPI_COMM_WORLD);
    CU_ASSERT_EQUAL(open_told(told, options, &pool), wanted);
    return pool;
}

dmap_pool *pools_open(const dmap_options *options, dmap_status wanted) {
    return tell_and_open(TOLD_ALL, options, wanted);
}

dmap_pool *pools_open_with(int other, const dmap_options *options, dmap_status wanted) {
    return tell_and_open(TOLD_ONE + other, options, wanted);
}

static unsigned serve(void) {
    for (;;) {
        dmap_pool *none;
        int told[2];
        MPI_Recv(told, 2, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (told[0] == TOLD_END)
            return 0;
        if (open_told(told, &pools_back_end, &none) != (dmap_status)told[1])
            return 1;
    }
}

int pools_ranks(void) {
    int ranks;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    return ranks;
}

bool pools_is_multiple(void) {
    int level;
    MPI_Query_thread(&level);
    return level == MPI_THREAD_MULTIPLE;
}

static unsigned run_tests(void (*add_tests)(void)) {
    int told[2] = {TOLD_END, 0}, ranks = pools_ranks();
    CU_initialize_registry();
    add_tests();
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned bad = CU_get_number_of_failures() + (CU_get_number_of_tests_run() == 0);
    CU_cleanup_registry();
    for (int rank = 1; rank < ranks; rank++)
        MPI_Send(told, 2, MPI_INT, rank, 0, MPI_COMM_WORLD);
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
