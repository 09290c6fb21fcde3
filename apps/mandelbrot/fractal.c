/* The escape-time iteration z -> z*z + c and the mean over the samples of a pixel.
 *
 * LANES neighbouring pixels go through the iteration side by side, in arrays that the compiler turns into vectors: each
 * lane freezes when it escapes, and the block ends when all have. A pixel depends on its own place only, in plain
 * double arithmetic without fused operations (see CMakeLists.txt), so a row has the same bytes wherever it is drawn.
 *
 * Knows nothing of dmap and nothing of files. */
#include "fractal.h"

#include "deep.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

enum { LANES = 8, STEPS_BETWEEN_CHECKS = 8 };

typedef struct lanes {
    double cx[LANES], cy[LANES];
    double zx[LANES], zy[LANES];
    double count[LANES];
} lanes;

/* The two largest discs of the set, by formula: about nine tenths of it need no iteration. */
static bool is_in_bulbs(double x, double y) {
    double y2 = y * y;
    double q = (x - 0.25) * (x - 0.25) + y2;
    return q * (q + (x - 0.25)) <= 0.25 * y2 || (x + 1.0) * (x + 1.0) + y2 <= 0.0625;
}

static void step(lanes *l, double limit) {
    for (int k = 0; k < LANES; k++) {
        double xx = l->zx[k] * l->zx[k], yy = l->zy[k] * l->zy[k];
        double x = xx - yy + l->cx[k], y = 2.0 * l->zx[k] * l->zy[k] + l->cy[k];
        bool runs = (xx + yy <= FRACTAL_RADIUS2) & (l->count[k] < limit);
        l->zx[k] = runs ? x : l->zx[k];
        l->zy[k] = runs ? y : l->zy[k];
        l->count[k] = runs ? l->count[k] + 1.0 : l->count[k];
    }
}

static bool any_runs(const lanes *l, double limit) {
    for (int k = 0; k < LANES; k++)
        if (l->zx[k] * l->zx[k] + l->zy[k] * l->zy[k] <= FRACTAL_RADIUS2 && l->count[k] < limit)
            return true;
    return false;
}

static void iterate(lanes *l, double limit) {
    for (int k = 0; k < LANES; k++) {
        bool inside = is_in_bulbs(l->cx[k], l->cy[k]);
        l->zx[k] = l->zy[k] = 0.0;
        l->count[k] = inside ? limit : 0.0;
    }
    while (any_runs(l, limit))
        for (int i = 0; i < STEPS_BETWEEN_CHECKS; i++)
            step(l, limit);
}

double fractal_smooth(double count, complex_number z, double limit) {
    double radius2 = z.x * z.x + z.y * z.y;
    if (radius2 <= FRACTAL_RADIUS2)
        return limit;
    double log_radius = 0.5 * log(radius2);
    double steps = count + 1.0 - log2(log_radius / (0.5 * log(FRACTAL_RADIUS2)));
    return steps > 0.0 ? steps : 0.0;
}

/* The lanes' places are distances from the center, in pixels. */
static void follow(const view *v, lanes *l) {
    for (int k = 0; k < LANES; k++) {
        complex_number offset = {l->cx[k] * v->pixel, l->cy[k] * v->pixel}, z;
        if (v->length > 0) {
            l->count[k] = deep_iterate(v, offset, FRACTAL_RADIUS2, &z);
            l->zx[k] = z.x;
            l->zy[k] = z.y;
        }
        l->cx[k] = v->center_x + offset.x;
        l->cy[k] = v->center_y + offset.y;
    }
    if (v->length == 0)
        iterate(l, v->iterations);
}

double fractal_count(const view *v, double right, double up) {
    lanes l;
    for (int k = 0; k < LANES; k++) {
        l.cx[k] = right;
        l.cy[k] = up;
    }
    follow(v, &l);
    return fractal_smooth(l.count[0], (complex_number){l.zx[0], l.zy[0]}, v->iterations);
}

/* Adds one sample of LANES pixels, from pixel `first` on, to `sum`. */
static void add_sample(const view *v, const palette *p, uint32_t first, double offset, double up, float sum[LANES][3]) {
    lanes l;
    for (int k = 0; k < LANES; k++) {
        l.cx[k] = (double)first + k + offset - 0.5 * v->width;
        l.cy[k] = up;
    }
    follow(v, &l);
    for (int k = 0; k < LANES; k++) {
        complex_number z = {l.zx[k], l.zy[k]};
        if (z.x * z.x + z.y * z.y > FRACTAL_RADIUS2)
            palette_add(p, fractal_smooth(l.count[k], z, v->iterations) - v->lowest, sum[k]);
    }
}

static void draw_lanes(const view *v, const palette *p, uint64_t row, uint32_t first, uint8_t *rgb) {
    float sum[LANES][3] = {{0}};
    uint32_t used = v->width - first < LANES ? v->width - first : LANES;
    for (uint32_t sy = 0; sy < v->samples; sy++) {
        double down = (double)row + (sy + 0.5) / v->samples;
        for (uint32_t sx = 0; sx < v->samples; sx++)
            add_sample(v, p, first, (sx + 0.5) / v->samples, 0.5 * v->height - down, sum);
    }
    for (uint32_t k = 0; k < used; k++)
        palette_encode(sum[k], (float)(v->samples * v->samples), rgb + 3 * ((size_t)first + k));
}

void fractal_row(const view *v, const palette *p, uint64_t row, uint8_t *rgb) {
    for (uint32_t first = 0; first < v->width; first += LANES)
        draw_lanes(v, p, row, first, rgb);
}
