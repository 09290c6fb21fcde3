/* Rows of the picture: which part of the plane is seen, and how a row of it becomes pixels. */
#ifndef MANDELBROT_FRACTAL_H
#define MANDELBROT_FRACTAL_H

#include <stddef.h>
#include <stdint.h>

#include "palette.h"

typedef struct complex_number {
    double x, y;
} complex_number;

/** What every rank must know to draw a row: sent as it stands by dmap_share. */
typedef struct view {
    uint32_t width, height; /* pixels */
    uint32_t iterations;    /* before a point counts as inside */
    uint32_t samples;       /* a pixel is the mean of samples x samples points */
    double center_x, center_y;
    double pixel;    /* size of a pixel on the plane */
    double lowest;   /* count that the palette begins with */
    uint64_t length; /* of the orbit; 0: doubles are fine enough for the plane itself */
    complex_number orbit[];
} view;

/** Squared; large, so that the smooth count has no visible steps. */
#define FRACTAL_RADIUS2 65536.0

/** Draws row `row` (0: the uppermost): 3 * v->width bytes, red, green, blue. */
void fractal_row(const view *v, const palette *p, uint64_t row, uint8_t *rgb);
/** The smooth count of the point that lies `right` and `up` of the center, in pixels; v->iterations if it is inside. */
double fractal_count(const view *v, double right, double up);
/** The count with its fraction, from where it escaped: continuous across the bands of equal count; `limit` if z is not
 *  outside. */
double fractal_smooth(double count, complex_number z, double limit);

#endif
