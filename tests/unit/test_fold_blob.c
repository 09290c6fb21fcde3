/* Folds of values of any size. A merge that writes brackets shows the tree itself: it must be that of the definition,
 * however the items were cut into pieces, and whether these were appended or went through messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "unit.h"

#define MOST 600

static void write_brackets(dmap_merge *merge, dmap_blob left, dmap_blob right) {
    char *place = dmap_merge_result(merge, 1);
    CU_ASSERT_FATAL(place != NULL && (uintptr_t)place % 16 == 0);
    place[0] = '(';
    place = dmap_merge_result(merge, left.size + right.size + 20);
    CU_ASSERT_FATAL(place != NULL);
    if (left.size)
        memcpy(place + 1, left.data, left.size);
    if (right.size)
        memcpy(place + 1 + left.size, right.data, right.size);
    place[1 + left.size + right.size] = ')';
    CU_ASSERT(dmap_merge_result(merge, left.size + right.size + 2) != NULL);
}

static void merge_nothing(dmap_merge *merge, dmap_blob left, dmap_blob right) {
    (void)merge, (void)left, (void)right;
}

static const dmap_task brackets = {.result_size = DMAP_VARIABLE, .merge = write_brackets};
static const dmap_task nothing = {.result_size = DMAP_VARIABLE, .merge = merge_nothing};

/* Items [begin, begin + n), some of which are missing, and some empty. */
static struct {
    uint64_t begin;
    size_t n;
    bool missing[MOST];
    char text[MOST][8];
} row;

static void fill(bool some_missing) {
    row.begin = unit_chance(2) ? unit_below(2 * MOST) : (UINT64_C(1) << 40) - unit_below(MOST);
    row.n = (size_t)unit_below(MOST) + 1;
    for (size_t i = 0; i < row.n; i++) {
        row.missing[i] = some_missing && unit_chance(4);
        snprintf(row.text[i], sizeof row.text[i], unit_chance(9) ? "" : "%u,", (unsigned)i);
    }
}

static bool push(dmap__fold *fold, size_t from, size_t to) {
    bool ok = true;
    for (size_t i = from; i < to && ok; i++)
        ok = row.missing[i] ? dmap__fold_skip(fold)
                            : dmap__fold_push_blob(fold, (dmap_blob){row.text[i], strlen(row.text[i])});
    return ok;
}

/* ---- by the definition ---- */

/* Both, in brackets; either may be NULL: missing. */
static char *pair(char *left, char *right) {
    if (!left || !right)
        return left ? left : right;
    size_t size = strlen(left) + strlen(right) + 3;
    char *made = malloc(size);
    CU_ASSERT_FATAL(made != NULL);
    snprintf(made, size, "(%s%s)", left, right);
    free(left);
    free(right);
    return made;
}

/* The whole node that begins there. */
static char *node(uint64_t begin, unsigned level) {
    if (level)
        return pair(node(begin, level - 1), node(begin + (UINT64_C(1) << (level - 1)), level - 1));
    size_t i = (size_t)(begin - row.begin);
    return row.missing[i] ? NULL : strdup(row.text[i]);
}

static char *by_definition(char *first) {
    char *total = NULL;
    for (uint64_t at = row.begin, limit = at + row.n; at != limit;) {
        unsigned level = dmap__fold_level(at, limit);
        total = pair(total, node(at, level));
        at += UINT64_C(1) << level;
    }
    return pair(first, total);
}

/* ---- ways of folding ---- */

static bool same(const dmap__fold *a, const dmap__fold *b) {
    bool equal = a->begin == b->begin && a->end == b->end && a->n == b->n;
    for (unsigned i = 0; equal && i < a->n; i++) {
        dmap_blob x = dmap__fold_value(a, i), y = dmap__fold_value(b, i);
        equal = a->level[i] == b->level[i] && !x.data == !y.data && x.size == y.size &&
                (!x.size || !memcmp(x.data, y.data, x.size));
    }
    return equal;
}

/* As a message does it. */
static bool push_nodes(dmap__fold *fold, const dmap__fold *from) {
    bool ok = true;
    for (unsigned i = 0; i < from->n && ok; i++)
        ok = dmap__fold_push_node(fold, from->end, dmap__fold_value(from, i));
    return ok;
}

static void fold_by_pieces(dmap__fold *whole) {
    dmap__fold_init(whole, &brackets, row.begin);
    for (size_t from = 0; from < row.n;) {
        size_t to = from + (size_t)unit_below(unit_chance(2) ? 5 : row.n - from) + 1;
        to = to < row.n ? to : row.n;
        dmap__fold piece, copy;
        dmap__fold_init(&piece, &brackets, row.begin + from);
        dmap__fold_init(&copy, &brackets, row.begin + from);
        CU_ASSERT(push(&piece, from, to) && push_nodes(&copy, &piece) && same(&piece, &copy));
        CU_ASSERT(dmap__fold_append(whole, unit_chance(2) ? &piece : &copy));
        dmap__fold_fini(&piece);
        dmap__fold_fini(&copy);
        from = to;
    }
}

/* ---- the tests ---- */

static void check(bool has_first) {
    dmap__fold one, pieces;
    void *data = has_first ? strdup("first") : NULL;
    size_t size = has_first ? 5 : 77;
    char *wanted = by_definition(has_first ? strdup("first") : NULL);
    dmap__fold_init(&one, &brackets, row.begin);
    CU_ASSERT(push(&one, 0, row.n));
    fold_by_pieces(&pieces);
    CU_ASSERT(same(&one, &pieces));
    CU_ASSERT(dmap__fold_bytes(&one) >= one.n * sizeof(dmap_blob));
    CU_ASSERT(dmap__fold_finish_blob(unit_chance(2) ? &one : &pieces, &data, &size));
    CU_ASSERT(!data == !wanted && size == (wanted ? strlen(wanted) : 77));
    CU_ASSERT(!data || !memcmp(data, wanted, size));
    free(wanted);
    free(data);
    dmap__fold_fini(&one);
    dmap__fold_fini(&pieces);
}

static void test_tree(void) {
    for (unsigned round = unit_rounds(300); round; round--) {
        fill(unit_chance(2));
        check(unit_chance(2));
    }
}

static void test_missing(void) {
    fill(false);
    memset(row.missing, true, sizeof row.missing);
    check(false);
    check(true);
}

/* A merge that asks for no place makes an empty value, which is there. */
static void test_empty(void) {
    dmap__fold fold;
    void *data = NULL;
    size_t size = 77;
    dmap__fold_init(&fold, &nothing, 0);
    for (int i = 0; i < 5; i++)
        CU_ASSERT(dmap__fold_push_blob(&fold, (dmap_blob){"abc", 3}));
    CU_ASSERT(dmap__fold_finish_blob(&fold, &data, &size));
    CU_ASSERT(data != NULL && size == 0);
    free(data);
    dmap__fold_fini(&fold);
}

int main(void) {
    CU_TestInfo tests[] = {
        {"the tree of the definition, however it is cut", test_tree},
        {"all are missing", test_missing},
        {"empty values", test_empty},
        CU_TEST_INFO_NULL,
    };
    return unit_run("fold_blob", tests);
}
