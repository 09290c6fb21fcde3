#include "job/shuffle.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

typedef struct costed {
    double cost;
    uint64_t index;
} costed;

/* A cost that is not a number sorts as the lowest, so that the order stays total. */
static int costliest_first(const void *a, const void *b) {
    const costed *x = a, *y = b;
    if (x->cost != y->cost)
        return x->cost < y->cost ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

static void add_up(const costed *items, uint64_t count, double *before) {
    double sum = 0;
    for (uint64_t i = 0; i < count; i++) {
        before[i] = sum;
        sum += items[i].cost > 0 && isfinite(items[i].cost) ? items[i].cost : 0;
    }
    before[count] = sum;
}

dmap__shuffle *dmap__shuffle_create(uint64_t count, double (*cost)(void *arg, uint64_t index), void *arg, bool weighs) {
    dmap__shuffle *shuffle = calloc(1, sizeof *shuffle);
    costed *items = dmap__memory_array(count, sizeof *items);
    if (shuffle)
        shuffle->index_of = dmap__memory_array(count, sizeof *shuffle->index_of);
    if (shuffle && weighs)
        shuffle->before = dmap__memory_array(count + 1, sizeof *shuffle->before);
    if (!shuffle || !items || !shuffle->index_of || (weighs && !shuffle->before)) {
        free(items);
        dmap__shuffle_destroy(shuffle);
        return NULL;
    }
    for (uint64_t i = 0; i < count; i++) {
        double c = cost(arg, i);
        items[i] = (costed){isnan(c) ? -INFINITY : c, i};
    }
    qsort(items, (size_t)count, sizeof *items, costliest_first);
    for (uint64_t i = 0; i < count; i++)
        shuffle->index_of[i] = items[i].index;
    shuffle->count = count;
    if (weighs)
        add_up(items, count, shuffle->before);
    free(items);
    return shuffle;
}

void dmap__shuffle_destroy(dmap__shuffle *shuffle) {
    if (shuffle) {
        free(shuffle->index_of);
        free(shuffle->before);
    }
    free(shuffle);
}

double dmap__shuffle_weight(const dmap__shuffle *shuffle, uint64_t begin, uint64_t end) {
    return shuffle && shuffle->before ? shuffle->before[end] - shuffle->before[begin] : 0;
}

uint64_t *dmap__shuffle_invert(const dmap__shuffle *shuffle) {
    uint64_t *position_of = dmap__memory_array(shuffle->count, sizeof *position_of);
    for (uint64_t i = 0; position_of && i < shuffle->count; i++)
        position_of[shuffle->index_of[i]] = i;
    return position_of;
}
