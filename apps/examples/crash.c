/* A crash that costs one item: with DMAP_PROCESSES each worker runs the task in a process of its own. One that dies is
 * replaced; its item is reported, and all others are done.
 * usage: crash, or mpirun -n N crash */
#include <dmap/dmap.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int divide(dmap_context *ctx, const void *item, void *result) {
    const uint64_t n = *(const uint64_t *)item;
    (void)ctx;
    if (n == 13)
        raise(SIGSEGV); /* a bug */
    if (n == 17)
        exit(3); /* a library that means well */
    *(uint64_t *)result = 1000 / (n + 1);
    return 0;
}
DMAP_TASK(crash_divide, .run = divide, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t));

static int work(dmap_pool *pool, int argc, char **argv) {
    dmap_results *results;
    uint64_t good = 0;
    (void)argc, (void)argv;
    dmap_map(pool, &crash_divide, dmap_range(0, 100), dmap_collect(&results),
             &(dmap_map_options){.on_error = DMAP_KEEP_GOING});
    for (uint64_t i = 0; i < dmap_results_count(results); i++)
        if (dmap_results_status(results, i) == DMAP_ITEM_OK)
            good++;
        else
            printf("item %" PRIu64 " %s\n", i,
                   dmap_results_status(results, i) == DMAP_ITEM_CRASHED ? "crashed" : "failed");
    printf("%" PRIu64 " items are done\n", good);
    dmap_results_free(results);
    return 0;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, work, &(dmap_options){.backend = DMAP_PROCESSES});
}
