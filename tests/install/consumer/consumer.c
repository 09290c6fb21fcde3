/* What somebody else's program does: a map over an array, without mpirun. Ends with 0 if every result is right. */
#include <stdio.h>

#include <dmap/dmap.h>
#include <dmap/mpi.h>

enum { COUNT = 1000 };

static int square_item(dmap_context *ctx, const void *item, void *result) {
    const double *x = item;
    (void)ctx;
    *(double *)result = *x * *x;
    return 0;
}

DMAP_TASK(square, .run = square_item, .item_size = sizeof(double), .result_size = sizeof(double));

static int run(dmap_pool *pool, int argc, char **argv) {
    double x[COUNT], y[COUNT];
    (void)argc;
    (void)argv;
    for (int i = 0; i < COUNT; i++)
        x[i] = i;
    if (dmap_map(pool, &square, dmap_array(x, COUNT), dmap_into(y), NULL) != DMAP_OK) {
        fprintf(stderr, "%s\n", dmap_error(pool));
        return 1;
    }
    for (int i = 0; i < COUNT; i++) {
        if (y[i] != x[i] * x[i]) {
            fprintf(stderr, "result %d is %g\n", i, y[i]);
            return 1;
        }
    }
    puts("1000 right results");
    return 0;
}

int main(int argc, char **argv) {
    /* dmap_open is called by programs that start MPI themselves; here its header and symbol are enough. */
    dmap_status (*open)(MPI_Comm, const dmap_options *, dmap_pool **) = dmap_open;
    return open ? dmap_run(argc, argv, run, NULL) : 1;
}
