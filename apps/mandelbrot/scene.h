/* What is to be drawn, from what was asked for. */
#ifndef MANDELBROT_SCENE_H
#define MANDELBROT_SCENE_H

#include "center.h"
#include "fractal.h"

typedef struct scene_wish {
    uint32_t size[2];    /* pixels: width, height */
    const char *center;  /* "X,Y" */
    double zoom;         /* 1: the whole set, 2.6 of the plane from bottom to top */
    uint32_t iterations; /* 0: as many as the zoom is likely to need */
    uint32_t samples;
} scene_wish;

/** Read a member of the wish, for a table of command_line.h. What scene_read_center reads is borrowed. */
bool scene_read_size(const char *text, void *size);
bool scene_read_center(const char *text, void *center);

typedef struct scene {
    view *view;
    size_t size; /* of the view, with its orbit */
    center *center;
} scene;

/** Returns: 0; -1 if memory is out. To be ended with scene_fini either way */
int scene_init(scene *s, const scene_wish *wish);
void scene_fini(scene *s);
/** Of a grid of points over the picture, `wrong`: how many have another count in MPFR's numbers. Returns their
 *  number. */
int scene_check(const scene *s, int *wrong);

#endif
