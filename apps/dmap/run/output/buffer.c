/* What is beyond the budget goes to the spool by the job that adds, with what that job has in memory: so its bytes stay
 * in their order, and the memory of the jobs that wait for their turn with little is left alone. */
#include "run/output/buffer.h"

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

static bool add_extent(run_store *store, run_buffer *buffer, const void *data, size_t size) {
    if (size == 0)
        return true;
    if (buffer->n_extents == buffer->room) {
        size_t room = buffer->room ? buffer->room * 2 : 4;
        run_extent *more = realloc(buffer->extents, room * sizeof *more);
        if (!more)
            return fail_memory(store);
        buffer->extents = more;
        buffer->room = room;
    }
    uint64_t offset;
    if (!run_spool_write(&store->spool, data, size, &offset))
        return false;
    run_extent *last = buffer->n_extents ? &buffer->extents[buffer->n_extents - 1] : NULL;
    if (last && last->offset + last->size == offset)
        last->size += size;
    else
        buffer->extents[buffer->n_extents++] = (run_extent){offset, size};
    return true;
}

static void free_memory(run_store *store, run_buffer *buffer) {
    store->in_memory -= buffer->memory.room;
    run_text_free(&buffer->memory);
}

bool run_buffer_add(run_store *store, run_buffer *buffer, const void *data, size_t size) {
    if (size == 0)
        return true;
    if (store->in_memory + size > store->budget) {
        bool good = add_extent(store, buffer, buffer->memory.data, buffer->memory.size);
        free_memory(store, buffer);
        return good && add_extent(store, buffer, data, size);
    }
    size_t before = buffer->memory.room;
    run_text_add(&buffer->memory, data, size);
    store->in_memory += buffer->memory.room - before;
    return !buffer->memory.broken || fail_memory(store);
}

uint64_t run_buffer_size(const run_buffer *buffer) {
    uint64_t size = buffer->memory.size;
    for (size_t i = 0; i < buffer->n_extents; i++)
        size += buffer->extents[i].size;
    return size;
}

void run_buffer_clear(run_store *store, run_buffer *buffer) {
    for (size_t i = 0; i < buffer->n_extents; i++)
        run_spool_drop(&store->spool, buffer->extents[i].offset, buffer->extents[i].size);
    free(buffer->extents);
    free_memory(store, buffer);
    *buffer = (run_buffer){0};
}

static bool read_extent(run_store *store, run_extent extent, run_buffer_fn *fn, void *arg) {
    while (extent.size > 0) {
        size_t size = extent.size < READ_SIZE ? (size_t)extent.size : READ_SIZE;
        if (!run_spool_read(&store->spool, extent.offset, store->buffer, size) || !fn(arg, store->buffer, size))
            return false;
        extent.offset += size;
        extent.size -= size;
    }
    return true;
}

bool run_buffer_read(run_store *store, const run_buffer *buffer, run_buffer_fn *fn, void *arg) {
    for (size_t i = 0; i < buffer->n_extents; i++)
        if (!read_extent(store, buffer->extents[i], fn, arg))
            return false;
    return buffer->memory.size == 0 || fn(arg, buffer->memory.data, buffer->memory.size);
}
