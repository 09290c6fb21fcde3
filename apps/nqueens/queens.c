/* The search, by sets of columns in the bits of a word: a row is tried by taking its free bits one by one, and the
 * diagonals move by a shift from row to row. */
#include "queens.h"

#include <math.h>
#include <stdlib.h>

static void search(uint32_t all, uint32_t columns, uint32_t falling, uint32_t climbing, tally *t) {
    t->ways += columns == all;
    for (uint32_t free = all & ~(columns | falling | climbing); free; free &= free - 1) {
        uint32_t bit = free & (~free + 1);
        t->nodes++;
        search(all, columns | bit, (falling | bit) << 1, (climbing | bit) >> 1, t);
    }
}

tally queens_search(const subtree *root) {
    tally t = {.subtrees = 1};
    search(root->all, root->columns, root->falling, root->climbing, &t);
    t.ways *= root->weight;
    t.largest = t.smallest = t.nodes;
    return t;
}

void queens_combine(tally *into, const tally *from) {
    if (from->subtrees == 0)
        return;
    if (from->largest > into->largest)
        into->largest = from->largest;
    if (into->subtrees == 0 || from->smallest < into->smallest)
        into->smallest = from->smallest;
    into->ways += from->ways;
    into->nodes += from->nodes;
    into->subtrees += from->subtrees;
}

/* -- the cut ----------------------------------------------------------------------------------------------------- */

typedef struct cut {
    subtree *subtrees;
    size_t count, room;
    queens_rule rule;
    bool failed; /* memory is out, or there are too many */
} cut;

static void keep(cut *c, const subtree *s) {
    if (c->count == QUEENS_MOST_SUBTREES) {
        c->failed = true;
        return;
    }
    if (c->count == c->room) {
        size_t room = c->room ? 2 * c->room : 1024;
        subtree *more = realloc(c->subtrees, room * sizeof *more);
        if (!more) {
            c->failed = true;
            return;
        }
        c->subtrees = more;
        c->room = room;
    }
    c->subtrees[c->count++] = *s;
}

subtree queens_root(int n) {
    return (subtree){.all = (1u << n) - 1, .weight = 1};
}

enum { WHOLE_FROM_ROW = 2 };

static int row_of(const subtree *s) {
    return __builtin_popcount(s->columns);
}

bool queens_is_whole(const queens_rule *rule, const subtree *s) {
    int row = row_of(s), n = __builtin_popcount(s->all);
    return row == (rule->rows < n ? rule->rows : n) || (rule->lopsided && s->is_first && row >= WHOLE_FROM_ROW);
}

/* The columns of a row that are tried. While the board is its own mirror image (nothing is on it, or one queen in the
 * middle), those left of the middle stand for both sides. */
static uint32_t candidates(const subtree *s, uint32_t *doubled) {
    int n = __builtin_popcount(s->all), row = row_of(s);
    uint32_t free = s->all & ~(s->columns | s->falling | s->climbing);
    uint32_t left = (1u << n / 2) - 1, middle = n % 2 ? 1u << n / 2 : 0;
    bool symmetric = row == 0 || (row == 1 && s->columns == middle);
    *doubled = symmetric ? left : 0;
    return symmetric ? free & (left | middle) : free;
}

int queens_fork(const subtree *s, subtree *branches) {
    uint32_t doubled;
    int n = 0;
    for (uint32_t free = candidates(s, &doubled); free; free &= free - 1, n++) {
        uint32_t bit = free & (~free + 1);
        branches[n] = (subtree){.all = s->all,
                                .columns = s->columns | bit,
                                .falling = (s->falling | bit) << 1,
                                .climbing = (s->climbing | bit) >> 1,
                                .weight = bit & doubled ? 2 * s->weight : s->weight,
                                .is_first = n == 0};
    }
    return n;
}

static void descend(cut *c, const subtree *s) {
    subtree branches[QUEENS_MOST];
    if (queens_is_whole(&c->rule, s)) {
        keep(c, s);
        return;
    }
    int n = queens_fork(s, branches);
    for (int i = 0; i < n && !c->failed; i++)
        descend(c, &branches[i]);
}

size_t queens_cut(int n, const queens_rule *rule, subtree **subtrees) {
    cut c = {.rule = *rule};
    subtree root = queens_root(n);
    descend(&c, &root);
    if (c.failed) {
        free(c.subtrees);
        c = (cut){0};
    } else if (!c.subtrees) {
        c.subtrees = malloc(sizeof(subtree)); /* no way to take so many rows: that is no failure */
    }
    *subtrees = c.subtrees;
    return c.count;
}

double queens_guess(const subtree *root) {
    return ldexp(1.0, 3 * __builtin_popcount(root->all & ~root->columns)); /* about eight branches a fork */
}

uint64_t queens_known(int n) {
    /* clang-format off */
    static const uint64_t ways[QUEENS_MOST + 1] = {
        1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596, 2279184, 14772512, 95815104, 666090624,
        4968057848, 39029188884, 314666222712, 2691008701644, 24233937684440, 227514171973736, 2207893435808352,
        22317699616364044, 234907967154122528};
    /* clang-format on */
    return ways[n];
}
