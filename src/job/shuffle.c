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

dmap__shuffle *dmap__shuffle_create(uint64_t count, double (*cost)(void *arg, uint64_t index), void *arg) {
    dmap__shuffle *shuffle = calloc(1, sizeof *shuffle);
    costed *items = dmap__memory_array(count, sizeof *items);
    if (shuffle)
        shuffle->index_of = dmap__memory_array(count, sizeof *shuffle->index_of);
    if (!shuffle || !items || !shuffle->index_of) {
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
    free(items);
    return shuffle;
}

void dmap__shuffle_destroy(dmap__shuffle *shuffle) {
    if (shuffle)
        free(shuffle->index_of);
    free(shuffle);
}

uint64_t *dmap__shuffle_invert(const dmap__shuffle *shuffle) {
    uint64_t *position_of = dmap__memory_array(shuffle->count, sizeof *position_of);
    for (uint64_t i = 0; position_of && i < shuffle->count; i++)
        position_of[shuffle->index_of[i]] = i;
    return position_of;
}
