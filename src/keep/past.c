/* Ranges of rows that overlap: an item that was changed, or has failed, has been run again, and the later row counts.
 * Latest first, each range is laid between those that lie already: what they leave free of it is its own. So the list
 * is gone through by begin, with a heap of the ranges that are open there, the latest at the top. */
#include "keep/past.h"

#include <stdlib.h>

#include "base/memory.h"

bool dmap__past_add(dmap__past *past, uint64_t begin, uint64_t end, int64_t row) {
    if (!dmap__memory_grow(&past->ranges, &past->capacity, past->n + 1, sizeof *past->ranges))
        return false;
    past->ranges[past->n++] = (dmap__past_range){begin, end, row};
    return true;
}

void dmap__past_fini(dmap__past *past) {
    free(past->ranges);
    *past = (dmap__past){0};
}

static int by_begin(const void *a, const void *b) {
    const dmap__past_range *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->row < y->row) - (x->row > y->row);
}

static bool overlap(const dmap__past *past) {
    for (size_t i = 1; i < past->n; i++)
        if (past->ranges[i].begin < past->ranges[i - 1].end)
            return true;
    return false;
}

/* ---- the heap ---- */

typedef struct open_ranges {
    dmap__past_range *ranges; /* the latest row first */
    size_t n;
} open_ranges;

static void swap(dmap__past_range *a, dmap__past_range *b) {
    dmap__past_range kept = *a;
    *a = *b;
    *b = kept;
}

static void push(open_ranges *open, const dmap__past_range *range) {
    size_t i = open->n++;
    open->ranges[i] = *range;
    for (; i && open->ranges[(i - 1) / 2].row < open->ranges[i].row; i = (i - 1) / 2)
        swap(&open->ranges[i], &open->ranges[(i - 1) / 2]);
}

static void pop(open_ranges *open) {
    open->ranges[0] = open->ranges[--open->n];
    for (size_t i = 0;;) {
        size_t child = 2 * i + 1;
        if (child >= open->n)
            return;
        if (child + 1 < open->n && open->ranges[child + 1].row > open->ranges[child].row)
            child++;
        if (open->ranges[i].row >= open->ranges[child].row)
            return;
        swap(&open->ranges[i], &open->ranges[child]);
        i = child;
    }
}

/* ---- the walk ---- */

/* Appends what lies visible from `at` on, up to `limit`, of the ranges that are open. */
static bool emit(dmap__past *settled, open_ranges *open, uint64_t at, uint64_t limit) {
    while (open->n && at < limit) {
        const dmap__past_range *top = &open->ranges[0];
        if (top->end <= at) {
            pop(open);
            continue;
        }
        uint64_t end = top->end < limit ? top->end : limit;
        dmap__past_range *last = settled->n ? &settled->ranges[settled->n - 1] : NULL;
        if (last && last->row == top->row && last->end == at)
            last->end = end;
        else if (!dmap__past_add(settled, at, end, top->row))
            return false;
        at = end;
    }
    return true;
}

static bool flatten(const dmap__past *past, dmap__past *settled, open_ranges *open) {
    uint64_t at = 0;
    for (size_t i = 0; i < past->n; i++) {
        if (!emit(settled, open, at, past->ranges[i].begin))
            return false;
        at = past->ranges[i].begin;
        push(open, &past->ranges[i]);
    }
    return emit(settled, open, at, UINT64_MAX);
}

/* Of sorted ranges, keeps those that are among the given ones as they are. */
static void keep_whole(dmap__past *settled, const dmap__past *given) {
    size_t kept = 0;
    for (size_t i = 0; i < settled->n; i++) {
        const dmap__past_range *found =
            bsearch(&settled->ranges[i], given->ranges, given->n, sizeof *given->ranges, by_begin);
        if (found && found->end == settled->ranges[i].end)
            settled->ranges[kept++] = settled->ranges[i];
    }
    settled->n = kept;
}

bool dmap__past_settle(dmap__past *past, bool whole) {
    if (past->n)
        qsort(past->ranges, past->n, sizeof *past->ranges, by_begin);
    if (overlap(past)) {
        dmap__past settled = {0};
        open_ranges open = {.ranges = dmap__memory_array(past->n, sizeof *open.ranges)};
        bool done = open.ranges && flatten(past, &settled, &open);
        free(open.ranges);
        if (!done) {
            dmap__past_fini(&settled);
            return false;
        }
        if (whole)
            keep_whole(&settled, past);
        dmap__past_fini(past);
        *past = settled;
    }
    for (size_t i = past->items = 0; i < past->n; i++)
        past->items += past->ranges[i].end - past->ranges[i].begin;
    return true;
}
