/* A picture on its way into a file, and what it takes to compare it with another: a hash of each row. */
#ifndef MANDELBROT_PICTURE_H
#define MANDELBROT_PICTURE_H

#include "fractal.h"
#include "png_file.h"

typedef struct picture {
    png_file *file;
    uint64_t *hashes; /* a row each */
    uint32_t width, height;
} picture;

/** Returns 0, or -1: picture_error. To be ended with picture_fini either way; one of all zeros may be, too. */
int picture_init(picture *p, const char *path, const view *v);
void picture_fini(picture *p);
/** Takes the next row, which is number `row`. Returns 0, or -1: picture_error. */
int picture_row(picture *p, uint64_t row, const uint8_t *rgb);
/** Draws all rows, one after the other, and finishes. Returns 0, or -1: picture_error. */
int picture_draw(picture *p, const view *v);
/** Puts the file in its place. Returns 0, or -1: picture_error. */
int picture_finish(picture *p);
/** The first row that differs; the height if none does. Both have all their rows. */
uint64_t picture_compare(const picture *p, const picture *other);
/** What went wrong first; "" if nothing did. */
const char *picture_error(const picture *p);

#endif
