/* A stream: the results of a map without an end in sight are asked for one by one, until there are enough of them. The
 * workers look ahead meanwhile, as far as the window lets them.
 * usage: stream, or mpirun -n N stream */
#include <dmap/call.h>
#include <inttypes.h>
#include <stdio.h>

static int is_prime(dmap_context *ctx, const void *item, void *result) {
    const uint64_t number = *(const uint64_t *)item;
    uint64_t divisor = 2;
    (void)ctx;
    while (divisor * divisor <= number && number % divisor)
        divisor++;
    *(bool *)result = divisor * divisor > number;
    return 0;
}
DMAP_TASK(stream_is_prime, .run = is_prime, .item_size = sizeof(uint64_t), .result_size = sizeof(bool));

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    const uint64_t first = UINT64_C(1000000000);
    dmap_stream *stream;
    dmap_item_result result;
    dmap_map_options options = {.window = 4096}; /* bytes of results, that nobody has asked for yet */
    (void)argc;
    dmap_status status = dmap_stream_open(pool, &stream_is_prime, dmap_range(first, UINT64_MAX), &options, &stream);
    if (status != DMAP_OK) {
        fprintf(stderr, "%s: %s\n", argv[0], dmap_error(pool));
        return 1;
    }
    for (int found = 0; found < 5 && (status = dmap_stream_next(stream, -1, &result)) == DMAP_OK;) {
        if (!*(const bool *)result.data)
            continue;
        printf("%" PRIu64 " is prime\n", first + result.index);
        found++;
    }
    if (status != DMAP_OK)
        fprintf(stderr, "%s: %s\n", argv[0], dmap_error(pool));
    dmap_stream_close(stream); /* before the end: what has not begun is dropped */
    return status != DMAP_OK;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, main_fn, NULL);
}
