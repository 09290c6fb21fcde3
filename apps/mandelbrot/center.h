/* The center to any number of digits, by MPFR. Used on the master only: what the ranks need of it is in the view. */
#ifndef MANDELBROT_CENTER_H
#define MANDELBROT_CENTER_H

#include <stdbool.h>

#include "fractal.h"

typedef struct center center;

/** text: "X,Y", each in decimal digits; pixel: the distance that is still to be told apart.
 *  Returns: NULL if it is not two finite numbers of the plane's middle (each -10 to 10), or memory is out */
center *center_create(const char *text, double pixel);
void center_destroy(center *c);

double center_x(const center *c);
double center_y(const center *c);
/** The orbit of the center, from 0 on: up to `limit` further points, fewer if it escapes. orbit: limit + 1 places.
 *  Returns: how many points there are, 2 or more */
uint64_t center_orbit(const center *c, uint32_t limit, complex_number *orbit);
/** The smooth count of the point at `offset` from the center, all of it in MPFR's numbers; limit if it is inside. */
double center_count(const center *c, complex_number offset, uint32_t limit);

#endif
