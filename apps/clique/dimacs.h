/* Graphs from files, in the format of the second DIMACS challenge: lines "c ..." (a comment), one "p edge VERTICES
 * EDGES" (or "p col ..."), then "e U V" for each edge, whose vertices are numbered from 1. */
#ifndef CLIQUE_DIMACS_H
#define CLIQUE_DIMACS_H

#include "graph.h"

/** The graph in the file at `path`: to be freed. An edge may be there twice; one from a vertex to itself, and a number
 *  of edges that the file does not have, are errors.
 *  Returns: NULL with a sentence in error, which has room for `size` bytes */
graph *dimacs_read(const char *path, char *error, size_t size);

#endif
