/* A cyclic palette: night blue, sky, ivory, amber, deep red, and back.
 *
 * Colours are mixed as light, not as bytes, so that the mean of a pixel's samples looks right: light is taken as the
 * square of the byte, which is near enough to sRGB and, as a square root, the same to the bit on every machine. */
#include "palette.h"

#include <math.h>
#include <stddef.h>

static const struct stop {
    float at;
    float rgb[3]; /* bytes */
} stops[] = {
    {0.00f, {4, 9, 48}},     {0.16f, {24, 82, 177}}, {0.34f, {134, 200, 236}}, {0.46f, {252, 250, 232}},
    {0.60f, {255, 186, 48}}, {0.74f, {176, 62, 18}}, {0.88f, {46, 10, 38}},    {1.00f, {4, 9, 48}},
};

static float light_of(float byte) {
    return byte * byte / (255.0f * 255.0f);
}

void palette_init(palette *p) {
    size_t s = 0;
    for (size_t i = 0; i < PALETTE_SIZE; i++) {
        float at = (float)i / PALETTE_SIZE;
        while (at >= stops[s + 1].at)
            s++;
        float t = (at - stops[s].at) / (stops[s + 1].at - stops[s].at);
        t = t * t * (3.0f - 2.0f * t);
        for (int c = 0; c < 3; c++) {
            float byte = stops[s].rgb[c] + t * (stops[s + 1].rgb[c] - stops[s].rgb[c]);
            p->light[i][c] = light_of(byte);
        }
    }
}

void palette_add(const palette *p, double count, float sum[3]) {
    /* The logarithm keeps the bands about equally wide on the picture, from the far outside to the finest filament. */
    double turns = 0.34 * log2(1.0 + (count > 0.0 ? count : 0.0)) - 0.76;
    size_t i = (size_t)((turns - floor(turns)) * PALETTE_SIZE) % PALETTE_SIZE;
    for (int c = 0; c < 3; c++)
        sum[c] += p->light[i][c];
}

void palette_encode(const float sum[3], float samples, uint8_t rgb[3]) {
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)(255.0f * sqrtf(sum[c] / samples) + 0.5f);
}
