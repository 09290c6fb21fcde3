/* The fold. Invariant: the nodes tile [begin, end) in order, and no two neighbours are the halves of one node, so
 * the list is the one way to write the range as topmost whole nodes: it depends on the range only. */
#include "base/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void dmap__fold_init(dmap__fold *fold, dmap__combine_fn *combine, size_t size, uint64_t begin) {
    memset(fold, 0, offsetof(dmap__fold, level));
    fold->combine = combine;
    fold->size = size;
    fold->begin = fold->end = begin;
    fold->values = NULL;
    fold->capacity = 0;
}

void dmap__fold_fini(dmap__fold *fold) {
    free(fold->values);
    fold->values = NULL;
    fold->capacity = 0;
    fold->n = 0;
}

unsigned dmap__fold_level(uint64_t begin, uint64_t end) {
    unsigned room = 63u - (unsigned)__builtin_clzll(end - begin);
    unsigned aligned = begin ? (unsigned)__builtin_ctzll(begin) : 63u;
    return room < aligned ? room : aligned;
}

static unsigned char *value_of(const dmap__fold *fold, unsigned node) {
    return fold->values + (size_t)node * fold->size;
}

/* Joins the last two nodes, which are halves of one. */
static void join(dmap__fold *fold) {
    unsigned left = fold->n - 2, right = fold->n - 1;
    if (fold->present[left] && fold->present[right])
        fold->combine(value_of(fold, left), value_of(fold, right));
    else if (fold->present[right])
        memcpy(value_of(fold, left), value_of(fold, right), fold->size);
    fold->present[left] = fold->present[left] || fold->present[right];
    fold->level[left]++;
    fold->n--;
}

static bool push(dmap__fold *fold, unsigned level, const void *value) {
    size_t size = fold->size ? fold->size : 1;
    if (!dmap__memory_grow(&fold->values, &fold->capacity, fold->n + 1, size))
        return false;
    unsigned node = fold->n++;
    fold->level[node] = (uint8_t)level;
    fold->present[node] = value != NULL;
    if (value)
        memcpy(value_of(fold, node), value, fold->size);
    fold->end += UINT64_C(1) << level;
    while (fold->n >= 2 && fold->level[fold->n - 1] == fold->level[fold->n - 2] &&
           (fold->end >> fold->level[fold->n - 1]) % 2 == 0)
        join(fold);
    return true;
}

/* Leaves the node over `count` values, a power of two, in the first of them. By halves, so that it stays in cache. */
static void reduce(const dmap__fold *fold, unsigned char *values, size_t count) {
    if (count > 64) {
        reduce(fold, values, count / 2);
        reduce(fold, values + count / 2 * fold->size, count / 2);
        fold->combine(values, values + count / 2 * fold->size);
        return;
    }
    for (size_t step = 1; step < count; step *= 2)
        for (size_t i = 0; i < count; i += 2 * step)
            fold->combine(values + i * fold->size, values + (i + step) * fold->size);
}

bool dmap__fold_push(dmap__fold *fold, void *values, size_t count) {
    unsigned char *next = values;
    uint64_t limit = fold->end + count;
    while (fold->end < limit) {
        unsigned level = dmap__fold_level(fold->end, limit);
        size_t block = (size_t)1 << level;
        reduce(fold, next, block);
        if (!push(fold, level, next))
            return false;
        next += block * fold->size;
    }
    return true;
}

bool dmap__fold_skip(dmap__fold *fold) {
    return push(fold, 0, NULL);
}

bool dmap__fold_append(dmap__fold *fold, const dmap__fold *next) {
    for (unsigned i = 0; i < next->n; i++)
        if (!push(fold, next->level[i], next->present[i] ? value_of(next, i) : NULL))
            return false;
    return true;
}

bool dmap__fold_push_node(dmap__fold *fold, uint64_t limit, const void *value) {
    return push(fold, dmap__fold_level(fold->end, limit), value);
}

void dmap__fold_finish(dmap__fold *fold, void *accumulator) {
    unsigned char *total = NULL;
    for (unsigned i = 0; i < fold->n; i++) {
        if (!fold->present[i])
            continue;
        if (total)
            fold->combine(total, value_of(fold, i));
        else
            total = value_of(fold, i);
    }
    if (total)
        fold->combine(accumulator, total);
    fold->n = 0;
}
