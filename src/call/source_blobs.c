/* dmap_blobs: items of any size, anywhere in the caller's memory. They are offered by their bytes, so that a chunk of
 * large ones is small. */
#include <inttypes.h>

#include "call/source.h"

static dmap_status check(const dmap_task *task, const dmap_source *source, dmap__error *error) {
    const dmap_blob *blobs = source->data;
    if (!blobs && source->end > source->begin)
        return dmap__fail_task(error, task->name, "dmap_blobs: the items are NULL");
    for (uint64_t i = 0; i < source->end; i++) {
        if (!blobs[i].data && blobs[i].size)
            return dmap__fail(error, DMAP_EINVAL, "dmap_blobs: item %" PRIu64 " has %zu bytes at NULL", i,
                              blobs[i].size);
        if (task->item_size != DMAP_VARIABLE && blobs[i].size != task->item_size)
            return dmap__fail(error, DMAP_EINVAL, "dmap_blobs: item %" PRIu64 " has %zu bytes; task \"%s\" wants %zu",
                              i, blobs[i].size, task->name, task->item_size);
    }
    return DMAP_OK;
}

static dmap_blob blob_of(const dmap__source *from, uint64_t index) {
    return ((const dmap_blob *)from->source.data)[index];
}

static bool offer(dmap__source *from, uint64_t n, size_t bytes) {
    uint64_t count = dmap__items_count(from), at = from->offered, end = n < count - at ? at + n : count;
    for (size_t sum = 0; at < end && sum < bytes; at++)
        sum += blob_of(from, from->order ? from->order->index_of[at] : at).size;
    from->offered = at;
    return true;
}

static dmap__items *get(dmap__source *from, uint64_t begin, uint64_t end) {
    dmap__items *items = dmap__items_create(begin, end);
    if (!items || from->order)
        return items ? dmap__items_scatter(from, items, blob_of) : NULL;
    items->layout = DMAP__LAYOUT_BLOBS;
    items->items = (const dmap_blob *)from->source.data + begin;
    return items;
}

const dmap__source_ops dmap__source_blobs = {
    .has_bytes = true, .check = check, .offer = offer, .item_at = blob_of, .get = get};

dmap_source dmap_blobs(const dmap_blob *items, size_t count) {
    return (dmap_source){.kind = DMAP__SOURCE_BLOBS, .data = items, .end = count};
}
