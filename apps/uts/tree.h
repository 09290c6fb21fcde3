/* The trees of the Unbalanced Tree Search benchmark (Olivier, Huan, Liu, Prins, Dinan, Sadayappan, Tseng: UTS: An
 * Unbalanced Tree Search Benchmark, LCPC 2006): a node is a SHA-1 digest, its children are the digests of it and their
 * numbers, and how many they are is read from it. So every tree is the same everywhere, and its size is known. */
#ifndef APPS_UTS_TREE_H
#define APPS_UTS_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "sha1.h"

typedef enum tree_kind {
    TREE_GEOMETRIC, /* the number of children is distributed geometrically, with mean `branching`, down to `depth` */
    TREE_BINOMIAL   /* the root has `branching` children, any other node `children` with probability `chance` */
} tree_kind;

typedef struct tree {
    const char *name;
    tree_kind kind;
    int32_t seed, depth, children;
    double branching, chance;
    uint64_t nodes; /* as published */
} tree;

/** T1, T1L, T1XL (geometric) and T3, T3L (binomial), as the benchmark names them; T0 is a small one of ours. */
extern const tree trees[];
enum { TREES = 6 };

typedef struct node {
    uint8_t digest[SHA1_SIZE];
    uint32_t depth;
} node;

/** What was found below a node. */
typedef struct tally {
    uint64_t nodes, leaves, deepest;
} tally;

node tree_root(const tree *t);
int tree_children(const tree *t, const node *n);
node tree_child(const node *n, int number);
void tally_combine(tally *into, const tally *from);

/** Visits up to `grain` nodes below and with the last of *stack, depth first, and leaves those on it that were not.
 *  stack, room:  grows by realloc
 *  Returns:      false if memory is out */
int tree_search(const tree *t, uint64_t grain, node **stack, size_t *n, size_t *room, tally *found);

#endif
