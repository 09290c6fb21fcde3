/* The points of a sweep: read from a CSV file, or laid out as a grid; and what was found, written as one. */
#ifndef SWEEP_GRID_H
#define SWEEP_GRID_H

#include <stddef.h>
#include <stdint.h>

#include "brusselator.h"

typedef struct grid {
    point *points;
    size_t count;
} grid;

/** Reads lines "a,b"; the first may be a heading; empty ones, and those that begin with '#', are passed over.
 *  Returns 0; -1 with a sentence in error: *g is empty then. */
int grid_read(const char *path, grid *g, char *error, size_t error_size);
/** Lays out columns x rows points, from low to high, row by row. Returns 0, or -1 if memory is out. */
int grid_lay_out(point low, point high, uint32_t columns, uint32_t rows, grid *g);
void grid_free(grid *g);

/** Writes a line a point, in their order. Returns 0; -1 with a sentence in error. */
int grid_write(const char *path, const grid *g, const orbit *orbits, char *error, size_t error_size);

#endif
