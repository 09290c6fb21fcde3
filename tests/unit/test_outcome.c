/* Outcomes: what several workers logged of one chunk, moved together and sorted, is what one worker would have
 * logged. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/outcome.h"
#include "unit.h"

#define WORKERS 5
#define ITEMS   400

static void append(void *into, const void *from) {
    *(uint64_t *)into = *(uint64_t *)into * 31 + *(const uint64_t *)from;
}

static const dmap_task folded_task = {.result_size = sizeof(uint64_t), .combine = append};

/* Item `position` ran at a worker: noted as a worker notes it, folded or failed. */
static bool note(dmap__outcome *log, uint64_t position, bool fails, bool join) {
    dmap__failure failure = {.position = position, .status = DMAP_ITEM_FAILED, .code = (int32_t)position, .attempt = 1};
    char text[40];
    snprintf(text, sizeof text, "item %" PRIu64, position);
    uint64_t value = position * 7 + 1;
    dmap__fold *fold = dmap__outcome_fold_at(log, position, &folded_task);
    bool ok = fold && (fails ? dmap__fold_skip(fold) : dmap__fold_push(fold, &value, 1));
    log->busy_s += 1;
    return ok && (!fails || dmap__outcome_add_failure(log, &failure, position % 3 ? text : NULL)) &&
           dmap__outcome_add_span(log, position, position + 1, 1.0, join);
}

static void check_spans(const dmap__outcome *all, uint64_t begin, uint64_t limit) {
    uint64_t next = begin;
    for (size_t i = 0; i < all->n_spans; i++) {
        CU_ASSERT_EQUAL(all->spans[i].begin, next);
        CU_ASSERT(all->spans[i].end > all->spans[i].begin);
        CU_ASSERT(all->spans[i].begin < limit);
        next = all->spans[i].end;
    }
    CU_ASSERT(next >= limit);
    CU_ASSERT_EQUAL(dmap__outcome_items(all), next - begin);
}

static void check_failures(const dmap__outcome *all, const bool *fails, uint64_t begin, uint64_t limit) {
    size_t k = 0;
    for (uint64_t i = begin; i < limit; i++) {
        if (!fails[i - begin])
            continue;
        CU_ASSERT_FATAL(k < all->n_failures);
        const dmap__failure *failure = &all->failures[k++];
        CU_ASSERT_EQUAL(failure->position, i);
        CU_ASSERT((i % 3 != 0) == (failure->text != NULL));
        CU_ASSERT(!failure->text || (uint64_t)strtoull(failure->text + 5, NULL, 10) == i);
        CU_ASSERT(!failure->text || (size_t)failure->text_size == strlen(failure->text) + 1);
    }
    CU_ASSERT_EQUAL(k, all->n_failures);
}

/* Without a limit all folds are one, and that of a plain run. */
static void check_fold(const dmap__outcome *all, const bool *fails, uint64_t begin, uint64_t end) {
    CU_ASSERT_FATAL(all->n_folds == 1);
    dmap__outcome plain;
    dmap__outcome_init(&plain, begin, end);
    for (uint64_t i = begin; i < end; i++)
        CU_ASSERT(note(&plain, i, fails[i - begin], true));
    const dmap__fold *a = &all->folds[0], *b = &plain.folds[0];
    CU_ASSERT(a->begin == begin && a->end == end && a->n == b->n && !memcmp(a->level, b->level, a->n));
    for (unsigned i = 0; i < a->n; i++) {
        CU_ASSERT(a->present[i] == b->present[i]);
        CU_ASSERT(!a->present[i] || !memcmp(a->values + i * 8, b->values + i * 8, 8));
    }
    dmap__outcome_fini(&plain);
}

static void check_cut(uint64_t begin, bool limited) {
    dmap__outcome logs[WORKERS], all;
    bool fails[ITEMS];
    uint64_t end = begin + 1 + unit_below(ITEMS), limit = limited ? begin + 1 + unit_below(end - begin) : end;
    dmap__outcome_init(&all, begin, end);
    for (int i = 0; i < WORKERS; i++)
        dmap__outcome_init(&logs[i], 0, 0);
    bool ok = true, join = unit_chance(2);
    for (uint64_t i = begin; i < end;) {
        dmap__outcome *log = &logs[unit_below(WORKERS)];
        for (uint64_t n = unit_below(30) + 1; n && i < end; n--, i++) {
            fails[i - begin] = unit_chance(9);
            ok = ok && note(log, i, fails[i - begin], join);
        }
    }
    for (int i = WORKERS - 1; i >= 0; i--) {
        ok = dmap__outcome_move(&all, &logs[i]) && ok;
        CU_ASSERT(!logs[i].n_spans && !logs[i].n_failures && !logs[i].n_folds && logs[i].busy_s == 0);
        dmap__outcome_fini(&logs[i]);
    }
    CU_ASSERT(dmap__outcome_sort(&all, limited ? limit : UINT64_MAX) && ok);
    CU_ASSERT_EQUAL(all.busy_s, (double)(end - begin));
    check_spans(&all, begin, limit);
    check_failures(&all, fails, begin, limit);
    if (!limited)
        check_fold(&all, fails, begin, end);
    dmap__outcome_fini(&all);
}

static void test_whole(void) {
    for (unsigned round = unit_rounds(300); round; round--)
        check_cut(unit_chance(2) ? 0 : unit_random() >> 2, false);
}

static void test_limit(void) {
    for (unsigned round = unit_rounds(300); round; round--)
        check_cut(unit_chance(2) ? 0 : unit_random() >> 2, true);
}

/* Of two troubles the first is kept; the range of the receiver stays. */
static void test_trouble(void) {
    dmap__outcome into, from;
    dmap__outcome_init(&into, 5, 9);
    for (int i = 0; i < 2; i++) {
        dmap__outcome_init(&from, 100, 200);
        CU_ASSERT(dmap__block_take(&from.blocks, 70000) != NULL);
        dmap__trouble_set(&from.trouble, i ? DMAP_EITEM : DMAP_ENOMEM, "trouble %d", i);
        CU_ASSERT(dmap__outcome_move(&into, &from));
        CU_ASSERT_EQUAL(from.trouble.status, DMAP_OK);
        CU_ASSERT(!from.blocks && into.blocks && (into.blocks->next != NULL) == (i == 1));
        dmap__outcome_fini(&from);
    }
    CU_ASSERT_EQUAL(into.trouble.status, DMAP_ENOMEM);
    CU_ASSERT_STRING_EQUAL(into.trouble.text, "trouble 0");
    CU_ASSERT(into.begin == 5 && into.end == 9);
    dmap__outcome_fini(&into);
}

static void test_mean(void) {
    dmap__outcome outcome;
    dmap__outcome_init(&outcome, 0, 10);
    CU_ASSERT(dmap__outcome_add_span(&outcome, 0, 2, 4.0, true));
    CU_ASSERT(dmap__outcome_add_span(&outcome, 2, 8, 8.0, true));
    CU_ASSERT(dmap__outcome_add_span(&outcome, 9, 10, 1.0, true));
    CU_ASSERT_EQUAL_FATAL(outcome.n_spans, 2);
    CU_ASSERT_DOUBLE_EQUAL(outcome.spans[0].seconds, 7.0, 1e-12);
    dmap__outcome_fini(&outcome);
}

/* Blocks: every place is aligned, holds its bytes, and no two of them overlap. */
static void test_blocks(void) {
    enum { PLACES = 500 };
    static struct {
        unsigned char *place;
        size_t size;
    } taken[PLACES];
    dmap__block *blocks = NULL;
    for (size_t i = 0; i < PLACES; i++) {
        taken[i].size = (size_t)(unit_random() >> (46 + unit_below(18)));
        taken[i].place = dmap__block_take(&blocks, taken[i].size);
        CU_ASSERT_FATAL(taken[i].place != NULL);
        CU_ASSERT_EQUAL((uintptr_t)taken[i].place % DMAP__ALIGNMENT, 0);
        memset(taken[i].place, (int)(i % 251), taken[i].size);
    }
    size_t wrong = 0;
    for (size_t i = 0; i < PLACES; i++)
        for (size_t k = 0; k < taken[i].size; k++)
            wrong += taken[i].place[k] != i % 251;
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_PTR_NULL(dmap__block_take(&blocks, SIZE_MAX));
    CU_ASSERT_PTR_NULL(dmap__block_take(&blocks, SIZE_MAX - 16));
    CU_ASSERT_PTR_NULL(dmap__block_take(&blocks, SIZE_MAX / 2));
    dmap__outcome outcome;
    dmap__outcome_init(&outcome, 0, 0);
    outcome.blocks = blocks;
    dmap__outcome_fini(&outcome);
}

int main(void) {
    CU_TestInfo tests[] = {
        {"logs of several workers", test_whole},
        {"cut at a limit", test_limit},
        {"trouble", test_trouble},
        {"mean seconds", test_mean},
        {"blocks", test_blocks},
        CU_TEST_INFO_NULL,
    };
    return unit_run("outcome", tests);
}
