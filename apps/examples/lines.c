/* A stream from stdin: items are read while others run, as many as there are, and results are written in order, in
 * bounded memory. Here each line comes back with its words counted.
 * usage: lines < FILE, or mpirun -n N lines < FILE */
#include <dmap/dmap.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int count_words(dmap_context *ctx, const void *item, void *result) {
    const char *text = item;
    uint64_t words = 0;
    for (size_t i = 0; i < dmap_item_size(ctx); i++)
        words += !isspace((unsigned char)text[i]) && (i == 0 || isspace((unsigned char)text[i - 1]));
    *(uint64_t *)result = words;
    return 0;
}
DMAP_TASK(lines_count, .run = count_words, .item_size = DMAP_VARIABLE, .result_size = sizeof(uint64_t));

typedef struct reader {
    char *line;
    size_t room;
} reader;

/* Runs on the master. The line is copied when this has returned, so the next one may take its place. */
static int next_line(void *arg, dmap_blob *item) {
    reader *r = arg;
    ssize_t size = getline(&r->line, &r->room, stdin);
    if (size < 0)
        return ferror(stdin) ? -1 : DMAP_PULL_END;
    *item = (dmap_blob){r->line, (size_t)size};
    return DMAP_PULL_ITEM;
}

static int print(void *arg, const dmap_item_result *result) {
    (void)arg;
    printf("line %" PRIu64 ": %" PRIu64 " words\n", result->index + 1, *(const uint64_t *)result->data);
    return 0;
}

static int work(dmap_pool *pool, int argc, char **argv) {
    reader r = {NULL, 0};
    (void)argc, (void)argv;
    dmap_status status = dmap_map(pool, &lines_count, dmap_pull(next_line, &r), dmap_each(print, NULL), NULL);
    if (status != DMAP_OK)
        fprintf(stderr, "%s\n", dmap_error(pool));
    free(r.line);
    return status != DMAP_OK;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, work, NULL);
}
