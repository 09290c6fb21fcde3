/* Deep zooms: where neighbouring pixels are nearer to each other than doubles can tell. The center's orbit is computed
 * once in as many digits as it takes (center.h), and each point's as its small distance from that one, in doubles. */
#ifndef MANDELBROT_DEEP_H
#define MANDELBROT_DEEP_H

#include "fractal.h"

/** Iterates the point at `offset` from the center until |z|^2 > radius2 or v->iterations; *z is where it is then.
 *  Returns the count of iterations. v->length > 1 */
uint32_t deep_iterate(const view *v, complex_number offset, double radius2, complex_number *z);

#endif
