/* Counts the ways in which n queens can stand on a board of n x n over a dmap pool.
 *
 * An item is a subtree of the search: a board whose first rows are taken. Subtrees differ in size, and nobody knows
 * beforehand by how much: the pool is given many more of them than it has workers, and as a hint a rough guess, so that
 * the largest begin first and the small ones fill the end. The result is a tally, folded as it comes: nothing is kept
 * of a subtree. With --spawn nothing is cut beforehand: items make the subtrees. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queens.h"
#include "sample.h"

typedef struct settings {
    sample_settings common;
    int n;
    queens_rule rule;
    bool spawns;
} settings;

static const settings defaults = {.n = 16, .rule = {.rows = 5, .lopsided = true}};

static const command_word cuts[] = {{"even", false}, {"lopsided", true}, {NULL, 0}};

static const command_option options[] = {
    {"--n", "N", "queens", COMMAND_WHOLE, COMMAND_AT(settings, n), .low = 1, .high = QUEENS_MOST},
    {"--rows", "N", "that are taken where a subtree begins: the more, the smaller", COMMAND_WHOLE,
     COMMAND_AT(settings, rule.rows), .low = 1, .high = 7},
    {"--cut", "NAME", "lopsided: some begin two rows deep, whatever --rows says", COMMAND_WORD,
     COMMAND_AT(settings, rule.lopsided), .words = cuts},
    {"--spawn", NULL, "items make those subtrees, from one item on", COMMAND_FLAG, COMMAND_AT(settings, spawns)},
};

static const sample about = {
    .name = "nqueens",
    .summary = "Counts the ways in which n queens can stand on a board of n x n and not attack each other,\n"
               "a subtree of the search an item.",
    .journals = true,
    SAMPLE_OPTIONS(options),
};

/* What is to be cut on makes an item of each of its branches, and has no tally. */
static int search_or_fork(dmap_context *ctx, const void *item, void *result) {
    subtree branches[QUEENS_MOST];
    bool is_whole = queens_is_whole(dmap_shared(ctx, NULL), item);
    int n = is_whole ? 0 : queens_fork(item, branches);
    *(tally *)result = is_whole ? queens_search(item) : (tally){.subtrees = 0};
    for (int i = 0; i < n; i++)
        if (dmap_spawn(ctx, &branches[i], sizeof branches[i]))
            return dmap_fail(ctx, 1, "out of memory");
    return 0;
}

static void combine(void *into, const void *from) {
    queens_combine(into, from);
}

DMAP_TASK(nqueens_search, .run = search_or_fork, .item_size = sizeof(subtree), .result_size = sizeof(tally),
          .combine = combine);

typedef struct work {
    const settings *settings;
    subtree *subtrees;
    size_t count;
    tally found, found_serially;
} work;

static double cost(void *arg, uint64_t index) {
    const work *w = arg;
    return queens_guess(&w->subtrees[index]);
}

static int map(dmap_pool *pool, void *arg) {
    work *w = arg;
    const settings *s = w->settings;
    dmap_map_options o = s->common.map;
    subtree root = queens_root(s->n);
    dmap_source from = s->spawns ? dmap_array(&root, 1) : dmap_array(w->subtrees, w->count);
    o.spawns = s->spawns;
    o.cost = s->spawns ? NULL : cost;
    o.cost_arg = w;
    if (dmap_share(pool, &s->rule, sizeof s->rule) != DMAP_OK ||
        dmap_map(pool, &nqueens_search, from, dmap_fold(&w->found), &o) != DMAP_OK)
        return sample_fail(&about, "%s", dmap_error(pool));
    return 0;
}

/* What is cut beforehand. */
static int cut(work *w) {
    w->count = queens_cut(w->settings->n, &w->settings->rule, &w->subtrees);
    return w->subtrees ? 0
                       : sample_fail(&about, "no memory for so many subtrees, or more than %d: take fewer --rows",
                                     QUEENS_MOST_SUBTREES);
}

static int search_serially(void *arg) {
    work *w = arg;
    if (!w->subtrees && cut(w) != 0)
        return EXIT_FAILURE;
    for (size_t i = 0; i < w->count; i++) {
        tally t = queens_search(&w->subtrees[i]);
        queens_combine(&w->found_serially, &t);
    }
    return 0;
}

static bool check(void *arg, char *text, size_t size) {
    const work *w = arg;
    uint64_t known = queens_known(w->settings->n);
    snprintf(text, size, "A000170(%d) is %" PRIu64 ", found %" PRIu64, w->settings->n, known, w->found.ways);
    return w->found.ways == known;
}

static int show(void *arg) {
    const work *w = arg;
    const tally *t = &w->found;
    double nodes = t->nodes > 0 ? (double)t->nodes : 1.0;
    printf("queens    %d\nways      %" PRIu64 "\nnodes     %" PRIu64 "\n", w->settings->n, t->ways, t->nodes);
    printf("subtrees  %" PRIu64 ", the smallest with %" PRIu64 " nodes, the mean %.0f, the largest %" PRIu64 "\n",
           t->subtrees, t->smallest, t->subtrees > 0 ? nodes / (double)t->subtrees : 0.0, t->largest);
    return 0;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    settings s = defaults;
    int code;
    if (!sample_begin(&about, argc, argv, &s.common, &code))
        return code;
    work w = {.settings = &s};
    sample_work steps = {.map = map, .serial = search_serially, .check = check, .print = show, .items = "subtrees"};
    if (s.spawns)
        steps.items = "items";
    code = s.spawns ? 0 : cut(&w);
    if (code == 0)
        code = sample_do(&about, &s.common, pool, &steps, &w);
    free(w.subtrees);
    return code;
}

int main(int argc, char **argv) {
    settings s = defaults;
    return sample_main(&about, argc, argv, &s.common, run);
}
