/* Rows of the picture: which part of the plane is seen, and how a row of it becomes pixels. */
#ifndef MANDELBROT_FRACTAL_H
#define MANDELBROT_FRACTAL_H

#include <stdint.h>

#include "palette.h"

/** What every rank must know to draw a row: sent as it stands by dmap_share. */
typedef struct view {
    uint32_t width, height; /* pixels */
    uint32_t iterations;    /* before a point counts as inside */
    uint32_t samples;       /* a pixel is the mean of samples x samples points */
    double center_x, center_y;
    double pixel; /* size of a pixel on the plane */
} view;

/** Draws row `row` (0: the uppermost): 3 * v->width bytes, red, green, blue. */
void fractal_row(const view *v, const palette *p, uint64_t row, uint8_t *rgb);

#endif
