/* Queens on a board that do not attack each other, as a search tree: its nodes are boards with queens in the first
 * rows, its leaves at the last row the ways. */
#ifndef NQUEENS_QUEENS_H
#define NQUEENS_QUEENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QUEENS_MOST = 27, /* as far as the counts are known */
    QUEENS_MOST_SUBTREES = 1 << 24
};

/** A subtree: the board whose first rows are taken. Bit i stands for column i of the next row. */
typedef struct subtree {
    uint32_t all;               /* the columns that there are */
    uint32_t columns;           /* taken */
    uint32_t falling, climbing; /* attacked along diagonals */
    uint32_t weight;            /* 2: its mirror image is not searched but counted */
    uint32_t is_first;          /* of the branches of its fork */
} subtree;

/** Where the tree is cut into subtrees: those whose first `rows` rows are taken. Lopsided: from two rows on the first
 *  branch of every fork is left whole, so that sizes differ by orders of magnitude. */
typedef struct queens_rule {
    int32_t rows;
    int32_t lopsided;
} queens_rule;

/** What was found in one subtree, or in many. */
typedef struct tally {
    uint64_t ways;
    uint64_t nodes;             /* visited */
    uint64_t largest, smallest; /* of the subtrees, in nodes */
    uint64_t subtrees;
} tally;

/** Searches a subtree. */
tally queens_search(const subtree *root);
/** *into becomes what both found. */
void queens_combine(tally *into, const tally *from);
/** All of a board of n x n. */
subtree queens_root(int n);
/** True if the subtree is not cut any more. */
bool queens_is_whole(const queens_rule *rule, const subtree *s);
/** The branches of a subtree's fork, one of each pair of mirror images only: up to QUEENS_MOST.
 *  Returns: how many */
int queens_fork(const subtree *s, subtree *branches);
/** All subtrees into which a board of n x n is cut.
 *  Returns: their number, in *subtrees an array to be freed, which is NULL if memory is out or there are too many */
size_t queens_cut(int n, const queens_rule *rule, subtree **subtrees);
/** About how large a subtree is, from how many rows are left. */
double queens_guess(const subtree *root);
/** In how many ways n queens can stand: OEIS A000170. */
uint64_t queens_known(int n);

#endif
