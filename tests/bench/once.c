/* The smallest program: maps null items and says how much memory the master took at most. Programs that start and end
 * are timed by commands.c from outside.
 * usage: bench_once ITEMS; prints the peak of the master's memory in KiB. Of more than one item the first is slow, so
 * that results of all others wait for it, as far as the window lets them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <dmap/dmap.h>

static int null_fn(dmap_context *ctx, const void *item, void *result) {
    const uint64_t number = *(const uint64_t *)item;
    if (number == 0 && dmap_shared(ctx, NULL))
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    *(uint64_t *)result = number * 3 + 1;
    return 0;
}

DMAP_TASK(once_items, .run = null_fn, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t));

typedef struct order {
    uint64_t next;
    bool wrong;
} order;

static int take(void *arg, const dmap_item_result *r) {
    order *o = arg;
    o->wrong = o->wrong || r->index != o->next || *(const uint64_t *)r->data != o->next * 3 + 1;
    o->next++;
    return 0;
}

static long peak_kib(void) {
    char line[128];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    if (file)
        fclose(file);
    return kib;
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    dmap_map_options options = {.progress = -1};
    order o = {0};
    if ((n > 1 && dmap_share(pool, "", 1) != DMAP_OK) ||
        dmap_map(pool, &once_items, dmap_range(0, n), dmap_each(take, &o), &options) != DMAP_OK || o.wrong) {
        fprintf(stderr, "bench_once: %s\n", o.wrong ? "a wrong result" : dmap_error(pool));
        return 1;
    }
    printf("%ld\n", peak_kib());
    return o.next != n;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, main_fn, NULL);
}
