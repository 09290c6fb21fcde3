/* dmap_range: numbers. Whoever runs them makes them. */
#include "call/source.h"

static dmap_status check(const dmap_task *task, const dmap_source *source, dmap__error *error) {
    if (source->begin > source->end)
        return dmap__fail_task(error, task->name, "dmap_range: it ends before it begins");
    if (task->item_size == sizeof(uint64_t))
        return DMAP_OK;
    if (task->item_size == DMAP_VARIABLE)
        return dmap__fail_task(error, task->name, "dmap_range wants an item_size of 8, and it is DMAP_VARIABLE");
    return dmap__fail(error, DMAP_EINVAL,
                      "task \"%s\": dmap_range wants an item_size of 8, as an item is a uint64_t, and it is %zu",
                      task->name, task->item_size);
}

static dmap__items *get(dmap__source *from, uint64_t begin, uint64_t end) {
    dmap__items *items = dmap__items_create(begin, end);
    if (!items)
        return NULL;
    items->layout = DMAP__LAYOUT_RANGE;
    items->range_first = from->source.begin;
    items->indices = from->order ? from->order->index_of + begin : NULL;
    return items;
}

const dmap__source_ops dmap__source_range = {.check = check, .get = get};

dmap_source dmap_range(uint64_t begin, uint64_t end) {
    return (dmap_source){.kind = DMAP__SOURCE_RANGE, .begin = begin, .end = end};
}
