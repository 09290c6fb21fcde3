/* dmap_pull: items from a function of the caller's, which is asked when they are wanted, and once for each. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "call/source.h"
#include "proc/copy.h"

static dmap_status check(const dmap_task *task, const dmap_source *source, dmap__error *error) {
    return source->next ? DMAP_OK : dmap__fail_task(error, task->name, "dmap_pull: the function is NULL");
}

typedef struct filling {
    dmap__items *items;
    size_t used, room; /* bytes of the block */
    size_t table_room; /* entries of the table */
    bool variable;
} filling;

/* Offsets stand in for pointers until the block has stopped growing. */
static bool add(filling *f, const dmap_blob *item) {
    dmap__items *items = f->items;
    size_t size = f->variable ? dmap__memory_pad(item->size) : item->size;
    if (item->size && !size)
        return false;
    if (!dmap__memory_grow(&items->block, &f->room, f->used + size, 1))
        return false;
    if (item->size)
        memcpy(items->block + f->used, item->data, item->size);
    size_t n = (size_t)(items->end - items->begin);
    if (f->variable) {
        if (!dmap__memory_grow(&items->table, &f->table_room, n + 1, sizeof *items->table))
            return false;
        items->table[n] = (dmap_blob){(const void *)f->used, item->size};
    }
    f->used += size;
    items->end++;
    return true;
}

static void finish(filling *f) {
    dmap__items *items = f->items;
    items->layout = f->variable ? DMAP__LAYOUT_BLOBS : DMAP__LAYOUT_ARRAY;
    for (size_t i = 0; f->variable && i < items->end - items->begin; i++)
        items->table[i].data = items->block + (uintptr_t)items->table[i].data;
    items->items = f->variable ? (const void *)items->table : items->block;
}

/* The source has no more, or failed: what it gave before counts. */
static void end_source(dmap__source *from, int code) {
    from->ended = true;
    if (code < 0 && from->failure.status == DMAP_OK)
        dmap__fail(&from->failure, DMAP_EIO, "the source failed with code %d after %" PRIu64 " items", code,
                   from->offered);
}

static void pull_one(dmap__source *from, filling *f) {
    dmap_blob item = {0};
    int code = from->source.next(from->source.arg, &item);
    dmap__copy_leave();
    if (code == DMAP_PULL_LATER) {
        from->later = true;
        return;
    }
    if (code <= 0) {
        end_source(from, code);
        return;
    }
    if (!f->variable && item.size != dmap__source_item_size(from))
        dmap__fail(&from->failure, DMAP_EINVAL, "the source gave item %" PRIu64 " of %zu bytes; task \"%s\" wants %zu",
                   from->offered, item.size, from->task->name, dmap__source_item_size(from));
    else if (item.size && !item.data)
        dmap__fail(&from->failure, DMAP_EINVAL, "the source gave item %" PRIu64 " of %zu bytes at NULL", from->offered,
                   item.size);
    else if (!add(f, &item))
        dmap__fail_memory(&from->failure, item.size, "an item");
    from->ended = from->failure.status != DMAP_OK;
    from->offered += !from->ended;
}

/* What is pulled is held at once. Of a source that gives nothing now, the items are kept for the next time. */
bool dmap__pull_offer(dmap__source *from, uint64_t n, size_t bytes) {
    uint64_t begin = from->offered;
    if (!from->filling && !(from->filling = dmap__items_create(begin, begin)))
        return false;
    dmap__items *items = from->filling;
    items->begin = items->end = begin;
    filling f = {.items = items, .variable = dmap__source_item_size(from) == DMAP_VARIABLE};
    from->later = false;
    while (!from->ended && !from->later && items->end - begin < n && (f.used < bytes || items->end == begin))
        pull_one(from, &f);
    if (items->end == begin)
        return true;
    items->users = 0;
    from->filling = NULL;
    from->filled = items;
    finish(&f);
    dmap__items_hold(from, items);
    return true;
}

static dmap__items *holder(const dmap__source *from, uint64_t position) {
    dmap__items *items = from->held;
    while (items && !(items->begin <= position && position < items->end))
        items = items->next;
    return items;
}

static dmap_blob blob_at(const dmap__items *items, uint64_t position, size_t item_size) {
    size_t i = (size_t)(position - items->begin);
    if (items->layout == DMAP__LAYOUT_BLOBS)
        return ((const dmap_blob *)items->items)[i];
    return (dmap_blob){(const unsigned char *)items->items + i * item_size, item_size};
}

/* Items that were pulled before and come back: copied out of those that hold them, which may then go. */
static bool copy(dmap__source *from, dmap__items *items) {
    filling f = {.items = items, .variable = dmap__source_item_size(from) == DMAP_VARIABLE};
    uint64_t end = items->end;
    items->end = items->begin;
    while (items->end < end) {
        dmap__items *held = holder(from, items->end);
        dmap_blob item = blob_at(held, items->end, dmap__source_item_size(from));
        if (!add(&f, &item))
            return false;
        dmap__items_close(from, held, 1);
    }
    finish(&f);
    return true;
}

dmap__items *dmap__pull_get(dmap__source *from, uint64_t begin, uint64_t end) {
    dmap__items *filled = from->filled && from->filled->begin == begin ? from->filled : NULL;
    if (filled)
        from->filled = NULL;
    if (filled && filled->end == end) {
        dmap__items_use(filled);
        return filled;
    }
    dmap__items *items = dmap__items_create(begin, end);
    if (items && !copy(from, items)) {
        dmap__items_destroy(from, items);
        return NULL;
    }
    if (items)
        dmap__items_hold(from, items);
    return items;
}

const dmap__source_ops dmap__source_pull = {
    .is_stream = true, .has_bytes = true, .check = check, .offer = dmap__pull_offer, .get = dmap__pull_get};

dmap_source dmap_pull(dmap_pull_fn *next, void *arg) {
    return (dmap_source){.kind = DMAP__SOURCE_PULL, .next = next, .arg = arg};
}
