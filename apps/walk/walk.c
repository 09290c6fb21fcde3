/* Counts the entries below a path and their bytes, as find and du do, over a dmap pool.
 *
 * An item is a folder, and makes items of the folders in it: what is below them, nobody knows beforehand. A folder of
 * many names makes items of parts of it, so none takes long. A file that has several names, which different workers may
 * find, counts once: so these are noted, and the master counts them at the end. All ranks must see the same files. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "sample.h"
#include "total.h"
#include "waiting.h"

typedef struct settings {
    sample_settings common;
    uint64_t top;
} settings;

static const settings defaults = {.top = 10};

static const command_option options[] = {
    {"--top", "N", "of the largest files are listed", COMMAND_WHOLE, COMMAND_AT(settings, top), .low = 0, .high = 1e6},
};

static const sample about = {
    .name = "walk",
    .summary = "Counts the entries under a path (default: .) and their bytes, as find and du --apparent-size do, and\n"
               "lists the largest files. A file that has several names counts once. All ranks must see the same files.",
    .operands = "[PATH]",
    .most_operands = 1,
    SAMPLE_OPTIONS(options),
};

static int spawn(void *arg, const void *item, size_t size) {
    return dmap_spawn(arg, item, size);
}

/* The result: the counts, then the notes. */
static int look(dmap_context *ctx, const void *item, void *result) {
    const uint64_t *top = dmap_shared(ctx, NULL);
    finding found = {.size = 0};
    int status = folder_look(item, dmap_item_size(ctx), *top, &found, spawn, ctx);
    result = status == 0 ? dmap_result(ctx, sizeof found.counts + found.size) : NULL;
    if (result) {
        memcpy(result, &found.counts, sizeof found.counts);
        if (found.size)
            memcpy((unsigned char *)result + sizeof found.counts, found.notes, found.size);
    }
    free(found.notes);
    return result ? 0 : dmap_fail(ctx, 1, "out of memory");
}

DMAP_TASK(walk_look, .run = look, .item_size = DMAP_VARIABLE, .result_size = DMAP_VARIABLE);

typedef struct work {
    const settings *settings;
    const char *path;
    total found, found_serially;
} work;

static int begin(const work *w, total *t, waiting *roots) {
    finding found = {.size = 0};
    t->most = w->settings->top;
    int status = folder_begin(w->path, &found, waiting_push, roots);
    if (status == 0)
        status = total_add(t, &found.counts, found.notes, found.size);
    free(found.notes);
    return status;
}

static int take(void *arg, const dmap_item_result *r) {
    const unsigned char *data = r->data;
    return total_add(arg, r->data, data + sizeof(counts), r->size - sizeof(counts));
}

static int map(dmap_pool *pool, void *arg) {
    work *w = arg;
    waiting roots = {.n = 0};
    dmap_map_options o = w->settings->common.map;
    int code = begin(w, &w->found, &roots) == 0 ? 0 : sample_fail(&about, "out of memory");
    o.spawns = true;
    if (code == 0 &&
        (dmap_share(pool, &w->settings->top, sizeof w->settings->top) != DMAP_OK ||
         dmap_map(pool, &walk_look, dmap_blobs(roots.items, roots.n), dmap_each(take, &w->found), &o) != DMAP_OK))
        code = sample_fail(&about, "%s", dmap_error(pool));
    if (code == 0 && total_end(&w->found) != 0)
        code = sample_fail(&about, "out of memory");
    waiting_clear(&roots);
    return code;
}

static int walk_serially(void *arg) {
    work *w = arg;
    total *t = &w->found_serially;
    waiting all = {.n = 0};
    t->is_silent = true;
    int status = begin(w, t, &all);
    while (status == 0 && all.n) {
        dmap_blob item = all.items[--all.n];
        finding found = {.size = 0};
        status = folder_look(item.data, item.size, t->most, &found, waiting_push, &all);
        if (status == 0)
            status = total_add(t, &found.counts, found.notes, found.size);
        free(found.notes);
        waiting_free(item);
    }
    if (status == 0)
        status = total_end(t);
    waiting_clear(&all);
    return status == 0 ? 0 : sample_fail(&about, "out of memory");
}

static bool check(void *arg, char *text, size_t size) {
    const work *w = arg;
    const counts *a = &w->found.counts, *b = &w->found_serially.counts;
    snprintf(text, size, "%" PRIu64 " entries of %" PRIu64 " bytes, a plain walk finds %" PRIu64 " of %" PRIu64,
             a->entries, a->bytes, b->entries, b->bytes);
    return total_is_same(&w->found, &w->found_serially);
}

static int show(void *arg) {
    const work *w = arg;
    total_print(&w->found);
    return w->found.errors ? EXIT_FAILURE : 0;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    static const sample_work steps = {
        .map = map, .serial = walk_serially, .check = check, .check_is_serial = true, .print = show, .items = "items"};
    settings s = defaults;
    int code;
    if (!sample_begin(&about, argc, argv, &s.common, &code))
        return code;
    work w = {.settings = &s, .path = s.common.n_operands ? s.common.operands[0] : "."};
    code = sample_do(&about, &s.common, pool, &steps, &w);
    total_free(&w.found);
    total_free(&w.found_serially);
    return code;
}

int main(int argc, char **argv) {
    settings s = defaults;
    return sample_main(&about, argc, argv, &s.common, run);
}
