/* A map that is to be stopped by a signal (stopped): items of so many milliseconds, for ever. Prints "running" once all
 * is under way, then how the map ended, and how many items the sink was given that are not OK.
 * usage: stop_endless serial|threads|processes MILLISECONDS [idle|spawns]
 *   idle    the map has ended when it says "running"
 *   spawns  of items that might make others */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <dmap/dmap.h>

static _Atomic int begun; /* items, in this process */

static int wait_long(dmap_context *ctx, const void *item, void *result) {
    begun++;
    const int *ms = dmap_shared(ctx, NULL);
    struct timespec left = {.tv_sec = *ms / 1000, .tv_nsec = *ms % 1000 * 1000000L};
    while (nanosleep(&left, &left) && errno == EINTR && !dmap_cancelled(ctx))
        continue;
    memcpy(result, item, sizeof(uint64_t));
    return 0;
}

DMAP_TASK(stop_wait, .run = wait_long, .item_size = 8, .result_size = 8);

typedef struct seen {
    uint64_t good, bad;
} seen;

static int see(void *arg, const dmap_item_result *result) {
    seen *s = arg;
    uint64_t value = 0;
    if (result->status == DMAP_ITEM_OK)
        memcpy(&value, result->data, sizeof value);
    *(result->status == DMAP_ITEM_OK && value == result->index ? &s->good : &s->bad) += 1;
    return 0;
}

static int look(void *arg, const dmap_progress *progress) {
    bool *is_told = arg;
    if (!*is_told && progress->seconds > 0.3)
        *is_told = puts("running") > 0;
    return 0;
}

/* No call is in flight: a signal ends the program. */
static int be_idle(dmap_pool *pool) {
    dmap_status status = dmap_map(pool, &stop_wait, dmap_range(0, 10), dmap_discard(), NULL);
    puts("running");
    pause();
    puts("it goes on");
    return status != DMAP_OK;
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    int ms = argc > 2 ? atoi(argv[2]) : 5;
    bool is_told = false;
    seen s = {0};
    dmap_map_options options = {.unordered = true,
                                .on_error = DMAP_KEEP_GOING,
                                .progress = -1,
                                .spawns = argc > 3 && !strcmp(argv[3], "spawns"),
                                .on_watch = look,
                                .on_watch_arg = &is_told};
    if (dmap_share(pool, &ms, sizeof ms) != DMAP_OK)
        return 2;
    if (argc > 3 && !strcmp(argv[3], "idle"))
        return be_idle(pool);
    dmap_status status = dmap_map(pool, &stop_wait, dmap_range(0, 1000000), dmap_each(see, &s), &options);
    printf("ended: %s: %s\n", dmap_status_name(status), dmap_error(pool));
    printf("items: %s, bad: %d\n", s.good ? "some" : "none", (int)s.bad);
    begun = 0;
    status = dmap_map(pool, &stop_wait, dmap_range(0, 1000000), dmap_discard(), &options);
    printf("next: %s: %s\nbegun then: %d\n", dmap_status_name(status), dmap_error(pool), begun);
    return 0;
}

int main(int argc, char **argv) {
    static const char *const names[] = {"", "threads", "processes", "serial"};
    dmap_options options = {.workers = 2};
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = DMAP_THREADS; argc > 1 && i <= DMAP_SERIAL; i++)
        if (!strcmp(argv[1], names[i]))
            options.backend = (dmap_backend)i;
    return dmap_run(argc, argv, main_fn, &options);
}
