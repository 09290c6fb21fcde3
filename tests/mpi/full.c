/* A program whose output has nowhere to go: it has printed before the fork server is made, and maps with processes. It
 * ends with 0 if that works. */
#include <stdio.h>

#include <dmap/dmap.h>

static int nothing(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    return 0;
}

DMAP_TASK(full_nothing, .run = nothing, .item_size = 8, .result_size = 0);

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    (void)argc, (void)argv;
    dmap_status status = dmap_map(pool, &full_nothing, dmap_range(0, 10), dmap_discard(), NULL);
    if (status != DMAP_OK)
        fprintf(stderr, "%s\n", dmap_error(pool));
    return status != DMAP_OK;
}

int main(int argc, char **argv) {
    printf("on its way\n");
    return dmap_run(argc, argv, main_fn, &(dmap_options){.backend = DMAP_PROCESSES, .workers = 2});
}
