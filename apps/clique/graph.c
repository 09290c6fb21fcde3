#include "graph.h"

#include <stdlib.h>

graph *graph_create(uint32_t n) {
    uint32_t words = (n + 63) / 64;
    graph *g = calloc(1, sizeof *g + (size_t)n * words * sizeof g->rows[0]);
    if (g) {
        g->n = n;
        g->words = words;
    }
    return g;
}

size_t graph_size(const graph *g) {
    return sizeof *g + (size_t)g->n * g->words * sizeof g->rows[0];
}

void graph_join(graph *g, uint32_t u, uint32_t v) {
    bits_set(g->rows + (size_t)u * g->words, v);
    bits_set(g->rows + (size_t)v * g->words, u);
}

static uint32_t degree(const graph *g, uint32_t v) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->words; i++)
        count += (uint32_t)__builtin_popcountll(graph_row(g, v)[i]);
    return count;
}

uint64_t graph_edges(const graph *g) {
    uint64_t ends = 0;
    for (uint32_t v = 0; v < g->n; v++)
        ends += degree(g, v);
    return ends / 2;
}

bool graph_is_clique(const graph *g, const uint16_t *vertices, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < i; j++)
            if (!bits_have(graph_row(g, vertices[i]), vertices[j]))
                return false;
    return true;
}

/* The last of those left that have the lowest degree: it goes, and its neighbours have one less. */
static uint32_t take_lowest(const graph *g, uint32_t *degrees) {
    uint32_t lowest = g->n;
    for (uint32_t v = 0; v < g->n; v++)
        if (degrees[v] != UINT32_MAX && (lowest == g->n || degrees[v] <= degrees[lowest]))
            lowest = v;
    degrees[lowest] = UINT32_MAX;
    for (uint32_t v = 0; v < g->n; v++)
        if (degrees[v] != UINT32_MAX && bits_have(graph_row(g, lowest), v))
            degrees[v]--;
    return lowest;
}

graph *graph_ordered(const graph *g, uint16_t *numbers) {
    graph *ordered = graph_create(g->n);
    uint32_t *degrees = malloc(g->n * sizeof *degrees);
    if (!ordered || !degrees) {
        free(ordered);
        free(degrees);
        return NULL;
    }
    for (uint32_t v = 0; v < g->n; v++)
        degrees[v] = degree(g, v);
    for (uint32_t i = g->n; i-- > 0;)
        numbers[i] = (uint16_t)take_lowest(g, degrees);
    for (uint32_t i = 0; i < g->n; i++)
        for (uint32_t j = 0; j < i; j++)
            if (bits_have(graph_row(g, numbers[i]), numbers[j]))
                graph_join(ordered, i, j);
    free(degrees);
    return ordered;
}
