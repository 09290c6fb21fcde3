/* Results one by one (Python's imap): a function of the main program gets each of them, in the order of the items, as
 * soon as those before it are there. They are of any size, and only a window of them is held. If the function returns
 * another value than 0, no more is begun.
 * usage: one_by_one, or mpirun -n N one_by_one */
#include <dmap/dmap.h>
#include <inttypes.h>
#include <stdio.h>

/* The way of a number to 1: halved if it is even, else times 3 plus 1 (Collatz). */
static int walk(dmap_context *ctx, const void *item, void *result) {
    uint64_t n = *(const uint64_t *)item, *way, steps = 0;
    (void)result;
    do {
        way = dmap_result(ctx, (steps + 1) * sizeof n); /* grows, and keeps what it holds */
        if (!way)
            return dmap_fail(ctx, 1, "out of memory after %" PRIu64 " steps", steps);
        way[steps++] = n;
        n = n % 2 ? 3 * n + 1 : n / 2;
    } while (way[steps - 1] != 1);
    return 0;
}
DMAP_TASK(one_by_one_walk, .run = walk, .item_size = sizeof(uint64_t), .result_size = DMAP_VARIABLE);

static int take(void *arg, const dmap_item_result *result) {
    uint64_t *longest = arg;
    uint64_t steps = result->size / sizeof(uint64_t) - 1;
    if (steps > *longest)
        printf("%" PRIu64 " takes %" PRIu64 " steps\n", result->index + 1, *longest = steps);
    return *longest >= 100; /* that is enough */
}

static int work(dmap_pool *pool, int argc, char **argv) {
    uint64_t longest = 0;
    (void)argc, (void)argv;
    dmap_status status = dmap_map(pool, &one_by_one_walk, dmap_range(1, 1000000), dmap_each(take, &longest), NULL);
    if (status == DMAP_ECANCELLED)
        return 0; /* as take said */
    fprintf(stderr, "%s\n", dmap_error(pool));
    return 1;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, work, NULL);
}
