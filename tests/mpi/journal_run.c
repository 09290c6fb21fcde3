/* A map with a journal, to be killed by journal_kill.c: each item that is run leaves its index in a file.
 * usage: journal_run into|each|fold JOURNAL MARKS RESULTS ITEMS BACKEND; what came of it goes to RESULTS. An item takes
 * JOURNAL_ITEM_US microseconds, a variable of the environment; 1000 by default */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dmap/dmap.h>

static uint64_t mixed(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ (x >> 27);
}

/* One write of eight bytes at the end of a file is whole, or is not there. */
static int mark(dmap_context *ctx, const void *item, uint64_t *made) {
    const char *marks = dmap_shared(ctx, NULL);
    uint64_t index = dmap_index(ctx);
    int file = open(marks, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || write(file, &index, sizeof index) != (ssize_t)sizeof index)
        return 1;
    close(file);
    const char *item_us = getenv("JOURNAL_ITEM_US");
    usleep(item_us ? (useconds_t)strtoul(item_us, NULL, 10) : 1000);
    *made = mixed(*(const uint64_t *)item + index);
    return 0;
}

static int run_fixed(dmap_context *ctx, const void *item, void *result) {
    return mark(ctx, item, result);
}

static int run_variable(dmap_context *ctx, const void *item, void *unused) {
    uint64_t made;
    (void)unused;
    if (mark(ctx, item, &made))
        return 1;
    unsigned char *place = dmap_result(ctx, (size_t)(made % 60));
    if (place)
        memset(place, (int)(made >> 8), (size_t)(made % 60));
    return 0;
}

/* It does not commute. */
static void append(void *into, const void *from) {
    *(uint64_t *)into = *(uint64_t *)into * UINT64_C(0x9e3779b97f4a7c15) + *(const uint64_t *)from;
}

DMAP_TASK(journal_fixed, .run = run_fixed, .item_size = 8, .result_size = 8, .combine = append);
DMAP_TASK(journal_variable, .run = run_variable, .item_size = 8, .result_size = DMAP_VARIABLE);

static int write_one(void *file, const dmap_item_result *result) {
    return result->status != DMAP_ITEM_OK || fwrite(&result->size, sizeof result->size, 1, file) != 1 ||
           fwrite(result->data, 1, result->size, file) != result->size;
}

static dmap_status map(dmap_pool *pool, char **argv, uint64_t *items, uint64_t count, FILE *file) {
    dmap_map_options options = {.journal = argv[2], .progress = -1, .chunk = 3};
    uint64_t *results = calloc(count, 8), folded = 1;
    dmap_status status = DMAP_ENOMEM;
    if (!strcmp(argv[1], "into"))
        status = dmap_map(pool, &journal_fixed, dmap_array(items, count), dmap_into(results), &options);
    else if (!strcmp(argv[1], "fold"))
        status = dmap_map(pool, &journal_fixed, dmap_array(items, count), dmap_fold(&folded), &options);
    else
        status = dmap_map(pool, &journal_variable, dmap_array(items, count), dmap_each(write_one, file), &options);
    fwrite(results, 8, count, file);
    fwrite(&folded, 8, 1, file);
    free(results);
    return status;
}

static int program(dmap_pool *pool, int argc, char **argv) {
    uint64_t count = argc == 7 ? strtoull(argv[5], NULL, 10) : 0, *items = calloc(count + 1, 8);
    FILE *file = argc == 7 ? fopen(argv[4], "w") : NULL;
    if (!items || !file || dmap_share(pool, argv[3], strlen(argv[3]) + 1) != DMAP_OK)
        return 1;
    for (uint64_t i = 0; i < count; i++)
        items[i] = mixed(i);
    dmap_status status = map(pool, argv, items, count, file);
    if (status != DMAP_OK)
        fprintf(stderr, "journal_run: %s\n", dmap_error(pool));
    free(items);
    return fclose(file) != 0 || status != DMAP_OK;
}

int main(int argc, char **argv) {
    const char *back_end = argc == 7 ? argv[6] : "";
    dmap_options options = {.backend = !strcmp(back_end, "serial")      ? DMAP_SERIAL
                                       : !strcmp(back_end, "processes") ? DMAP_PROCESSES
                                                                        : DMAP_THREADS,
                            .workers = !strcmp(back_end, "serial") ? 0 : 2};
    return dmap_run(argc, argv, program, &options);
}
