/* Data for all tasks, and the trap beside it: a global variable that the main function sets is set on the master alone.
 * Tasks on other ranks, and in processes, see what it was at the start. What dmap_share gives they all see.
 * usage: shared_data, or mpirun -n N shared_data */
#include <dmap/dmap.h>
#include <inttypes.h>
#include <stdio.h>

static uint64_t factor = 1;

static int multiply(dmap_context *ctx, const void *item, void *result) {
    const uint64_t *shared = dmap_shared(ctx, NULL); /* not `factor`: here that may be 1 still */
    *(uint64_t *)result = *(const uint64_t *)item * *shared;
    return 0;
}

static void add(void *into, const void *from) {
    *(uint64_t *)into += *(const uint64_t *)from;
}
DMAP_TASK(shared_data_multiply, .run = multiply, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t),
          .combine = add);

static int work(dmap_pool *pool, int argc, char **argv) {
    uint64_t sum = 0;
    (void)argc, (void)argv;
    factor = 10;
    if (dmap_share(pool, &factor, sizeof factor) != DMAP_OK ||
        dmap_map(pool, &shared_data_multiply, dmap_range(0, 1000), dmap_fold(&sum), NULL) != DMAP_OK) {
        fprintf(stderr, "%s\n", dmap_error(pool));
        return 1;
    }
    printf("ten times the numbers below 1000 come to %" PRIu64 "\n", sum);
    return 0;
}

int main(int argc, char **argv) {
    /* Each worker is a process: with `factor` in the place of *shared the sum would be 499500, also without mpirun. */
    return dmap_run(argc, argv, work, &(dmap_options){.backend = DMAP_PROCESSES});
}
