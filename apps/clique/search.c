/* The search. It keeps the way down as an array of levels, not as calls: so what is left, when it has searched its
 * share, can be handed on from the top down. Rooms grow as they are needed, and stay for the next run. */
#include "search.h"

#include <stdlib.h>
#include <string.h>

/* Where the search is at one depth: the candidates that are left, and which of them to branch by, the last one first.
 * Those of the first colours are not among these: no clique of theirs is large enough. */
typedef struct level {
    uint64_t *candidates;
    uint16_t *order, *colours;
    uint32_t count;
} level;

struct search {
    const graph *graph;
    const search_links *links;
    void *arg;
    level *levels; /* of graph->n + 1, as far as they were needed; rooms for `words` and `n` */
    uint32_t n_levels;
    uint64_t *uncoloured, *class; /* for colouring: two sets */
    uint16_t *clique, *found;
    uint32_t base; /* vertices of the clique that the run began with */
    uint32_t n_found;
    branch *out;       /* for one that is handed on */
    uint32_t room_for; /* vertices */
};

size_t search_branch_size(const graph *g, uint32_t clique_size) {
    return sizeof(branch) + (g->words + (clique_size + 3) / 4) * sizeof(uint64_t);
}

branch *search_root(const graph *g) {
    branch *root = calloc(1, search_branch_size(g, 0));
    if (!root)
        return NULL;
    root->bound = g->n;
    for (uint32_t v = 0; v < g->n; v++)
        bits_set(root->bits, v);
    return root;
}

search *search_create(void) {
    return calloc(1, sizeof(search));
}

static void free_rooms(search *s) {
    for (uint32_t i = 0; i < s->n_levels; i++) {
        free(s->levels[i].candidates);
        free(s->levels[i].order);
    }
    free(s->levels);
    free(s->uncoloured);
    free(s->clique);
    free(s->out);
    *s = (search){0};
}

void search_destroy(search *s) {
    if (s)
        free_rooms(s);
    free(s);
}

static bool make_rooms(search *s, const graph *g) {
    if (s->room_for == g->n)
        return true;
    free_rooms(s);
    s->levels = calloc(g->n + 1, sizeof *s->levels);
    s->uncoloured = malloc(2 * g->words * sizeof *s->uncoloured);
    s->clique = malloc(2 * (size_t)g->n * sizeof *s->clique);
    s->out = calloc(1, search_branch_size(g, g->n));
    if (!s->levels || !s->uncoloured || !s->clique || !s->out) {
        free_rooms(s);
        return false;
    }
    s->class = s->uncoloured + g->words;
    s->found = s->clique + g->n;
    s->room_for = g->n;
    return true;
}

static bool make_level(search *s, uint32_t depth) {
    level *l = &s->levels[depth];
    if (depth < s->n_levels)
        return true;
    l->candidates = malloc(s->graph->words * sizeof *l->candidates);
    l->order = malloc(2 * (size_t)s->graph->n * sizeof *l->order);
    l->colours = l->order ? l->order + s->graph->n : NULL;
    s->n_levels = depth + 1;
    return l->candidates && l->order;
}

/* The colours of the candidates, one after the other: each is given to as many as can have it. */
static void colour(search *s, level *l, uint32_t enough) {
    uint32_t words = s->graph->words;
    memcpy(s->uncoloured, l->candidates, words * sizeof *s->uncoloured);
    l->count = 0;
    for (uint32_t first = 0, colour = 1; first < words; colour++) {
        memcpy(s->class + first, s->uncoloured + first, (words - first) * sizeof *s->class);
        for (uint32_t i = first; i < words; i++)
            while (s->class[i]) {
                uint32_t v = 64 * i + (uint32_t)__builtin_ctzll(s->class[i]);
                const uint64_t *row = graph_row(s->graph, v);
                bits_clear(s->class, v);
                bits_clear(s->uncoloured, v);
                for (uint32_t j = i; j < words; j++)
                    s->class[j] &= ~row[j];
                if (colour > enough) {
                    l->order[l->count] = (uint16_t)v;
                    l->colours[l->count++] = (uint16_t)colour;
                }
            }
        while (first < words && !s->uncoloured[first])
            first++;
    }
}

/* Begins a branch whose clique has `size` vertices, and whose candidates are on the level. */
static void begin(search *s, level *l, uint32_t size) {
    uint32_t known = s->links->known(s->arg);
    if (size > known) {
        memcpy(s->found, s->clique, size * sizeof *s->found);
        s->n_found = size;
        s->links->found(s->arg, size);
        known = size;
    }
    colour(s, l, known - size);
}

/* True if the last branch of the level may have more than what is known; if not, none of them may. */
static bool is_worth_it(const search *s, uint32_t depth) {
    const level *l = &s->levels[depth];
    return l->count && s->base + depth + l->colours[l->count - 1] > s->links->known(s->arg);
}

static bool descend(search *s, uint32_t depth) {
    if (!make_level(s, depth + 1))
        return false;
    level *l = &s->levels[depth], *next = &s->levels[depth + 1];
    uint16_t v = l->order[--l->count];
    const uint64_t *row = graph_row(s->graph, v);
    for (uint32_t i = 0; i < s->graph->words; i++)
        next->candidates[i] = l->candidates[i] & row[i];
    bits_clear(l->candidates, v);
    s->clique[s->base + depth] = v;
    begin(s, next, s->base + depth + 1);
    return true;
}

/* Hands on the level's branches, beginning with the one that would have been the last. A branch's candidates are those
 * that the ones after it have left. */
static bool hand_on(search *s, uint32_t depth) {
    level *l = &s->levels[depth];
    uint32_t words = s->graph->words, size = s->base + depth + 1;
    uint16_t *clique = (uint16_t *)(s->out->bits + words);
    for (uint32_t i = 0; i < l->count; i++)
        bits_clear(l->candidates, l->order[i]);
    memcpy(clique, s->clique, (size - 1) * sizeof *clique);
    for (uint32_t i = 0; i < l->count; i++) {
        const uint64_t *row = graph_row(s->graph, l->order[i]);
        s->out->size = size;
        s->out->bound = size - 1 + l->colours[i];
        clique[size - 1] = l->order[i];
        for (uint32_t j = 0; j < words; j++)
            s->out->bits[j] = l->candidates[j] & row[j];
        bits_set(l->candidates, l->order[i]);
        if (s->out->bound > s->links->known(s->arg) &&
            s->links->left(s->arg, s->out, search_branch_size(s->graph, size)) != 0)
            return false;
    }
    return true;
}

int search_run(search *s, const graph *g, const branch *from, uint64_t grain, const search_links *links, void *arg) {
    s->n_found = 0;
    if (!make_rooms(s, g))
        return -1;
    s->graph = g;
    s->links = links;
    s->arg = arg;
    s->base = from->size;
    if (from->bound <= links->known(arg))
        return 0;
    if (!make_level(s, 0))
        return -1;
    memcpy(s->levels[0].candidates, from->bits, g->words * sizeof from->bits[0]);
    memcpy(s->clique, from->bits + g->words, from->size * sizeof *s->clique);
    begin(s, &s->levels[0], from->size);
    uint32_t depth = 0;
    for (uint64_t searched = 1;;) {
        if (!is_worth_it(s, depth)) {
            if (depth == 0)
                return 0;
            depth--;
        } else if (searched++ >= grain) {
            break;
        } else if (!descend(s, depth++)) {
            return -1;
        }
    }
    for (uint32_t i = 0; i <= depth; i++)
        if (!hand_on(s, i))
            return -1;
    return 0;
}

const uint16_t *search_found(const search *s, uint32_t *size) {
    *size = s->n_found;
    return s->found;
}
