/* Items. A dmap__items is freed when it has no user and, if it holds pulled items, none of them is open any more.
 * Invariant: every pulled position that has not ended is open in exactly one of those held. */
#include "call/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "call/source_kind.h"
#include "plan/plan.h"
#include "proc/copy.h"

bool dmap__items_is_stream(const dmap__source *from) {
    return from->source.kind == DMAP__SOURCE_PULL;
}

uint64_t dmap__items_count(const dmap__source *from) {
    return dmap__items_is_stream(from) ? from->offered : from->source.end - from->source.begin;
}

bool dmap__items_are_offered(const dmap__source *from) {
    return dmap__items_is_stream(from) || from->source.kind == DMAP__SOURCE_BLOBS;
}

size_t dmap__items_size(const dmap__source *from) {
    bool none = from->source.kind == DMAP__SOURCE_RANGE || from->task->item_size == DMAP_VARIABLE;
    return none ? 0 : from->task->item_size;
}

static void destroy(dmap__source *from, dmap__items *items) {
    if (items->next)
        items->next->previous = items->previous;
    if (items->previous)
        items->previous->next = items->next;
    if (from->held == items)
        from->held = items->next;
    free(items->block);
    free(items->table);
    free(items);
}

static void destroy_if_done(dmap__source *from, dmap__items *items) {
    if (!items->users && !items->open)
        destroy(from, items);
}

void dmap__items_use(dmap__items *items) {
    items->users++;
}

void dmap__items_leave(dmap__source *from, dmap__items *items) {
    items->users--;
    destroy_if_done(from, items);
}

void dmap__items_close(dmap__source *from, dmap__items *items, uint64_t n) {
    items->open -= n < items->open ? n : items->open;
    destroy_if_done(from, items);
}

void dmap__items_fini(dmap__source *from) {
    while (from->held)
        destroy(from, from->held);
    if (from->filling)
        destroy(from, from->filling);
    from->filling = from->filled = NULL;
}

static void hold(dmap__source *from, dmap__items *items) {
    items->open = items->end - items->begin;
    items->next = from->held;
    if (from->held)
        from->held->previous = items;
    from->held = items;
}

/* ---- from the caller's memory ---- */

static const void *at(const dmap__source *from, uint64_t index) {
    return (const unsigned char *)from->source.data + (size_t)index * from->task->item_size;
}

static dmap_blob blob_of(const dmap__source *from, uint64_t index) {
    if (from->source.kind == DMAP__SOURCE_BLOBS)
        return ((const dmap_blob *)from->source.data)[index];
    return (dmap_blob){at(from, index), from->task->item_size};
}

/* A table of pointers: the items of neighbouring positions do not lie side by side. */
static bool point_shuffled(const dmap__source *from, dmap__items *items) {
    items->indices = from->order->index_of + items->begin;
    if (items->layout == DMAP__LAYOUT_RANGE)
        return true;
    uint64_t n = items->end - items->begin;
    items->table = dmap__memory_array(n, sizeof *items->table);
    for (uint64_t i = 0; items->table && i < n; i++)
        items->table[i] = blob_of(from, items->indices[i]);
    items->layout = DMAP__LAYOUT_BLOBS;
    items->items = items->table;
    return items->table != NULL;
}

/* So many of the next n blobs as are about `bytes` in all. */
static void offer_blobs(dmap__source *from, uint64_t n, size_t bytes) {
    uint64_t count = dmap__items_count(from), at = from->offered, end = n < count - at ? at + n : count;
    for (size_t sum = 0; at < end && sum < bytes; at++)
        sum += blob_of(from, from->order ? from->order->index_of[at] : at).size;
    from->offered = at;
}

static bool point(const dmap__source *from, dmap__items *items) {
    items->range_first = from->source.begin;
    items->layout = from->source.kind == DMAP__SOURCE_RANGE   ? DMAP__LAYOUT_RANGE
                    : from->source.kind == DMAP__SOURCE_ARRAY ? DMAP__LAYOUT_ARRAY
                                                              : DMAP__LAYOUT_BLOBS;
    if (from->order)
        return point_shuffled(from, items);
    if (from->source.kind == DMAP__SOURCE_ARRAY)
        items->items = at(from, items->begin);
    if (from->source.kind == DMAP__SOURCE_BLOBS)
        items->items = (const dmap_blob *)from->source.data + items->begin;
    return true;
}

/* ---- pulled ---- */

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
    if (code < 0)
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
    if (!f->variable && item.size != from->task->item_size)
        dmap__fail(&from->failure, DMAP_EINVAL, "the source gave item %" PRIu64 " of %zu bytes; task \"%s\" wants %zu",
                   from->offered, item.size, from->task->name, from->task->item_size);
    else if (item.size && !item.data)
        dmap__fail(&from->failure, DMAP_EINVAL, "the source gave item %" PRIu64 " of %zu bytes at NULL", from->offered,
                   item.size);
    else if (!add(f, &item))
        dmap__fail_memory(&from->failure, item.size, "an item");
    from->ended = from->failure.status != DMAP_OK;
    from->offered += !from->ended;
}

/* What is pulled is held at once. Of a source that gives nothing now, the items are kept for the next time. */
static dmap_status pull(dmap__source *from, uint64_t n, size_t bytes, dmap__error *error) {
    if (!from->filling && !(from->filling = malloc(sizeof *from->filling)))
        return dmap__fail_memory(error, sizeof *from->filling, "items");
    dmap__items *items = from->filling;
    *items = (dmap__items){.begin = from->offered, .end = from->offered};
    filling f = {.items = items, .variable = from->task->item_size == DMAP_VARIABLE};
    from->later = false;
    while (!from->ended && !from->later && items->end - items->begin < n &&
           (f.used < bytes || items->end == items->begin))
        pull_one(from, &f);
    if (items->end == items->begin)
        return DMAP_OK;
    from->filling = NULL;
    from->filled = items;
    finish(&f);
    hold(from, items);
    return DMAP_OK;
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
static dmap_status pull_again(dmap__source *from, dmap__items *items, uint64_t end, dmap__error *error) {
    filling f = {.items = items, .variable = from->task->item_size == DMAP_VARIABLE};
    items->end = items->begin;
    while (items->end < end) {
        dmap__items *held = holder(from, items->end);
        dmap_blob item = blob_at(held, items->end, from->task->item_size);
        if (!add(&f, &item))
            return dmap__fail_memory(error, item.size, "an item");
        dmap__items_close(from, held, 1);
    }
    finish(&f);
    return DMAP_OK;
}

dmap_status dmap__items_offer(dmap__source *from, uint64_t n, size_t bytes, dmap__error *error) {
    if (dmap__items_is_stream(from))
        return pull(from, n, bytes, error);
    offer_blobs(from, n, bytes);
    return DMAP_OK;
}

dmap_status dmap__items_get(dmap__source *from, uint64_t begin, uint64_t end, dmap__items **items, dmap__error *error) {
    dmap__items *filled = from->filled && from->filled->begin == begin ? from->filled : NULL;
    if (filled)
        from->filled = NULL;
    if (filled && filled->end == end) {
        dmap__items_use(filled);
        *items = filled;
        return DMAP_OK;
    }
    dmap__items *made = malloc(sizeof *made); /* calloc does not look into the thread's own cache */
    if (!made)
        return dmap__fail_memory(error, sizeof *made, "items");
    *made = (dmap__items){.begin = begin, .end = end, .users = 1};
    dmap_status status = DMAP_OK;
    if (dmap__items_is_stream(from))
        status = pull_again(from, made, end, error);
    else
        status = point(from, made) ? DMAP_OK : dmap__fail_memory(error, end - begin, "pointers to items");
    if (status != DMAP_OK) {
        destroy(from, made);
        return status;
    }
    if (dmap__items_is_stream(from))
        hold(from, made);
    *items = made;
    return DMAP_OK;
}
