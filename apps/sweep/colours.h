/* Colours of the phase map. */
#ifndef SWEEP_COLOURS_H
#define SWEEP_COLOURS_H

#include "brusselator.h"

/** Adds the colour of a fate at a height from 0 to 1 to rgb; `terrace`, from 0 to 1, is where between two contour lines
 *  it lies. */
void colours_add(fate f, double height, double terrace, double rgb[3]);

#endif
