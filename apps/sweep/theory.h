/* What is known of the Brusselator without solving it. */
#ifndef SWEEP_THEORY_H
#define SWEEP_THEORY_H

#include "grid.h"

/** True if the orbits are as they should be: rest below the line b = 1 + a * a, a cycle above it; and within a tenth
 *  the time in which a small push dies, and near the line the period 2 pi / a. Very near it nothing is asked. text gets
 *  a sentence. */
bool theory_agrees(const grid *g, const orbit *orbits, char *text, size_t size);

#endif
