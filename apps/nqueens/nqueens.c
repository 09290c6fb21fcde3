/* Counts the ways in which n queens can stand on a board of n x n over a dmap pool.
 *
 * An item is a subtree of the search: a board whose first rows are taken. Subtrees differ in size, and nobody knows
 * beforehand by how much: the pool is given many more of them than it has workers, and as a hint a rough guess, so that
 * the largest begin first and the small ones fill the end. The result is a tally, folded as it comes: nothing is kept
 * of a subtree. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queens.h"
#include "sample.h"

typedef struct settings {
    sample_settings common;
    int n, rows, lopsided;
} settings;

static const settings defaults = {.n = 16, .rows = 5, .lopsided = true};

static const command_word cuts[] = {{"even", false}, {"lopsided", true}, {NULL, 0}};

static const command_option options[] = {
    {"--n", "N", "queens", COMMAND_WHOLE, COMMAND_AT(settings, n), .low = 1, .high = QUEENS_MOST},
    {"--rows", "N", "that are taken where a subtree begins: the more, the smaller", COMMAND_WHOLE,
     COMMAND_AT(settings, rows), .low = 1, .high = 7},
    {"--cut", "NAME", "lopsided: some begin two rows deep, whatever --rows says", COMMAND_WORD,
     COMMAND_AT(settings, lopsided), .words = cuts},
};

static const sample about = {
    .name = "nqueens",
    .summary = "Counts the ways in which n queens can stand on a board of n x n and not attack each other,\n"
               "a subtree of the search an item.",
    .journals = true,
    SAMPLE_OPTIONS(options),
};

static int search_subtree(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(tally *)result = queens_search(item);
    return 0;
}

static void combine(void *into, const void *from) {
    queens_combine(into, from);
}

DMAP_TASK(nqueens_search, .run = search_subtree, .item_size = sizeof(subtree), .result_size = sizeof(tally),
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
    dmap_map_options options_of_map = w->settings->common.map;
    options_of_map.cost = cost;
    options_of_map.cost_arg = w;
    if (dmap_map(pool, &nqueens_search, dmap_array(w->subtrees, w->count), dmap_fold(&w->found), &options_of_map) !=
        DMAP_OK)
        return sample_fail(&about, "%s", dmap_error(pool));
    return 0;
}

static int search_serially(void *arg) {
    work *w = arg;
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
    static const sample_work steps = {
        .map = map, .serial = search_serially, .check = check, .print = show, .items = "subtrees"};
    settings s = defaults;
    int code;
    if (!sample_begin(&about, argc, argv, &s.common, &code))
        return code;
    work w = {.settings = &s};
    w.count = queens_cut(s.n, s.rows, s.lopsided, &w.subtrees);
    code = w.subtrees ? sample_do(&about, &s.common, pool, &steps, &w)
                      : sample_fail(&about, "no memory for so many subtrees, or more than %d: take fewer --rows",
                                    QUEENS_MOST_SUBTREES);
    free(w.subtrees);
    return code;
}

int main(int argc, char **argv) {
    settings s = defaults;
    return sample_main(&about, argc, argv, &s.common, run);
}
