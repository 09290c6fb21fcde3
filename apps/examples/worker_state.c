/* A worker's own state: made once a worker by setup (an initializer, in Python), found by dmap_local in each item,
 * freed by teardown. Here it is a table that would be slow to make for each item, and that no two workers may share, as
 * they write to it. usage: worker_state, or mpirun -n N worker_state */
#include <dmap/dmap.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 100000 };

static int make_table(dmap_context *ctx) {
    unsigned char *table = malloc(LIMIT);
    dmap_set_local(ctx, table);
    return table ? 0 : dmap_fail(ctx, 1, "out of memory");
}

static void free_table(dmap_context *ctx) {
    free(dmap_local(ctx));
}

/* How many primes are below the item, by a sieve in the worker's table. */
static int count_primes(dmap_context *ctx, const void *item, void *result) {
    const uint64_t limit = *(const uint64_t *)item;
    unsigned char *is_composite = dmap_local(ctx);
    uint64_t count = 0;
    memset(is_composite, 0, (size_t)limit);
    for (uint64_t i = 2; i < limit; i++) {
        count += !is_composite[i];
        for (uint64_t k = i * i; !is_composite[i] && k < limit; k += i)
            is_composite[k] = 1;
    }
    *(uint64_t *)result = count;
    return 0;
}
DMAP_TASK(worker_state_primes, .run = count_primes, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t),
          .setup = make_table, .teardown = free_table);

static int work(dmap_pool *pool, int argc, char **argv) {
    const uint64_t limits[] = {10, 100, 1000, 10000, LIMIT};
    uint64_t counts[5];
    (void)argc, (void)argv;
    if (dmap_map(pool, &worker_state_primes, dmap_array(limits, 5), dmap_into(counts), NULL) != DMAP_OK) {
        fprintf(stderr, "%s\n", dmap_error(pool));
        return 1;
    }
    for (int i = 0; i < 5; i++)
        printf("%" PRIu64 " primes below %" PRIu64 "\n", counts[i], limits[i]);
    return 0;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, work, NULL);
}
