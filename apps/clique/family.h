/* Graphs of the second DIMACS challenge (1993) that a formula makes: vertices are words, and two of them are joined if
 * they are far enough from each other. Their largest cliques are codes, and a step to Keller's tilings. */
#ifndef CLIQUE_FAMILY_H
#define CLIQUE_FAMILY_H

#include "graph.h"

typedef struct family {
    const char *name;
    int bits;                  /* of a word */
    int weight;                /* bits that are set in it; 0: any number */
    int distance;              /* bits in which joined words differ, at least; 0: a graph of Keller's */
    uint32_t vertices, clique; /* as published: how many, and of how many the largest clique has */
    uint64_t edges;
} family;

extern const family families[];
enum { FAMILIES = 6 };

/** The graph: to be freed. NULL if memory is out. */
graph *family_make(const family *f);

#endif
