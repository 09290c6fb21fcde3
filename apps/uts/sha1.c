#include "sha1.h"

#include <string.h>

static uint32_t rotate(uint32_t x, unsigned n) {
    return x << n | x >> (32 - n);
}

static uint32_t read_word(const uint8_t *from) {
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static void write_word(uint8_t *to, uint32_t x) {
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(x >> (24 - 8 * i));
}

typedef struct state {
    uint32_t a, b, c, d, e;
} state;

static inline void step(state *s, uint32_t f, uint32_t k, uint32_t w) {
    uint32_t a = rotate(s->a, 5) + f + s->e + k + w;
    *s = (state){a, s->a, rotate(s->b, 30), s->c, s->d};
}

/* The word that follows the sixteen in w, in place of the first. */
static inline uint32_t next_word(uint32_t w[16], unsigned i) {
    if (i >= 16)
        w[i & 15] = rotate(w[(i + 13) & 15] ^ w[(i + 8) & 15] ^ w[(i + 2) & 15] ^ w[i & 15], 1);
    return w[i & 15];
}

void sha1_short(const uint8_t *message, size_t size, uint8_t digest[SHA1_SIZE]) {
    static const state begin = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t block[64] = {0};
    uint32_t w[16];
    state s = begin;
    unsigned i = 0;
    memcpy(block, message, size);
    block[size] = 0x80;
    write_word(block + 60, (uint32_t)size * 8);
    for (unsigned n = 0; n < 16; n++)
        w[n] = read_word(block + 4 * n);
    for (; i < 20; i++)
        step(&s, (s.b & s.c) | (~s.b & s.d), 0x5a827999, next_word(w, i));
    for (; i < 40; i++)
        step(&s, s.b ^ s.c ^ s.d, 0x6ed9eba1, next_word(w, i));
    for (; i < 60; i++)
        step(&s, (s.b & s.c) | (s.b & s.d) | (s.c & s.d), 0x8f1bbcdc, next_word(w, i));
    for (; i < 80; i++)
        step(&s, s.b ^ s.c ^ s.d, 0xca62c1d6, next_word(w, i));
    write_word(digest, begin.a + s.a);
    write_word(digest + 4, begin.b + s.b);
    write_word(digest + 8, begin.c + s.c);
    write_word(digest + 12, begin.d + s.d);
    write_word(digest + 16, begin.e + s.e);
}
