/* The kernel, and the other tasks that a compiler's options may speed up.
 *
 * The kernel's starts are not known to the compiler and its end is used, so no step can be left out or done once for
 * several. Values stay in (-1, 0) and never become denormal: x * x + x walks towards 0 like -1/n. Written with the
 * compiler's vectors, of any width it can make of them, as its own vectoriser leaves the doubles in memory, which costs
 * a short task more than the arithmetic does. */
#include <string.h>

#include "work.h"

enum { LANES = 8, VECTORS = 8 };

typedef double vector __attribute__((vector_size(LANES * sizeof(double))));

static volatile double starts[VECTORS] = {-0.5, -0.45, -0.4, -0.35, -0.3, -0.25, -0.2, -0.15};

uint64_t bench_kernel(uint64_t iterations) {
    const vector zero = {0};
    vector a = zero + starts[0], b = zero + starts[1], c = zero + starts[2], d = zero + starts[3];
    vector e = zero + starts[4], f = zero + starts[5], g = zero + starts[6], h = zero + starts[7];
    for (uint64_t n = 0; n < iterations; n++) {
        a = a * a + a;
        b = b * b + b;
        c = c * c + c;
        d = d * d + d;
        e = e * e + e;
        f = f * f + f;
        g = g * g + g;
        h = h * h + h;
    }
    uint64_t words[LANES], sum = 0;
    a = ((a + b) + (c + d)) + ((e + f) + (g + h));
    memcpy(words, &a, sizeof words);
    for (int i = 0; i < LANES; i++)
        sum += words[i] << i;
    return sum;
}

void bench_batch(const double *items, double *results, uint64_t count) {
    for (uint64_t i = 0; i < count; i++)
        results[i] = items[i] * 0.5 + 1.0;
}

void bench_write(uint64_t index, uint64_t *result, uint64_t size) {
    for (uint64_t i = 0; i < size / sizeof *result; i++)
        result[i] = index * UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t bench_read(const uint64_t *item, uint64_t size) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < size / sizeof *item; i++)
        sum += item[i];
    return sum;
}
