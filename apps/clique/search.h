/* Branch and bound for a largest clique, on sets of bits: San Segundo, Rodriguez-Losada, Jimenez: An exact bit-parallel
 * algorithm for the maximum clique problem (Computers & Operations Research 38, 2011), which is Tomita and Seki's
 * (DMTCS 2003) with a row of the graph a set of bits. A branch is a clique and its candidates, the vertices that are
 * joined to all of it. They are coloured greedily, no two joined ones alike: a clique among those of the first k
 * colours has k vertices at most. Where that is not more than what is known already, the branch ends. */
#ifndef CLIQUE_SEARCH_H
#define CLIQUE_SEARCH_H

#include "graph.h"

/** A branch as it travels: search_branch_size bytes. */
typedef struct branch {
    uint32_t size;   /* of the clique */
    uint32_t bound;  /* no clique of this branch has more */
    uint64_t bits[]; /* the candidates, then the clique's vertices, 16 bits each */
} branch;

size_t search_branch_size(const graph *g, uint32_t clique_size);
/** The branch that is all of the graph: to be freed. NULL if memory is out. */
branch *search_root(const graph *g);

/** Whom the search asks and tells. */
typedef struct search_links {
    uint32_t (*known)(void *arg);            /* the size of the largest clique that anyone has found */
    void (*found)(void *arg, uint32_t size); /* a larger one than that */
    int (*left)(void *arg, const branch *branch, size_t size); /* a branch that was not searched; 0, or -1 to give up */
} search_links;

typedef struct search search;

/** Room for searches in one graph after the other. NULL if memory is out. */
search *search_create(void);
void search_destroy(search *s);
/** Searches up to `grain` branches, depth first, with the one that is given. What is left then is handed to
 *  links->left, the most promising last.
 *  g:        borrowed until the next run
 *  links:    its left may be NULL if grain is UINT64_MAX
 *  Returns:  0; -1 if memory is out, or left gave up */
int search_run(search *s, const graph *g, const branch *from, uint64_t grain, const search_links *links, void *arg);
/** The largest clique that the last run found, if it was larger than what was known: *size vertices, 0 if there is
 *  none. Valid until the next run. */
const uint16_t *search_found(const search *s, uint32_t *size);

#endif
