/* What is beyond the budget goes to the spool by the job that adds, with what that job has in memory: so its bytes stay
 * in their order, and the memory of the jobs that wait for their turn with little is left alone. */
#include "held.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_SIZE = 256 * 1024 };

bool run_store_init(run_store *store, size_t budget) {
    *store = (run_store){.budget = budget, .buffer = malloc(READ_SIZE)};
    run_spool_init(&store->spool);
    return store->buffer != NULL;
}

void run_store_fini(run_store *store) {
    run_spool_fini(&store->spool);
    free(store->buffer);
    store->buffer = NULL;
}

static bool fail_memory(run_store *store) {
    if (!store->spool.error[0])
        snprintf(store->spool.error, sizeof store->spool.error, "out of memory for output held back");
    return false;
}

static bool add_extent(run_store *store, run_held *held, const void *data, size_t size) {
    if (size == 0)
        return true;
    if (held->n_extents == held->room) {
        size_t room = held->room ? held->room * 2 : 4;
        run_extent *more = realloc(held->extents, room * sizeof *more);
        if (!more)
            return fail_memory(store);
        held->extents = more;
        held->room = room;
    }
    uint64_t offset;
    if (!run_spool_write(&store->spool, data, size, &offset))
        return false;
    run_extent *last = held->n_extents ? &held->extents[held->n_extents - 1] : NULL;
    if (last && last->offset + last->size == offset)
        last->size += size;
    else
        held->extents[held->n_extents++] = (run_extent){offset, size};
    return true;
}

static void free_memory(run_store *store, run_held *held) {
    store->in_memory -= held->memory.room;
    run_text_free(&held->memory);
}

bool run_held_add(run_store *store, run_held *held, const void *data, size_t size) {
    if (size == 0)
        return true;
    if (store->in_memory + size > store->budget) {
        bool good = add_extent(store, held, held->memory.data, held->memory.size);
        free_memory(store, held);
        return good && add_extent(store, held, data, size);
    }
    size_t before = held->memory.room;
    run_text_add(&held->memory, data, size);
    store->in_memory += held->memory.room - before;
    return !held->memory.broken || fail_memory(store);
}

uint64_t run_held_size(const run_held *held) {
    uint64_t size = held->memory.size;
    for (size_t i = 0; i < held->n_extents; i++)
        size += held->extents[i].size;
    return size;
}

void run_held_clear(run_store *store, run_held *held) {
    for (size_t i = 0; i < held->n_extents; i++)
        run_spool_drop(&store->spool, held->extents[i].offset, held->extents[i].size);
    free(held->extents);
    free_memory(store, held);
    *held = (run_held){0};
}

static bool read_extent(run_store *store, run_extent extent, run_held_fn *fn, void *arg) {
    while (extent.size > 0) {
        size_t size = extent.size < READ_SIZE ? (size_t)extent.size : READ_SIZE;
        if (!run_spool_read(&store->spool, extent.offset, store->buffer, size) || !fn(arg, store->buffer, size))
            return false;
        extent.offset += size;
        extent.size -= size;
    }
    return true;
}

bool run_held_read(run_store *store, const run_held *held, run_held_fn *fn, void *arg) {
    for (size_t i = 0; i < held->n_extents; i++)
        if (!read_extent(store, held->extents[i], fn, arg))
            return false;
    return held->memory.size == 0 || fn(arg, held->memory.data, held->memory.size);
}
