/* A program with two tasks of one name: refused before its main function runs, on every number of ranks. */
#include <stdio.h>

#include <dmap/dmap.h>

static int run(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    return 0;
}

DMAP_TASK(named_twice, .run = run);
static const dmap_task other = {.name = "named_twice", .run = run, .item_size = 8};

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    (void)pool, (void)argc, (void)argv;
    fprintf(stderr, "the main function ran\n");
    return 0;
}

int main(int argc, char **argv) {
    dmap_register(&other);
    return dmap_run(argc, argv, main_fn, NULL);
}
