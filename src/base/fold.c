/* The fold. Invariant: the nodes tile [begin, end) in order, and no two neighbours are the halves of one node, so
 * the list is the one way to write the range as topmost whole nodes: it depends on the range only. A present value of
 * variable size is the fold's to free; a missing one has no memory. */
#include "base/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct dmap_merge {
    void *data; /* from malloc; NULL: not asked for yet */
    size_t size;
    bool out_of_memory;
};

static bool is_variable(const dmap__fold *fold) {
    return fold->task->result_size == DMAP_VARIABLE;
}

void dmap__fold_init(dmap__fold *fold, const dmap_task *task, uint64_t begin) {
    memset(fold, 0, offsetof(dmap__fold, level));
    fold->task = task;
    fold->size = is_variable(fold) ? sizeof(dmap_blob) : task->result_size;
    fold->begin = fold->end = begin;
    fold->values = NULL;
    fold->capacity = 0;
}

unsigned dmap__fold_level(uint64_t begin, uint64_t end) {
    unsigned room = 63u - (unsigned)__builtin_clzll(end - begin);
    unsigned aligned = begin ? (unsigned)__builtin_ctzll(begin) : 63u;
    return room < aligned ? room : aligned;
}

static void *place_of(const dmap__fold *fold, unsigned node) {
    return fold->values + (size_t)node * fold->size;
}

dmap_blob dmap__fold_value(const dmap__fold *fold, unsigned node) {
    if (!fold->present[node])
        return (dmap_blob){NULL, 0};
    const void *place = place_of(fold, node);
    return is_variable(fold) ? *(const dmap_blob *)place : (dmap_blob){place, fold->size};
}

size_t dmap__fold_bytes(const dmap__fold *fold) {
    size_t bytes = fold->n * fold->size;
    for (unsigned i = 0; i < fold->n && is_variable(fold); i++)
        bytes += dmap__fold_value(fold, i).size;
    return bytes;
}

/* Frees the memory of a value of variable size. */
static void drop(dmap__fold *fold, unsigned node) {
    if (is_variable(fold))
        free((void *)dmap__fold_value(fold, node).data);
    fold->present[node] = false;
}

void dmap__fold_fini(dmap__fold *fold) {
    for (unsigned i = 0; i < fold->n; i++)
        drop(fold, i);
    free(fold->values);
    fold->values = NULL;
    fold->capacity = 0;
    fold->n = 0;
}

/* ---- two become one ---- */

void *dmap_merge_result(dmap_merge *merge, size_t size) {
    void *place = realloc(merge->data, size ? size : 1);
    if (!place) {
        merge->out_of_memory = true;
        return NULL;
    }
    merge->data = place;
    merge->size = size;
    return place;
}

static bool merge_blobs(const dmap_task *task, dmap_blob left, dmap_blob right, dmap_blob *made) {
    dmap_merge merge = {0};
    task->merge(&merge, left, right);
    if (!merge.data && !merge.out_of_memory)
        dmap_merge_result(&merge, 0);
    if (merge.out_of_memory) {
        free(merge.data);
        return false;
    }
    *made = (dmap_blob){merge.data, merge.size};
    return true;
}

/* The value at `left` becomes both, that at `right` is gone. */
static bool unite(dmap__fold *fold, unsigned left, unsigned right) {
    if (!fold->present[right])
        return true;
    if (fold->present[left] && is_variable(fold)) {
        dmap_blob made;
        if (!merge_blobs(fold->task, dmap__fold_value(fold, left), dmap__fold_value(fold, right), &made))
            return false;
        drop(fold, left);
        drop(fold, right);
        memcpy(place_of(fold, left), &made, sizeof made);
    } else if (fold->present[left]) {
        fold->task->combine(place_of(fold, left), place_of(fold, right));
    } else {
        memcpy(place_of(fold, left), place_of(fold, right), fold->size);
    }
    fold->present[left] = true;
    fold->present[right] = false;
    return true;
}

/* ---- one more node ---- */

/* Appends a value as it lies in `values`: its memory is the fold's from then on. NULL: missing. */
static bool store(dmap__fold *fold, unsigned level, const void *value) {
    size_t size = fold->size ? fold->size : 1;
    if (!dmap__memory_grow(&fold->values, &fold->capacity, fold->n + 1, size))
        return false;
    unsigned node = fold->n++;
    fold->level[node] = (uint8_t)level;
    fold->present[node] = value != NULL;
    if (value)
        memcpy(place_of(fold, node), value, fold->size);
    fold->end += UINT64_C(1) << level;
    return true;
}

/* Joins nodes at the end that are halves of one, until none are. */
static bool settle(dmap__fold *fold) {
    while (fold->n >= 2 && fold->level[fold->n - 1] == fold->level[fold->n - 2] &&
           (fold->end >> fold->level[fold->n - 1]) % 2 == 0) {
        if (!unite(fold, fold->n - 2, fold->n - 1))
            return false;
        fold->level[fold->n - 2]++;
        fold->n--;
    }
    return true;
}

static bool push(dmap__fold *fold, unsigned level, const void *value) {
    return store(fold, level, value) && settle(fold);
}

static bool push_copy(dmap__fold *fold, unsigned level, dmap_blob value) {
    dmap_blob copy = {dmap__memory_array(value.size, 1), value.size};
    if (!copy.data)
        return false;
    if (value.size)
        memcpy((void *)copy.data, value.data, value.size);
    if (!store(fold, level, &copy)) {
        free((void *)copy.data);
        return false;
    }
    return settle(fold);
}

/* ---- results ---- */

/* Leaves the node over `count` values, a power of two, in the first of them. By halves, so that it stays in cache. */
static void reduce(const dmap__fold *fold, unsigned char *values, size_t count) {
    void (*combine)(void *into, const void *from) = fold->task->combine;
    if (count > 64) {
        reduce(fold, values, count / 2);
        reduce(fold, values + count / 2 * fold->size, count / 2);
        combine(values, values + count / 2 * fold->size);
        return;
    }
    for (size_t step = 1; step < count; step *= 2)
        for (size_t i = 0; i < count; i += 2 * step)
            combine(values + i * fold->size, values + (i + step) * fold->size);
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

bool dmap__fold_push_blob(dmap__fold *fold, dmap_blob value) {
    return push_copy(fold, 0, value);
}

bool dmap__fold_skip(dmap__fold *fold) {
    return push(fold, 0, NULL);
}

bool dmap__fold_push_node(dmap__fold *fold, uint64_t limit, dmap_blob value) {
    unsigned level = dmap__fold_level(fold->end, limit);
    return value.data && is_variable(fold) ? push_copy(fold, level, value) : push(fold, level, value.data);
}

bool dmap__fold_append(dmap__fold *fold, dmap__fold *next) {
    for (unsigned i = 0; i < next->n; i++) {
        if (!store(fold, next->level[i], next->present[i] ? place_of(next, i) : NULL))
            return false;
        next->present[i] = false;
        if (!settle(fold))
            return false;
    }
    next->n = 0;
    return true;
}

/* ---- the end ---- */

/* Brings all values together in one node: *total is it, or fold->n if there is none. */
static bool bring_together(dmap__fold *fold, unsigned *total) {
    *total = 0;
    while (*total < fold->n && !fold->present[*total])
        ++*total;
    for (unsigned i = *total + 1; i < fold->n; i++)
        if (!unite(fold, *total, i))
            return false;
    return true;
}

void dmap__fold_finish(dmap__fold *fold, void *accumulator) {
    unsigned total;
    bring_together(fold, &total);
    if (total < fold->n)
        fold->task->combine(accumulator, place_of(fold, total));
    fold->n = 0;
}

bool dmap__fold_finish_blob(dmap__fold *fold, void **data, size_t *size) {
    unsigned total;
    if (!bring_together(fold, &total))
        return false;
    if (total == fold->n)
        return true;
    dmap_blob made = dmap__fold_value(fold, total);
    if (*data) {
        if (!merge_blobs(fold->task, (dmap_blob){*data, *size}, made, &made))
            return false;
        drop(fold, total);
        free(*data);
    }
    fold->present[total] = false;
    *data = (void *)made.data;
    *size = made.size;
    return true;
}
