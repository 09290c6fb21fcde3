/* dmap_array: items side by side in the caller's memory. */
#include "call/source.h"

static dmap_status check(const dmap_task *task, const dmap_source *source, dmap__error *error) {
    if (!task->item_size)
        return dmap__fail_task(error, task->name,
                               "dmap_array wants an item_size, and it is 0: set it, or use dmap_range");
    if (task->item_size == DMAP_VARIABLE)
        return dmap__fail_task(error, task->name,
                               "dmap_array wants items of fixed size, and item_size is DMAP_VARIABLE: use dmap_blobs");
    if (!source->data && source->end > source->begin)
        return dmap__fail_task(error, task->name, "dmap_array: the items are NULL");
    if (source->end > SIZE_MAX / 2 / task->item_size)
        return dmap__fail_task(error, task->name, "dmap_array: more items than memory can hold");
    return DMAP_OK;
}

static dmap_blob blob_of(const dmap__source *from, uint64_t index) {
    size_t size = from->task->item_size;
    return (dmap_blob){(const unsigned char *)from->source.data + (size_t)index * size, size};
}

static dmap__items *get(dmap__source *from, uint64_t begin, uint64_t end) {
    dmap__items *items = dmap__items_create(begin, end);
    if (!items || from->order)
        return items ? dmap__items_scatter(from, items, blob_of) : NULL;
    items->layout = DMAP__LAYOUT_ARRAY;
    items->items = blob_of(from, begin).data;
    return items;
}

const dmap__source_ops dmap__source_array = {.has_bytes = true, .check = check, .item_at = blob_of, .get = get};

dmap_source dmap_array(const void *items, size_t count) {
    return (dmap_source){.kind = DMAP__SOURCE_ARRAY, .data = items, .end = count};
}
