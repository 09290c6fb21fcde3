/* Colours: from a smooth iteration count to light, and from light to bytes. */
#ifndef MANDELBROT_PALETTE_H
#define MANDELBROT_PALETTE_H

#include <stdint.h>

enum { PALETTE_SIZE = 4096 };

typedef struct palette {
    float light[PALETTE_SIZE][3]; /* linear light, 0 to 1; the last colour leads back to the first */
} palette;

void palette_init(palette *p);
/** Adds the light of an escaped point to sum. */
void palette_add(const palette *p, double count, float sum[3]);
/** Bytes of the mean of `samples` lights. */
void palette_encode(const float sum[3], float samples, uint8_t rgb[3]);

#endif
