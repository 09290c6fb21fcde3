/* The smallest map: a function over numbers, results in their places.
 * usage: smallest, or mpirun -n N smallest */
#include <dmap/dmap.h>
#include <stdio.h>

static int square(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(double *)result = *(const double *)item * *(const double *)item;
    return 0; /* anything else: this item failed */
}
DMAP_TASK(smallest_square, .run = square, .item_size = sizeof(double), .result_size = sizeof(double));

static int work(dmap_pool *pool, int argc, char **argv) { /* on the master only */
    double items[1000], results[1000];
    (void)argc, (void)argv;
    for (int i = 0; i < 1000; i++)
        items[i] = i;
    if (dmap_map(pool, &smallest_square, dmap_array(items, 1000), dmap_into(results), NULL) != DMAP_OK) {
        fprintf(stderr, "%s\n", dmap_error(pool));
        return 1;
    }
    printf("the last square is %g\n", results[999]);
    return 0;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, work, NULL); /* on every rank */
}
