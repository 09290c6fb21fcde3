/* Counts the nodes of an unbalanced tree over a dmap pool.
 *
 * An item is a node; the items that it makes are nodes below it. Nobody knows beforehand how many there are, nor which
 * subtree is large: what a worker has found is taken by one that has nothing. A node takes about as long as a SHA-1
 * digest, 0.1 us: so an item visits up to --grain nodes by itself, and makes items of those that it has found and not
 * visited. The tree is shared data, so that every rank knows it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"
#include "tree.h"

typedef struct settings {
    sample_settings common;
    int tree;
    uint64_t grain;
} settings;

static const settings defaults = {.tree = 1, .grain = 200};

static const command_word names[] = {{"T0", 0}, {"T1", 1}, {"T1L", 2}, {"T1XL", 3}, {"T3", 4}, {"T3L", 5}, {NULL, 0}};

static const command_option options[] = {
    {"--tree", "NAME", "T0 is small; the others are named by the benchmark", COMMAND_WORD, COMMAND_AT(settings, tree),
     .words = names},
    {"--grain", "N", "nodes that an item visits by itself", COMMAND_WHOLE, COMMAND_AT(settings, grain), .low = 1,
     .high = 1e9},
};

static const sample about = {
    .name = "uts",
    .summary = "Counts the nodes of an unbalanced tree (UTS), in which nobody knows beforehand where the nodes are.",
    SAMPLE_OPTIONS(options),
};

/* What every rank has to know. */
typedef struct shared {
    uint64_t grain;
    int tree;
} shared;

/* A worker's: nodes that were found and not visited. */
typedef struct stack {
    node *nodes;
    size_t room;
} stack;

static int set_up(dmap_context *ctx) {
    dmap_set_local(ctx, calloc(1, sizeof(stack)));
    return dmap_local(ctx) ? 0 : 1;
}

static void tear_down(dmap_context *ctx) {
    stack *s = dmap_local(ctx);
    free(s->nodes);
    free(s);
}

static int visit(dmap_context *ctx, const void *item, void *result) {
    const shared *about_tree = dmap_shared(ctx, NULL);
    const tree *t = &trees[about_tree->tree];
    stack *s = dmap_local(ctx);
    tally found = {0, 0, 0};
    if (!s->nodes && !(s->nodes = malloc(sizeof *s->nodes)))
        return dmap_fail(ctx, 1, "out of memory");
    s->room = s->room ? s->room : 1;
    size_t n = 1;
    memcpy(&s->nodes[0], item, sizeof(node));
    if (!tree_search(t, about_tree->grain, &s->nodes, &n, &s->room, &found))
        return dmap_fail(ctx, 1, "out of memory");
    for (size_t i = 0; i < n; i++)
        if (dmap_spawn(ctx, &s->nodes[i], sizeof(node)))
            return 1;
    memcpy(result, &found, sizeof found);
    return 0;
}

static void combine(void *into, const void *from) {
    tally_combine(into, from);
}

DMAP_TASK(uts_visit, .run = visit, .item_size = sizeof(node), .result_size = sizeof(tally), .setup = set_up,
          .teardown = tear_down, .combine = combine);

typedef struct work {
    const settings *settings;
    const tree *tree;
    tally found, found_serially;
} work;

static int map(dmap_pool *pool, void *arg) {
    work *w = arg;
    node root = tree_root(w->tree);
    shared all = {.grain = w->settings->grain, .tree = w->settings->tree};
    dmap_map_options o = w->settings->common.map;
    o.spawns = true;
    if (dmap_share(pool, &all, sizeof all) != DMAP_OK ||
        dmap_map(pool, &uts_visit, dmap_array(&root, 1), dmap_fold(&w->found), &o) != DMAP_OK)
        return sample_fail(&about, "%s", dmap_error(pool));
    return 0;
}

static int search_serially(void *arg) {
    work *w = arg;
    node *nodes = malloc(sizeof *nodes);
    size_t n = 1, room = 1;
    if (nodes)
        nodes[0] = tree_root(w->tree);
    int is_done = nodes && tree_search(w->tree, UINT64_MAX, &nodes, &n, &room, &w->found_serially);
    free(nodes);
    return is_done ? 0 : sample_fail(&about, "out of memory");
}

static bool check(void *arg, char *text, size_t size) {
    const work *w = arg;
    snprintf(text, size, "%s has %" PRIu64 " nodes, found %" PRIu64, w->tree->name, w->tree->nodes, w->found.nodes);
    return w->found.nodes == w->tree->nodes;
}

static int show(void *arg) {
    const work *w = arg;
    printf("tree     %s\nnodes    %" PRIu64 "\nleaves   %" PRIu64 "\ndeepest  %" PRIu64 "\n", w->tree->name,
           w->found.nodes, w->found.leaves, w->found.deepest);
    return 0;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    static const sample_work steps = {
        .map = map, .serial = search_serially, .check = check, .print = show, .items = "items"};
    settings s = defaults;
    int code;
    if (!sample_begin(&about, argc, argv, &s.common, &code))
        return code;
    work w = {.settings = &s, .tree = &trees[s.tree]};
    return sample_do(&about, &s.common, pool, &steps, &w);
}

int main(int argc, char **argv) {
    settings s = defaults;
    return sample_main(&about, argc, argv, &s.common, run);
}
