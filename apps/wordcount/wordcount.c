/* Counts the words of text files over a dmap pool and prints the most frequent.
 *
 * An item is a range of bytes of a file, which its worker reads: so all ranks must see the same files. The result is a
 * table of words, of whatever size; two tables make one (merge), and dmap_fold_blob does that on the way, in the
 * workers and on each rank, so the master gets a few tables and not all. Each worker keeps its hash table from item to
 * item, made in setup. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "ranges.h"
#include "sample.h"
#include "table.h"
#include "text.h"

typedef struct settings {
    sample_settings common;
    uint64_t top, block, make;
    bool keep_case;
} settings;

static const settings defaults = {.top = 20, .block = 4 << 20, .make = 32 << 20};

static const command_option options[] = {
    {"--top", "N", "words that are printed; 0: all", COMMAND_WHOLE, COMMAND_AT(settings, top), .low = 0, .high = 1e12},
    {"--block", "BYTES", "of an item", COMMAND_WHOLE, COMMAND_AT(settings, block), .low = 1, .high = 1 << 30},
    {"--case", NULL, "Large and large are two words", COMMAND_FLAG, COMMAND_AT(settings, keep_case)},
    {"--make", "BYTES", "without a FILE: of made-up text, to wordcount.txt", COMMAND_WHOLE, COMMAND_AT(settings, make),
     .low = 0, .high = 1e12},
};

static const sample about = {
    .name = "wordcount",
    .summary = "Prints the most frequent words (runs of letters, digits and bytes above 127) of the files, a range\n"
               "of bytes an item. All ranks must see the same files.",
    .operands = "[FILE...]",
    SAMPLE_OPTIONS(options),
};

/* ---- a task: what is shared is a byte that says if case is kept, and all paths ---- */

static int make_counter(dmap_context *ctx) {
    const char *shared = dmap_shared(ctx, NULL);
    counter *c = counter_create(shared[0] != 0);
    dmap_set_local(ctx, c);
    return c ? 0 : dmap_fail(ctx, 1, "out of memory for a table of words");
}

static void free_counter(dmap_context *ctx) {
    counter_destroy(dmap_local(ctx));
}

static int count_range(dmap_context *ctx, const void *item, void *result) {
    const range *r = item;
    const char *path = (const char *)dmap_shared(ctx, NULL) + r->path;
    counter *c = dmap_local(ctx);
    int code = counter_add(c, path, r->begin, r->end);
    if (code)
        return dmap_fail(ctx, code, "%s: %s", path, strerror(code));
    result = dmap_result(ctx, counter_table_size(c));
    return result && counter_take(c, result) ? 0 : dmap_fail(ctx, ENOMEM, "out of memory for a table of words");
}

static void merge(dmap_merge *both, dmap_blob left, dmap_blob right) {
    void *place = dmap_merge_result(both, left.size + right.size); /* words of both are there once: it may be less */
    if (place)
        dmap_merge_result(both, table_merge(left.data, left.size, right.data, right.size, place));
}

DMAP_TASK(wordcount_range, .run = count_range, .item_size = sizeof(range), .result_size = DMAP_VARIABLE,
          .setup = make_counter, .teardown = free_counter, .merge = merge);

/* ---- the work ---- */

typedef struct work {
    const settings *settings;
    ranges ranges;
    void *table, *serial_table;
    size_t size, serial_size;
} work;

static int map(dmap_pool *pool, void *arg) {
    work *w = arg;
    const ranges *r = &w->ranges;
    if (dmap_share(pool, r->shared, r->shared_size) != DMAP_OK ||
        dmap_map(pool, &wordcount_range, dmap_array(r->ranges, r->count), dmap_fold_blob(&w->table, &w->size),
                 &w->settings->common.map) != DMAP_OK)
        return sample_fail(&about, "%s", dmap_error(pool));
    return 0;
}

static int serial(void *arg) {
    work *w = arg;
    counter *c = counter_create(w->settings->keep_case);
    int code = c ? 0 : ENOMEM;
    for (size_t i = 0; i < w->ranges.count && !code; i++) {
        const range *r = &w->ranges.ranges[i];
        code = counter_add(c, w->ranges.shared + r->path, r->begin, r->end);
    }
    w->serial_size = code ? 0 : counter_table_size(c);
    w->serial_table = malloc(w->serial_size + 1);
    bool taken = !code && w->serial_table && counter_take(c, w->serial_table);
    counter_destroy(c);
    return taken ? 0 : sample_fail(&about, "the plain loop: %s", strerror(code ? code : ENOMEM));
}

static bool check(void *arg, char *text, size_t size) {
    const work *w = arg;
    uint64_t words, different;
    bool same = w->size == w->serial_size && (!w->size || memcmp(w->table, w->serial_table, w->size) == 0);
    table_count(w->serial_table, w->serial_size, &words, &different);
    snprintf(text, size, "%" PRIu64 " words, %" PRIu64 " different ones, %s in one table in a plain loop", words,
             different, same ? "as many of each as" : "not as many of each as");
    return same;
}

static int show(void *arg) {
    const work *w = arg;
    return table_print(w->table, w->size, w->settings->top) == 0 ? 0 : sample_fail(&about, "out of memory");
}

static int run(dmap_pool *pool, int argc, char **argv) {
    static const sample_work steps = {
        .map = map, .serial = serial, .check = check, .check_is_serial = true, .print = show, .items = "ranges"};
    static char *made[] = {"wordcount.txt"};
    settings s = defaults;
    int code;
    if (!sample_begin(&about, argc, argv, &s.common, &code))
        return code;
    bool makes = s.common.n_operands == 0;
    char **paths = makes ? made : s.common.operands, text[512];
    work w = {.settings = &s};
    if ((makes && text_make(made[0], s.make, text, sizeof text) != 0) ||
        ranges_make(&w.ranges, paths, makes ? 1 : s.common.n_operands, s.block, s.keep_case, text, sizeof text) != 0)
        return sample_fail(&about, "%s", text);
    code = sample_do(&about, &s.common, pool, &steps, &w);
    ranges_free(&w.ranges);
    free(w.table);
    free(w.serial_table);
    return code;
}

int main(int argc, char **argv) {
    settings s = defaults;
    return sample_main(&about, argc, argv, &s.common, run);
}
