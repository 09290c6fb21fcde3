/* Errors and retries. A task that returns another value than 0 fails its item, with a sentence. By default that ends
 * the call, with the item that a serial loop would have met first; with DMAP_KEEP_GOING each item has its own end.
 * `retries` tries an item again: here the odd ones fail at the first attempt.
 * usage: errors, or mpirun -n N errors */
#include <dmap/dmap.h>
#include <inttypes.h>
#include <stdio.h>

static int root(dmap_context *ctx, const void *item, void *result) {
    const uint64_t n = *(const uint64_t *)item;
    uint64_t r = 0;
    if (n % 2 && dmap_attempt(ctx) == 1)
        return dmap_fail(ctx, 1, "no luck at the first attempt");
    while (r * r < n)
        r++;
    *(uint64_t *)result = r;
    return r * r == n ? 0 : dmap_fail(ctx, 2, "%" PRIu64 " is no square", n);
}
DMAP_TASK(errors_root, .run = root, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t));

static int work(dmap_pool *pool, int argc, char **argv) {
    uint64_t roots[100], good = 0;
    dmap_results *results;
    dmap_map_options options = {.retries = 1};
    (void)argc, (void)argv;
    dmap_status status = dmap_map(pool, &errors_root, dmap_range(0, 100), dmap_into(roots), &options);
    fprintf(stderr, "%s\n", dmap_error(pool)); /* the sentence, and where that was */
    printf("%s: %.6s is the first that is no square\n", dmap_status_name(status), dmap_error(pool));
    options.on_error = DMAP_KEEP_GOING;
    status = dmap_map(pool, &errors_root, dmap_range(0, 100), dmap_collect(&results), &options);
    for (uint64_t i = 0; i < dmap_results_count(results); i++)
        good += dmap_results_status(results, i) == DMAP_ITEM_OK;
    printf("%s: %" PRIu64 " of 100 are squares\n", dmap_status_name(status), good);
    dmap_results_free(results);
    return 0;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, work, NULL);
}
