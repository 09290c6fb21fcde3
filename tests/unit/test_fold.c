/* The fold: its bits depend on the indices only, whoever did which part. Every case is cut at random and compared with
 * a tree written down by recursion, and, for a combine that may be bracketed at will, with a plain loop. */
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "unit.h"

#define MOST 3000

/* ---- what is folded ---- */

static void add(void *into, const void *from) {
    double a, b;
    memcpy(&a, into, sizeof a);
    memcpy(&b, from, sizeof b);
    a += b;
    memcpy(into, &a, sizeof a);
}

/* Words over two letters, as 2x2 matrices modulo 2^64: associative to the bit, and far from commutative. */
typedef struct matrix {
    uint64_t m[4];
} matrix;

static void multiply(void *into, const void *from) {
    matrix a, b, c;
    memcpy(&a, into, sizeof a);
    memcpy(&b, from, sizeof b);
    for (int i = 0; i < 4; i++)
        c.m[i] = a.m[i & 2] * b.m[i & 1] + a.m[(i & 2) + 1] * b.m[(i & 1) + 2];
    memcpy(into, &c, sizeof c);
}

static const dmap_task sums = {.result_size = sizeof(double), .combine = add};
static const dmap_task products = {.result_size = sizeof(matrix), .combine = multiply};

/* Items [begin, begin + n), some of which are missing. */
typedef struct row {
    const dmap_task *kind;
    uint64_t begin;
    size_t n;
    unsigned char values[MOST * sizeof(matrix)];
    bool missing[MOST];
} row;

static unsigned char *value_at(row *r, size_t i) {
    return r->values + i * r->kind->result_size;
}

static void fill(row *r, const dmap_task *k, uint64_t begin, size_t n, bool some_missing) {
    r->kind = k;
    r->begin = begin;
    r->n = n;
    for (size_t i = 0; i < n; i++) {
        double number = (double)(int64_t)unit_random() * (unit_chance(2) ? 1e-9 : 1.0 / 3);
        matrix word = {{unit_random() | 1, unit_below(100), unit_below(100), 1}};
        memcpy(value_at(r, i), k == &sums ? (void *)&number : (void *)&word, k->result_size);
        r->missing[i] = some_missing && unit_chance(4);
    }
}

/* ---- what it should come to ---- */

/* The node of a level that begins at `begin`, or that of it which lies in the row; returns false if there is nothing.
 * Whole nodes only are asked for. */
static bool node(row *r, uint64_t begin, unsigned level, unsigned char *value) {
    if (level == 0) {
        size_t i = (size_t)(begin - r->begin);
        memcpy(value, value_at(r, i), r->kind->result_size);
        return !r->missing[i];
    }
    unsigned char right[sizeof(matrix)];
    bool has_left = node(r, begin, level - 1, value);
    bool has_right = node(r, begin + (UINT64_C(1) << (level - 1)), level - 1, right);
    if (has_left && has_right)
        r->kind->combine(value, right);
    else if (has_right)
        memcpy(value, right, r->kind->result_size);
    return has_left || has_right;
}

/* Largest level that `begin` is aligned to and that fits, by trial. */
static unsigned level_by_trial(uint64_t begin, uint64_t end) {
    unsigned level = 0;
    while (level < 63 && begin % (UINT64_C(2) << level) == 0 && end - begin >= UINT64_C(2) << level)
        level++;
    return level;
}

/* Folds the row into *total by the definition; returns false if nothing is there. */
static bool by_definition(row *r, unsigned char *total) {
    bool any = false;
    for (uint64_t at = r->begin, end = r->begin + r->n; at != end;) {
        unsigned char value[sizeof(matrix)];
        unsigned level = level_by_trial(at, end);
        if (node(r, at, level, value)) {
            if (any)
                r->kind->combine(total, value);
            else
                memcpy(total, value, r->kind->result_size);
            any = true;
        }
        at += UINT64_C(1) << level;
    }
    return any;
}

/* ---- ways of folding ---- */

/* Pushes items [from, to) of the row: in runs, one by one, with skips for what is missing. */
static bool push_some(dmap__fold *fold, row *r, size_t from, size_t to) {
    static unsigned char copy[sizeof r->values];
    bool ok = true;
    for (size_t i = from; i < to && ok;) {
        if (r->missing[i]) {
            ok = dmap__fold_skip(fold);
            i++;
            continue;
        }
        size_t most = unit_chance(3) ? 1 : (size_t)unit_below(to - i) + 1, count = 0;
        while (count < most && !r->missing[i + count])
            count++;
        memcpy(copy, value_at(r, i), count * r->kind->result_size);
        ok = dmap__fold_push(fold, copy, count);
        i += count;
    }
    return ok;
}

/* As a message does it: node by node, each of the level that follows from the range. */
static bool push_nodes(dmap__fold *fold, const dmap__fold *from) {
    bool ok = true;
    for (unsigned i = 0; i < from->n && ok; i++) {
        ok = from->level[i] == dmap__fold_level(fold->end, from->end);
        ok = ok && dmap__fold_push_node(fold, from->end, dmap__fold_value(from, i));
    }
    return ok;
}

static bool same(const dmap__fold *a, const dmap__fold *b) {
    bool equal = a->begin == b->begin && a->end == b->end && a->n == b->n;
    for (unsigned i = 0; equal && i < a->n; i++) {
        equal = a->level[i] == b->level[i] && a->present[i] == b->present[i] &&
                (!a->present[i] || !memcmp(a->values + i * a->size, b->values + i * a->size, a->size));
    }
    return equal;
}

/* Folds the row by pieces of any length, each appended as it is, or over a node-by-node copy. */
static void fold_by_pieces(row *r, dmap__fold *whole) {
    dmap__fold_init(whole, r->kind, r->begin);
    for (size_t from = 0; from < r->n;) {
        size_t to = from + (size_t)unit_below(unit_chance(2) ? 5 : r->n - from) + 1;
        to = to < r->n ? to : r->n;
        dmap__fold piece, copy;
        dmap__fold_init(&piece, r->kind, r->begin + from);
        dmap__fold_init(&copy, r->kind, r->begin + from);
        CU_ASSERT(push_some(&piece, r, from, to));
        CU_ASSERT(push_nodes(&copy, &piece));
        CU_ASSERT(same(&piece, &copy));
        CU_ASSERT(dmap__fold_append(whole, unit_chance(2) ? &piece : &copy));
        dmap__fold_fini(&piece);
        dmap__fold_fini(&copy);
        from = to;
    }
}

static void check_row(row *r) {
    dmap__fold one, pieces;
    unsigned char wanted[sizeof(matrix)] = {0}, got[sizeof(matrix)];
    dmap__fold_init(&one, r->kind, r->begin);
    CU_ASSERT(push_some(&one, r, 0, r->n));
    fold_by_pieces(r, &pieces);
    CU_ASSERT(same(&one, &pieces));
    CU_ASSERT(pieces.n < DMAP__FOLD_NODES);
    bool any = by_definition(r, wanted);
    double zero = 0;
    matrix unity = {{1, 0, 0, 1}};
    memcpy(got, r->kind == &sums ? (void *)&zero : (void *)&unity, r->kind->result_size);
    dmap__fold_finish(&pieces, got);
    if (any)
        CU_ASSERT(!memcmp(got, wanted, r->kind->result_size));
    dmap__fold_fini(&one);
    dmap__fold_fini(&pieces);
}

static uint64_t any_begin(void) {
    static const uint64_t near[] = {0, UINT64_C(1) << 32, UINT64_C(1) << 63};
    uint64_t begin = near[unit_below(3)], off = unit_below(2 * MOST);
    return begin && unit_chance(2) ? begin - off : begin + off;
}

static row shared_row;

static void test_bits(void) {
    for (unsigned round = unit_rounds(150); round; round--) {
        fill(&shared_row, &sums, any_begin(), (size_t)unit_below(MOST) + 1, unit_chance(2));
        check_row(&shared_row);
    }
}

/* The order of items is kept: a product of matrices equals the plain loop's. */
static void test_order(void) {
    row *r = &shared_row;
    for (unsigned round = unit_rounds(150); round; round--) {
        fill(r, &products, any_begin(), (size_t)unit_below(MOST) + 1, unit_chance(2));
        check_row(r);
        matrix loop = {{1, 0, 0, 1}}, got = loop;
        dmap__fold fold;
        fold_by_pieces(r, &fold);
        dmap__fold_finish(&fold, &got);
        for (size_t i = 0; i < r->n; i++)
            if (!r->missing[i])
                multiply(&loop, value_at(r, i));
        CU_ASSERT(!memcmp(&loop, &got, sizeof got));
        dmap__fold_fini(&fold);
    }
}

static void test_level(void) {
    for (unsigned round = 0; round < 20000; round++) {
        uint64_t begin = unit_random() << unit_below(64), most = UINT64_MAX - begin;
        uint64_t count = (unit_random() >> unit_below(64)) % (most ? most : 1) + 1;
        CU_ASSERT(dmap__fold_level(begin, begin + count) == level_by_trial(begin, begin + count));
    }
    CU_ASSERT_EQUAL(dmap__fold_level(0, 1), 0);
    CU_ASSERT_EQUAL(dmap__fold_level(0, UINT64_MAX), 63);
}

/* Nothing at all leaves the accumulator as it was; values of no bytes fold without memory. */
static void test_nothing(void) {
    dmap__fold fold;
    double total = 42;
    dmap__fold_init(&fold, &sums, 7);
    dmap__fold_finish(&fold, &total);
    for (int i = 0; i < 100; i++)
        CU_ASSERT(dmap__fold_skip(&fold));
    dmap__fold_finish(&fold, &total);
    CU_ASSERT_EQUAL(total, 42);
    dmap__fold_fini(&fold);
}

int main(void) {
    CU_TestInfo tests[] = {
        {"the same bits however it is cut", test_bits},
        {"in order", test_order},
        {"levels", test_level},
        {"nothing to fold", test_nothing},
        CU_TEST_INFO_NULL,
    };
    return unit_run("fold", tests);
}
