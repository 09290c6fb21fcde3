/* Inside an existing MPI program: MPI is the program's own; pools are opened on communicators of its choice, here on
 * one of each half of the ranks. Rank 0 of a communicator is the master; the others serve until it closes the pool.
 * usage: in_mpi, or mpirun -n N in_mpi */
#include <dmap/mpi.h>
#include <inttypes.h>
#include <stdio.h>

static int cube(dmap_context *ctx, const void *item, void *result) {
    const uint64_t n = *(const uint64_t *)item;
    (void)ctx;
    *(uint64_t *)result = n * n * n;
    return 0;
}

static void add(void *into, const void *from) {
    *(uint64_t *)into += *(const uint64_t *)from;
}
DMAP_TASK(in_mpi_cube, .run = cube, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t), .combine = add);

int main(int argc, char **argv) {
    int rank, ranks;
    uint64_t sum = 0, all = 0;
    MPI_Comm half;
    dmap_pool *pool;
    dmap_prefork(&argc, &argv); /* before MPI, for DMAP_BACKEND=processes */
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
    dmap_status status = dmap_open(half, NULL, &pool);
    if (status == DMAP_OK && pool) { /* the master of its half, which does the even numbers, or the odd ones */
        uint64_t numbers[100], n = 0;
        for (uint64_t i = 0; i < 100; i++)
            if (ranks == 1 || i % 2 == (uint64_t)rank)
                numbers[n++] = i;
        status = dmap_map(pool, &in_mpi_cube, dmap_array(numbers, n), dmap_fold(&sum), NULL);
        dmap_close(pool);
    }
    if (status != DMAP_OK)
        fprintf(stderr, "rank %d: %s\n", rank, dmap_error(NULL));
    MPI_Reduce(&sum, &all, 1, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("the cubes of the numbers below 100 come to %" PRIu64 "\n", all);
    MPI_Comm_free(&half);
    MPI_Finalize();
    return status != DMAP_OK;
}
