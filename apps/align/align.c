/* Aligns each protein of a set with every other over a dmap pool.
 *
 * An item is a sequence (a blob), to be aligned with those behind it; these are shared, once a node. The result is a
 * blob, too: its hits, if any. Items differ a thousandfold in size, but how long one takes is known beforehand, and
 * told as the cost hint: the longest begin first, so that none is left for the end. Hits come back in order all the
 * same. */
#include <stdio.h>
#include <stdlib.h>

#include "database.h"
#include "report.h"
#include "sample.h"
#include "scores.h"

typedef struct settings {
    sample_settings common;
    rules rules;
    uint64_t make;
} settings;

static const settings defaults = {.rules = {.open = 11, .extend = 1, .score = 100}, .make = 300};

static const command_option options[] = {
    {"--open", "N", "what the first residue of a gap costs", COMMAND_WHOLE, COMMAND_AT(settings, rules.open), .low = 1,
     .high = 100},
    {"--extend", "N", "what each further one costs, no more than the first", COMMAND_WHOLE,
     COMMAND_AT(settings, rules.extend), .low = 1, .high = 100},
    {"--score", "N", "the least that is printed", COMMAND_WHOLE, COMMAND_AT(settings, rules.score), .low = 1,
     .high = 1e9},
    {"--make", "N", "without a FILE: made-up proteins", COMMAND_WHOLE, COMMAND_AT(settings, make), .low = 1,
     .high = 1e6},
};

static const sample about = {
    .name = "align",
    .summary = "Aligns each protein of a FASTA file with every other (local, affine gaps, BLOSUM62) and prints the\n"
               "pairs with a high score, a sequence an item.",
    .operands = "[FILE]",
    .most_operands = 1,
    SAMPLE_OPTIONS(options),
};

static int align_one(dmap_context *ctx, const void *item, void *result) {
    const database *d = dmap_shared(ctx, NULL);
    uint32_t first = (uint32_t)dmap_index(ctx) + 1;
    result = dmap_result(ctx, (d->count - first) * sizeof(hit));
    long n = result ? scores_find(d, item, (int)dmap_item_size(ctx), first, result) : -1;
    if (n < 0)
        return dmap_fail(ctx, 1, "out of memory for an alignment");
    return dmap_result(ctx, (size_t)n * sizeof(hit)) ? 0 : 1; /* as many as there are */
}

DMAP_TASK(align_protein, .run = align_one, .item_size = DMAP_VARIABLE, .result_size = DMAP_VARIABLE);

typedef struct work {
    const settings *settings;
    proteins proteins;
    dmap_blob *items;
    uint64_t *behind; /* residues behind each sequence */
    database *database;
    size_t database_size;
    hits_report report;
} work;

/* Cells of the matrices. */
static double cost(void *arg, uint64_t index) {
    const work *w = arg;
    return (double)w->proteins.all[index].length * (double)w->behind[index];
}

static int take_hits(void *arg, const dmap_item_result *r) {
    work *w = arg;
    return report_take(&w->report, &w->proteins, r->index, r->data, r->size / sizeof(hit));
}

static int map(dmap_pool *pool, void *arg) {
    work *w = arg;
    dmap_map_options how = w->settings->common.map;
    how.cost = cost;
    how.cost_arg = w;
    if (dmap_share(pool, w->database, w->database_size) != DMAP_OK ||
        dmap_map(pool, &align_protein, dmap_blobs(w->items, w->proteins.count), dmap_each(take_hits, w), &how) !=
            DMAP_OK)
        return ferror(stdout) ? EXIT_FAILURE : sample_fail(&about, "%s", dmap_error(pool)); /* sample_main says it */
    return 0;
}

static int align_serially(void *arg) {
    const work *w = arg;
    return scores_find_all(w->database) == 0 ? 0 : sample_fail(&about, "out of memory");
}

static bool check(void *arg, char *text, size_t size) {
    const work *w = arg;
    return report_check(&w->report, w->database, text, size);
}

static int prepare(work *w, char *error, size_t size) {
    const settings *s = w->settings;
    uint64_t behind = 0;
    snprintf(error, size, "out of memory for the proteins");
    if (s->common.n_operands ? proteins_read(&w->proteins, s->common.operands[0], error, size)
                             : proteins_make(&w->proteins, s->make))
        return -1;
    size_t n = w->proteins.count;
    w->items = malloc(n * sizeof *w->items);
    w->behind = malloc(n * sizeof *w->behind);
    w->database = database_make(&w->proteins, &s->rules, &w->database_size);
    if (!w->items || !w->behind || !w->database || report_begin(&w->report, s->common.check ? n : 0) != 0)
        return -1;
    for (size_t i = n; i-- > 0; behind += w->items[i].size) {
        w->items[i] = (dmap_blob){w->proteins.all[i].residues, w->proteins.all[i].length};
        w->behind[i] = behind;
    }
    return 0;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    static const sample_work steps = {.map = map, .serial = align_serially, .check = check, .items = "proteins"};
    settings s = defaults;
    int code;
    if (!sample_begin(&about, argc, argv, &s.common, &code))
        return code;
    if (s.rules.extend > s.rules.open) {
        sample_fail(&about, "--extend %d is not valid: it is to be --open or less", s.rules.extend);
        return EXIT_USAGE;
    }
    work w = {.settings = &s};
    char error[512];
    if (prepare(&w, error, sizeof error) == 0)
        code = sample_do(&about, &s.common, pool, &steps, &w);
    else
        code = sample_fail(&about, "%s", error);
    report_end(&w.report);
    proteins_free(&w.proteins);
    free(w.items);
    free(w.behind);
    free(w.database);
    return code;
}

int main(int argc, char **argv) {
    settings s = defaults;
    return sample_main(&about, argc, argv, &s.common, run);
}
