#include "tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CHILDREN 100 /* of any node but the root of a binomial tree */

const tree trees[TREES] = {
    {.name = "T0", .kind = TREE_GEOMETRIC, .seed = 19, .depth = 6, .branching = 4, .nodes = 16000},
    {.name = "T1", .kind = TREE_GEOMETRIC, .seed = 19, .depth = 10, .branching = 4, .nodes = 4130071},
    {.name = "T1L", .kind = TREE_GEOMETRIC, .seed = 29, .depth = 13, .branching = 4, .nodes = 102181082},
    {.name = "T1XL", .kind = TREE_GEOMETRIC, .seed = 29, .depth = 15, .branching = 4, .nodes = 1635119272},
    {.name = "T3",
     .kind = TREE_BINOMIAL,
     .seed = 42,
     .children = 8,
     .branching = 2000,
     .chance = 0.124875,
     .nodes = 4112897},
    {.name = "T3L",
     .kind = TREE_BINOMIAL,
     .seed = 7,
     .children = 5,
     .branching = 2000,
     .chance = 0.200014,
     .nodes = 111345631},
};

static void put_number(uint8_t *to, uint32_t x) {
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(x >> (24 - 8 * i));
}

node tree_root(const tree *t) {
    uint8_t message[SHA1_SIZE] = {0};
    node root = {.depth = 0};
    put_number(message + 16, (uint32_t)t->seed);
    sha1_short(message, sizeof message, root.digest);
    return root;
}

node tree_child(const node *n, int number) {
    uint8_t message[SHA1_SIZE + 4];
    node child = {.depth = n->depth + 1};
    memcpy(message, n->digest, SHA1_SIZE);
    put_number(message + SHA1_SIZE, (uint32_t)number);
    sha1_short(message, sizeof message, child.digest);
    return child;
}

/* In [0, 1): the last 31 bits of the digest. */
static double fraction_of(const node *n) {
    const uint8_t *d = n->digest + 16;
    uint32_t bits = ((uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3]) & INT32_MAX;
    return (double)bits / 2147483648.0;
}

int tree_children(const tree *t, const node *n) {
    if (t->kind == TREE_BINOMIAL) {
        if (n->depth == 0)
            return (int)t->branching;
        return fraction_of(n) < t->chance ? t->children : 0;
    }
    if (n->depth > 0 && n->depth >= (uint32_t)t->depth)
        return 0;
    double p = 1.0 / (1.0 + t->branching);
    int children = (int)floor(log(1 - fraction_of(n)) / log(1 - p));
    return children < MOST_CHILDREN ? children : MOST_CHILDREN;
}

void tally_combine(tally *into, const tally *from) {
    into->nodes += from->nodes;
    into->leaves += from->leaves;
    if (from->deepest > into->deepest)
        into->deepest = from->deepest;
}

static int has_room(node **stack, size_t *room, size_t n) {
    if (n <= *room)
        return 1;
    node *wider = realloc(*stack, 2 * n * sizeof *wider);
    if (!wider)
        return 0;
    *stack = wider;
    *room = 2 * n;
    return 1;
}

int tree_search(const tree *t, uint64_t grain, node **stack, size_t *n, size_t *room, tally *found) {
    for (uint64_t visited = 0; visited < grain && *n; visited++) {
        node at = (*stack)[--*n];
        int children = tree_children(t, &at);
        found->nodes++;
        found->leaves += !children;
        if (at.depth > found->deepest)
            found->deepest = at.depth;
        if (!has_room(stack, room, *n + (size_t)children))
            return 0;
        for (int i = children - 1; i >= 0; i--)
            (*stack)[(*n)++] = tree_child(&at, i);
    }
    return 1;
}
