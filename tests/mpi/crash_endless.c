/* A map on processes that nobody waits for: to be killed from outside, in part or whole (killed). Each process has one
 * of its own making beside it, as a task that calls system() has. Prints "running" once all is under way, and how the
 * map ended, if it did. */
#include <stdio.h>
#include <unistd.h>

#include <dmap/dmap.h>

static int start_another(dmap_context *ctx) {
    (void)ctx;
    pid_t pid = fork();
    while (pid == 0)
        pause();
    return pid < 0;
}

static int doze(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    usleep(2000);
    return 0;
}

DMAP_TASK(crash_doze, .run = doze, .item_size = 8, .result_size = 0, .setup = start_another);

static int see(void *arg, const dmap_item_result *result) {
    (void)arg;
    if (result->index == 200)
        puts("running");
    return 0;
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    (void)argc, (void)argv;
    dmap_map_options options = {.unordered = true, .progress = -1};
    dmap_status status = dmap_map(pool, &crash_doze, dmap_range(0, 1000000), dmap_each(see, NULL), &options);
    printf("ended: %s: %s\n", dmap_status_name(status), dmap_error(pool));
    return status == DMAP_ELOST ? 42 : 1;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    return dmap_run(argc, argv, main_fn, &(dmap_options){.backend = DMAP_PROCESSES, .workers = 2});
}
