/* The picture of a sweep: a to the right, b upwards; warm where there is a cycle, the brighter the longer its period;
 * cool where everything comes to rest, the brighter the longer that takes; a contour line at each factor of the square
 * root of two. Around it are the axes with their figures, and a legend. */
#ifndef SWEEP_PHASE_MAP_H
#define SWEEP_PHASE_MAP_H

#include "grid.h"

/** Draws it. The points may have any order; where the columns and rows that they span have none, it is grey.
 *  Returns 0; -1 with a sentence in error. */
int phase_map_draw(const char *path, const grid *g, const orbit *orbits, char *error, size_t error_size);

#endif
