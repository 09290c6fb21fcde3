/* The task whose items are branches of the search. */
#ifndef CLIQUE_TASK_H
#define CLIQUE_TASK_H

#include <dmap/dmap.h>

#include "graph.h"

/** What every rank has to know: it is shared. */
typedef struct shared {
    uint64_t grain;   /* branches that an item searches by itself */
    uint64_t graph[]; /* one, as it lies in memory */
} shared;

/** A result: a clique, of 0 vertices if none was found that was larger than what was known. */
typedef struct answer {
    uint32_t size;
    uint32_t known; /* the largest size that was heard of */
    uint16_t vertices[];
} answer;

size_t answer_size(uint32_t size);

/** Items: branches; results: answers, of which the larger stays. */
extern const dmap_task clique_branch;

/** The same without dmap: to be freed. NULL if memory is out. */
answer *clique_search_serially(const graph *g);

#endif
