/* MPFR rounds each operation the same way on every machine, so the orbit has the same bits wherever the master is. */
#include "center.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <mpfr.h>

enum { SPARE_BITS = 64, X_DIGITS = 1000 };

struct center {
    mpfr_t x, y;
};

/* z and what it takes to move it on. */
typedef struct walker {
    mpfr_t x, y, xx, yy;
} walker;

static void begin(walker *w, mpfr_prec_t bits) {
    mpfr_inits2(bits, w->x, w->y, w->xx, w->yy, (mpfr_ptr)NULL);
    mpfr_set_zero(w->x, 1);
    mpfr_set_zero(w->y, 1);
}

static void end(walker *w) {
    mpfr_clears(w->x, w->y, w->xx, w->yy, (mpfr_ptr)NULL);
}

/* z -> z*z + c */
static void step(walker *w, mpfr_srcptr cx, mpfr_srcptr cy) {
    mpfr_sqr(w->xx, w->x, MPFR_RNDN);
    mpfr_sqr(w->yy, w->y, MPFR_RNDN);
    mpfr_mul(w->y, w->x, w->y, MPFR_RNDN);
    mpfr_mul_2ui(w->y, w->y, 1, MPFR_RNDN);
    mpfr_add(w->y, w->y, cy, MPFR_RNDN);
    mpfr_sub(w->x, w->xx, w->yy, MPFR_RNDN);
    mpfr_add(w->x, w->x, cx, MPFR_RNDN);
}

static bool read(const char *text, mpfr_t number) {
    char *end_of_number;
    if (*text == '\0' || *text == ' ')
        return false;
    mpfr_strtofr(number, text, &end_of_number, 10, MPFR_RNDN);
    return *end_of_number == '\0' && mpfr_number_p(number) && mpfr_cmp_si(number, -10) >= 0 &&
           mpfr_cmp_si(number, 10) <= 0;
}

center *center_create(const char *text, double pixel) {
    char x[X_DIGITS];
    const char *comma = strchr(text, ',');
    if (!comma || comma - text >= X_DIGITS)
        return NULL;
    memcpy(x, text, (size_t)(comma - text));
    x[comma - text] = '\0';
    center *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    mpfr_prec_t bits = SPARE_BITS + (mpfr_prec_t)fmax(0.0, -log2(pixel));
    mpfr_inits2(bits, c->x, c->y, (mpfr_ptr)NULL);
    if (!read(x, c->x) || !read(comma + 1, c->y)) {
        center_destroy(c);
        return NULL;
    }
    return c;
}

void center_destroy(center *c) {
    if (!c)
        return;
    mpfr_clears(c->x, c->y, (mpfr_ptr)NULL);
    free(c);
}

double center_x(const center *c) {
    return mpfr_get_d(c->x, MPFR_RNDN);
}

double center_y(const center *c) {
    return mpfr_get_d(c->y, MPFR_RNDN);
}

static complex_number rounded(const walker *w) {
    return (complex_number){mpfr_get_d(w->x, MPFR_RNDN), mpfr_get_d(w->y, MPFR_RNDN)};
}

uint64_t center_orbit(const center *c, uint32_t limit, complex_number *orbit) {
    walker w;
    uint64_t n = 0;
    begin(&w, mpfr_get_prec(c->x));
    orbit[0] = rounded(&w);
    do {
        step(&w, c->x, c->y);
        orbit[++n] = rounded(&w);
    } while (n < limit && orbit[n].x * orbit[n].x + orbit[n].y * orbit[n].y < 1e10);
    end(&w);
    return n + 1;
}

double center_count(const center *c, complex_number offset, uint32_t limit) {
    center point;
    walker w;
    complex_number z;
    uint32_t count = 0;
    begin(&w, mpfr_get_prec(c->x));
    mpfr_inits2(mpfr_get_prec(c->x), point.x, point.y, (mpfr_ptr)NULL);
    mpfr_add_d(point.x, c->x, offset.x, MPFR_RNDN);
    mpfr_add_d(point.y, c->y, offset.y, MPFR_RNDN);
    do {
        step(&w, point.x, point.y);
        z = rounded(&w);
        count++;
    } while (count < limit && z.x * z.x + z.y * z.y <= FRACTAL_RADIUS2);
    mpfr_clears(point.x, point.y, (mpfr_ptr)NULL);
    end(&w);
    return fractal_smooth(count, z, limit);
}
