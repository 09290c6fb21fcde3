/* Finds a largest clique of a graph by branch and bound over a dmap pool.
 *
 * An item is a branch of the search: a clique, and the vertices that are joined to all of it. It searches up to --grain
 * branches by itself, and makes items of those that are left. The size of the largest clique that anyone has found is
 * the bound that all items share (dmap_best): as soon as one finds a larger one, all others leave out the branches that
 * cannot have more. The graph is shared data; results are folded: the larger clique of two stays. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clique_task.h"
#include "dimacs.h"
#include "family.h"
#include "sample.h"
#include "search.h"

typedef struct settings {
    sample_settings common;
    int family;
    uint64_t grain;
    const char *file;
    bool list;
} settings;

static const settings defaults = {.family = 5, .grain = 1000};

static const command_word names[] = {{"hamming6-4", 0},    {"hamming8-4", 1}, {"hamming10-2", 2}, {"johnson8-4-4", 3},
                                     {"johnson16-2-4", 4}, {"keller4", 5},    {NULL, 0}};

static const command_option options[] = {
    {"--graph", "NAME", "as DIMACS's challenge names it", COMMAND_WORD, COMMAND_AT(settings, family), .words = names},
    {"--file", "FILE", "a graph in DIMACS's format, in place of --graph", COMMAND_TEXT, COMMAND_AT(settings, file)},
    {"--list", NULL, "print the clique's vertices: of several that large, any", COMMAND_FLAG,
     COMMAND_AT(settings, list)},
    {"--grain", "N", "branches that an item searches by itself", COMMAND_WHOLE, COMMAND_AT(settings, grain), .low = 1,
     .high = 1e9},
};

static const sample about = {
    .name = "clique",
    .summary = "Finds a largest clique of a graph: vertices that are all joined to one another.",
    SAMPLE_OPTIONS(options),
};

typedef struct work {
    const settings *settings;
    graph *graph, *ordered;       /* as it is given, and as it is searched */
    uint16_t numbers[GRAPH_MOST]; /* of the ordered one's vertices in the given one */
    answer *found, *found_serially;
    size_t found_size;
} work;

/* Whether what was found is a clique; and no larger one was heard of, which was lost with its rank. */
static int look_over(work *w) {
    answer *a = w->found;
    for (uint32_t i = 0; i < a->size; i++)
        a->vertices[i] = w->numbers[a->vertices[i]];
    if (!graph_is_clique(w->graph, a->vertices, a->size))
        return sample_fail(&about, "what was found is no clique");
    if (a->size < a->known)
        return sample_fail(&about, "a clique of %" PRIu32 " was found, and lost with its process: try again", a->known);
    return 0;
}

static int map(dmap_pool *pool, void *arg) {
    work *w = arg;
    size_t size = sizeof(shared) + graph_size(w->ordered);
    shared *all = malloc(size);
    branch *root = search_root(w->ordered);
    dmap_blob item = {root, search_branch_size(w->ordered, 0)};
    dmap_map_options o = w->settings->common.map;
    int code = 0;
    o.spawns = true;
    if (all && root) {
        all->grain = w->settings->grain;
        memcpy(all->graph, w->ordered, graph_size(w->ordered));
    }
    if (!all || !root)
        code = sample_fail(&about, "out of memory");
    else if (dmap_share(pool, all, size) != DMAP_OK ||
             dmap_map(pool, &clique_branch, dmap_blobs(&item, 1), dmap_fold_blob((void **)&w->found, &w->found_size),
                      &o) != DMAP_OK)
        code = sample_fail(&about, "%s", dmap_error(pool));
    free(all);
    free(root);
    return code ? code : look_over(w);
}

static int search_serially(void *arg) {
    work *w = arg;
    w->found_serially = clique_search_serially(w->ordered);
    return w->found_serially ? 0 : sample_fail(&about, "out of memory");
}

static bool check(void *arg, char *text, size_t size) {
    const work *w = arg;
    uint32_t found = w->found->size;
    if (w->settings->file) {
        snprintf(text, size, "a plain search finds %" PRIu32 ", found %" PRIu32, w->found_serially->size, found);
        return found == w->found_serially->size;
    }
    const family *f = &families[w->settings->family];
    snprintf(text, size, "%s has %" PRIu64 " edges and a clique of %" PRIu32 ", found %" PRIu64 " and %" PRIu32,
             f->name, f->edges, f->clique, graph_edges(w->graph), found);
    return found == f->clique && graph_edges(w->graph) == f->edges;
}

static int show(void *arg) {
    const work *w = arg;
    const settings *s = w->settings;
    printf("graph     %s\nvertices  %" PRIu32 "\nedges     %" PRIu64 "\nclique    %" PRIu32 "\n",
           s->file ? s->file : families[s->family].name, w->graph->n, graph_edges(w->graph), w->found->size);
    for (uint32_t i = 0; s->list && i < w->found->size; i++)
        printf("%u\n", w->found->vertices[i] + 1u);
    return 0;
}

static int search_graph(work *w, dmap_pool *pool) {
    sample_work steps = {.map = map, .serial = search_serially, .check = check, .print = show, .items = "items"};
    char error[512] = "out of memory";
    const settings *s = w->settings;
    steps.check_is_serial = s->file != NULL;
    w->graph = s->file ? dimacs_read(s->file, error, sizeof error) : family_make(&families[s->family]);
    w->ordered = w->graph ? graph_ordered(w->graph, w->numbers) : NULL;
    return w->ordered ? sample_do(&about, &s->common, pool, &steps, w) : sample_fail(&about, "%s", error);
}

static int run(dmap_pool *pool, int argc, char **argv) {
    settings s = defaults;
    int code;
    if (!sample_begin(&about, argc, argv, &s.common, &code))
        return code;
    work w = {.settings = &s};
    code = search_graph(&w, pool);
    free(w.graph);
    free(w.ordered);
    free(w.found);
    free(w.found_serially);
    return code;
}

int main(int argc, char **argv) {
    settings s = defaults;
    return sample_main(&about, argc, argv, &s.common, run);
}
