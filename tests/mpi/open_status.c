/* Opens a pool on all ranks and prints what each was told: "rank 1: DMAP_EMISMATCH: …". Compiled twice: with
 * OPEN_OTHER it has another table of tasks, and under one mpirun the two must find out. Status 0 if the pool opened. */
#include <stdio.h>

#include <mpi.h>

#include <dmap/mpi.h>

static int run(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    return 0;
}

DMAP_TASK(open_first, .run = run, .item_size = 8);
#ifdef OPEN_OTHER
DMAP_TASK(open_second, .run = run, .item_size = 16);
#else
DMAP_TASK(open_second, .run = run, .item_size = 8);
#endif

int main(int argc, char **argv) {
    int rank;
    dmap_pool *pool;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    dmap_status status = dmap_open(MPI_COMM_WORLD, NULL, &pool);
    fprintf(stderr, "rank %d: %s: %s\n", rank, dmap_status_name(status), dmap_error(NULL));
    if (pool)
        dmap_close(pool);
    MPI_Finalize();
    return status != DMAP_OK;
}
