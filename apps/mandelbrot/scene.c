/* Where doubles are fine enough for the plane the center is all that is known of it; below, its orbit goes with the
 * view, and each rank follows its points beside it (deep.c). */
#include "scene.h"

#include <math.h>
#include <stdlib.h>

#include "command_line.h"

enum { MOST_PIXELS = 1000000, ITERATIONS = 2000, ITERATIONS_PER_DIGIT = 400, LOOK_ACROSS = 16, CHECK_ACROSS = 5 };

static const double finest_pixel = 0x1p-42; /* below it doubles are too coarse for the plane */
static const double nearness = 0.01;        /* of two counts that are the same but for rounding */
static const double first_step = 16.0;      /* the palette begins so far below the lowest count that was seen */

bool scene_read_size(const char *text, void *size) {
    uint64_t width, height;
    text = command_read_whole(text, 'x', &width);
    if (!text || !command_read_whole(text, '\0', &height) || width < 1 || width > MOST_PIXELS || height < 1 ||
        height > MOST_PIXELS)
        return false;
    ((uint32_t *)size)[0] = (uint32_t)width;
    ((uint32_t *)size)[1] = (uint32_t)height;
    return true;
}

bool scene_read_center(const char *text, void *center_text) {
    center *c = center_create(text, 1.0);
    center_destroy(c);
    *(const char **)center_text = text;
    return c != NULL;
}

/* The point of an evenly spaced grid of n x n over the picture, from the center, in pixels. */
static complex_number grid_point(const view *v, int i, int n) {
    return (complex_number){((i % n + 0.5) / n - 0.5) * v->width, ((i / n + 0.5) / n - 0.5) * v->height};
}

/* Deep in the plane all counts are high and the logarithm of the palette would show them as one colour: it begins with
 * the lowest of some that are looked at. */
static double look_for_lowest(const view *v) {
    double lowest = v->iterations;
    for (int i = 0; i < LOOK_ACROSS * LOOK_ACROSS; i++) {
        complex_number point = grid_point(v, i, LOOK_ACROSS);
        lowest = fmin(lowest, fractal_count(v, point.x, point.y));
    }
    return fmax(0.0, lowest - first_step);
}

int scene_init(scene *s, const scene_wish *wish) {
    view v = {.width = wish->size[0],
              .height = wish->size[1],
              .iterations = wish->iterations,
              .samples = wish->samples,
              .pixel = 2.6 / (wish->zoom * wish->size[1])};
    bool is_deep = v.pixel < finest_pixel;
    if (v.iterations == 0)
        v.iterations = is_deep ? (uint32_t)(ITERATIONS_PER_DIGIT * log10(wish->zoom)) : ITERATIONS;
    s->center = center_create(wish->center, v.pixel);
    s->size = sizeof v + (is_deep ? ((size_t)v.iterations + 1) * sizeof v.orbit[0] : 0);
    s->view = malloc(s->size);
    if (!s->view || !s->center)
        return -1;
    v.center_x = center_x(s->center);
    v.center_y = center_y(s->center);
    *s->view = v;
    if (is_deep) {
        s->view->length = center_orbit(s->center, v.iterations, s->view->orbit);
        s->size = sizeof v + s->view->length * sizeof v.orbit[0];
        s->view->lowest = look_for_lowest(s->view);
    }
    return 0;
}

void scene_fini(scene *s) {
    center_destroy(s->center);
    free(s->view);
}

int scene_check(const scene *s, int *wrong) {
    const view *v = s->view;
    *wrong = 0;
    for (int i = 0; i < CHECK_ACROSS * CHECK_ACROSS; i++) {
        complex_number point = grid_point(v, i, CHECK_ACROSS);
        complex_number offset = {point.x * v->pixel, point.y * v->pixel};
        double exact = center_count(s->center, offset, v->iterations);
        *wrong += fabs(fractal_count(v, point.x, point.y) - exact) > nearness;
    }
    return CHECK_ACROSS * CHECK_ACROSS;
}
