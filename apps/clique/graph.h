/* An undirected graph as rows of bits: all in one piece, so that it can be sent as it is. */
#ifndef CLIQUE_GRAPH_H
#define CLIQUE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GRAPH_MOST = 16384 }; /* vertices */

typedef struct graph {
    uint32_t n;      /* vertices, numbered from 0 */
    uint32_t words;  /* of a row */
    uint64_t rows[]; /* bit v of row u: there is an edge between u and v */
} graph;

/** A graph of n vertices, from 1 to GRAPH_MOST, without edges: to be freed. NULL if memory is out. */
graph *graph_create(uint32_t n);
/** Bytes of it. */
size_t graph_size(const graph *g);
void graph_join(graph *g, uint32_t u, uint32_t v);
uint64_t graph_edges(const graph *g);
/** True if there is an edge between any two of the vertices. */
bool graph_is_clique(const graph *g, const uint16_t *vertices, uint32_t n);
/** A graph in the order in which it is searched best: from the end on, each vertex has the lowest degree among those
 *  before it and itself (the "minimum width order").
 *  numbers:  GRAPH_MOST of them: what the vertices' numbers were
 *  Returns:  to be freed; NULL if memory is out */
graph *graph_ordered(const graph *g, uint16_t *numbers);

static inline const uint64_t *graph_row(const graph *g, uint32_t v) {
    return g->rows + (size_t)v * g->words;
}

static inline bool bits_have(const uint64_t *bits, uint32_t i) {
    return bits[i / 64] >> i % 64 & 1;
}

static inline void bits_set(uint64_t *bits, uint32_t i) {
    bits[i / 64] |= UINT64_C(1) << i % 64;
}

static inline void bits_clear(uint64_t *bits, uint32_t i) {
    bits[i / 64] &= ~(UINT64_C(1) << i % 64);
}

#endif
