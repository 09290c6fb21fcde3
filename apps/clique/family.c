#include "family.h"

const family families[FAMILIES] = {
    {.name = "hamming6-4", .bits = 6, .distance = 4, .vertices = 64, .edges = 704, .clique = 4},
    {.name = "hamming8-4", .bits = 8, .distance = 4, .vertices = 256, .edges = 20864, .clique = 16},
    {.name = "hamming10-2", .bits = 10, .distance = 2, .vertices = 1024, .edges = 518656, .clique = 512},
    {.name = "johnson8-4-4", .bits = 8, .weight = 4, .distance = 4, .vertices = 70, .edges = 1855, .clique = 14},
    {.name = "johnson16-2-4", .bits = 16, .weight = 2, .distance = 4, .vertices = 120, .edges = 5460, .clique = 8},
    {.name = "keller4", .bits = 8, .vertices = 171, .edges = 9435, .clique = 11},
};

/* Words of base 4 whose digits differ in two places or more, in one of them by two: cubes of a tiling that have no
 * whole side in common. (Corradi and Szabo: A combinatorial approach for Keller's conjecture, 1990.) */
static bool are_apart(uint32_t a, uint32_t b, int bits) {
    int places = 0, halves = 0;
    for (uint32_t differ = a ^ b; bits > 0; bits -= 2, differ >>= 2) {
        places += (differ & 3) != 0;
        halves += (differ & 3) == 2;
    }
    return places >= 2 && halves >= 1;
}

static bool are_joined(const family *f, uint32_t a, uint32_t b) {
    return f->distance ? __builtin_popcount(a ^ b) >= f->distance : are_apart(a, b, f->bits);
}

/* Keller's graph looks the same from each vertex, so the challenge's has the neighbours of 0 only. */
static bool is_vertex(const family *f, uint32_t word) {
    if (!f->distance)
        return are_apart(0, word, f->bits);
    return f->weight == 0 || __builtin_popcount(word) == f->weight;
}

graph *family_make(const family *f) {
    graph *g = graph_create(f->vertices);
    uint32_t words[1024], n = 0;
    for (uint32_t word = 0; g && word < UINT32_C(1) << f->bits; word++) {
        if (!is_vertex(f, word))
            continue;
        for (uint32_t i = 0; i < n; i++)
            if (are_joined(f, words[i], word))
                graph_join(g, i, n);
        words[n++] = word;
    }
    return g;
}
