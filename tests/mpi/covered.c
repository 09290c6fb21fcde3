/* Compiled for coverage: see coverage. One line of it runs in a task only; its setup leaves a handler of exit. */
#include <stdio.h>
#include <stdlib.h>

#include <dmap/dmap.h>

static void say_end(void) {
    fprintf(stderr, "the end of a process\n");
}

static int set_up(dmap_context *ctx) {
    (void)ctx;
    return atexit(say_end);
}

static int add_one(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)item + 1; /* counted */
    return 0;
}
DMAP_TASK(covered_add, .run = add_one, .item_size = 8, .result_size = 8, .setup = set_up);

static int work(dmap_pool *pool, int argc, char **argv) {
    uint64_t results[1000];
    (void)argc, (void)argv;
    dmap_status status = dmap_map(pool, &covered_add, dmap_range(0, 1000), dmap_into(results), NULL);
    return status != DMAP_OK || results[999] != 1000;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, work, NULL);
}
