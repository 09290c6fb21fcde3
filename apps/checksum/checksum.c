/* SHA-256 of every file under the given paths over a dmap pool; what it prints is what sha256sum prints.
 *
 * Items, which are paths, come from a function that walks the tree (dmap_pull) while workers read what it has found: no
 * list of all files is ever kept. Results, which are lines, come back in the order of the walk; a file that cannot be
 * read has one like any other. Each worker keeps a buffer and libcrypto's state from file to file, made in setup. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hasher.h"
#include "sample.h"
#include "source.h"

typedef struct settings {
    sample_settings common;
    bool verify;
} settings;

static const settings defaults = {.verify = false};

static const command_option options[] = {
    {"-c", NULL, "the PATHs are lists of sums: verify these, as sha256sum -c does", COMMAND_FLAG,
     COMMAND_AT(settings, verify)},
};

static const sample about = {
    .name = "checksum",
    .summary = "Prints the SHA-256 of every regular file under the paths (default: .) as sha256sum does, a file an\n"
               "item. All ranks must see the same files.",
    .operands = "[PATH...]",
    SAMPLE_OPTIONS(options),
};

/* ---- a task ---- */

static int make_hasher(dmap_context *ctx) {
    hasher *h = hasher_create();
    dmap_set_local(ctx, h);
    return h ? 0 : dmap_fail(ctx, 1, "no SHA-256: memory is out, or libcrypto has none");
}

static void free_hasher(dmap_context *ctx) {
    hasher_destroy(dmap_local(ctx));
}

static int hash_file(dmap_context *ctx, const void *item, void *result) {
    size_t size = 0;
    const answer *a = hasher_answer(dmap_local(ctx), item, &size);
    result = dmap_result(ctx, size);
    if (!a || !result)
        return dmap_fail(ctx, 1, "out of memory for a line");
    memcpy(result, a, size);
    return 0;
}

DMAP_TASK(checksum_file, .run = hash_file, .item_size = DMAP_VARIABLE, .result_size = DMAP_VARIABLE,
          .setup = make_hasher, .teardown = free_hasher);

/* ---- the work ---- */

typedef struct work {
    const settings *settings;
    source source;
    tally printed, found_serially;
} work;

static int next_file(void *arg, dmap_blob *item) {
    const entry *file = NULL;
    int got = source_next(arg, &file, &item->size);
    item->data = file;
    return got;
}

static int take_answer(void *arg, const dmap_item_result *r) {
    work *w = arg;
    if (r->status == DMAP_ITEM_OK)
        return tally_add(&w->printed, r->data);
    w->printed.failed = true;
    sample_fail(&about, "%s", r->error);
    return 0;
}

static int hash_over_pool(dmap_pool *pool, work *w) {
    dmap_map_options options_of_map = w->settings->common.map;
    options_of_map.on_error = DMAP_KEEP_GOING;
    dmap_status status =
        dmap_map(pool, &checksum_file, dmap_pull(next_file, &w->source), dmap_each(take_answer, w), &options_of_map);
    if (status == DMAP_OK || status == DMAP_EITEM)
        return 0;
    return ferror(stdout) ? 1 : sample_fail(&about, "%s", dmap_error(pool)); /* sample_main says it */
}

/* A walk over all paths, or one list after the other. */
static int hash_all(dmap_pool *pool, work *w, tally *t) {
    static char *here[] = {"."}, *standard_input[] = {"-"};
    const sample_settings *s = &w->settings->common;
    bool verify = w->settings->verify;
    char **paths = s->n_operands ? s->operands : verify ? standard_input : here;
    int n = s->n_operands ? s->n_operands : 1, code = 0;
    for (int i = 0; i < (verify ? n : 1) && code == 0; i++) {
        if (!verify && source_open_walk(&w->source, paths, n, t) != 0)
            return sample_fail(&about, "out of memory");
        if (verify && source_open_list(&w->source, paths[i], t) != 0)
            continue;
        code = pool ? hash_over_pool(pool, w) : source_hash_serially(&w->source, t);
        source_close(&w->source);
    }
    return code;
}

static int map(dmap_pool *pool, void *arg) {
    work *w = arg;
    return hash_all(pool, w, &w->printed);
}

static int hash_serially(void *arg) {
    work *w = arg;
    return hash_all(NULL, w, &w->found_serially);
}

static bool check(void *arg, char *text, size_t size) {
    const work *w = arg;
    bool same = tally_is_same(&w->printed, &w->found_serially);
    snprintf(text, size, "%" PRIu64 " files, the bytes printed %s those of a plain loop", w->printed.files,
             same ? "are" : "differ from");
    return same;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    static const sample_work steps = {.map = map, .serial = hash_serially, .check = check, .check_is_serial = true};
    settings s = defaults;
    int code;
    if (!sample_begin(&about, argc, argv, &s.common, &code))
        return code;
    if (s.verify && (s.common.check || s.common.compare) && source_is_stdin(s.common.operands, s.common.n_operands)) {
        sample_fail(&about, "--check and --compare read the lists twice, and standard input cannot be: name files");
        return EXIT_USAGE;
    }
    work w = {.settings = &s, .printed = {.prints = true}};
    code = sample_do(&about, &s.common, pool, &steps, &w);
    if (s.common.check || s.common.compare)
        sample_report(&about, pool, "files");
    return code ? code : w.printed.failed;
}

int main(int argc, char **argv) {
    settings s = defaults;
    return sample_main(&about, argc, argv, &s.common, run);
}
