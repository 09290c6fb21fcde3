/* Results of a whole call. Fixed-size ones lie side by side: made there, where the table has its size from the start
 * and so does not move, else copied, as they come from memory that is needed again; variable ones stay where they are,
 * and their buffers are kept. Failures are few: a list, sorted by index at the end. */
#include "call/results.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef struct failed {
    uint64_t index;
    char *text;
} failed;

struct dmap_results {
    uint64_t count;
    bool is_sized; /* count is final */
    size_t result_size;
    unsigned char *status; /* by index */
    unsigned char *fixed;
    dmap_blob *refs;
    size_t status_capacity, fixed_capacity, refs_capacity;
    dmap__result_buffer **buffers;
    size_t n_buffers, buffers_capacity;
    failed *failures;
    size_t n_failures, failures_capacity;
};

static bool grow(dmap_results *results, uint64_t count) {
    if (count <= results->count)
        return true;
    size_t size = results->result_size;
    if (count > SIZE_MAX / 32 || !dmap__memory_grow(&results->status, &results->status_capacity, (size_t)count, 1))
        return false;
    if (size == DMAP_VARIABLE) {
        if (!dmap__memory_grow(&results->refs, &results->refs_capacity, (size_t)count, sizeof *results->refs))
            return false;
    } else if (size && !dmap__memory_grow(&results->fixed, &results->fixed_capacity, (size_t)count, size)) {
        return false;
    }
    memset(results->status + results->count, DMAP_ITEM_CANCELLED, (size_t)(count - results->count));
    results->count = count;
    return true;
}

/* The whole of it at once may be on large pages. */
static bool make_fixed(dmap_results *results, uint64_t count) {
    size_t size = results->result_size;
    if (!count || !size || size == DMAP_VARIABLE)
        return true;
    if (count > SIZE_MAX / 2 / size)
        return false;
    results->fixed = dmap__memory_large((size_t)count * size);
    results->fixed_capacity = (size_t)count;
    return results->fixed != NULL;
}

dmap_results *dmap__results_create(uint64_t count, size_t result_size) {
    dmap_results *results = calloc(1, sizeof *results);
    if (!results)
        return NULL;
    results->result_size = result_size;
    results->is_sized = count > 0;
    if (!make_fixed(results, count) || !grow(results, count)) {
        dmap_results_free(results);
        return NULL;
    }
    return results;
}

void dmap_results_free(dmap_results *results) {
    if (!results)
        return;
    for (size_t i = 0; i < results->n_buffers; i++)
        dmap__result_buffer_leave(results->buffers[i]);
    for (size_t i = 0; i < results->n_failures; i++)
        free(results->failures[i].text);
    free(results->buffers);
    free(results->failures);
    free(results->status);
    free(results->fixed);
    free(results->refs);
    free(results);
}

bool dmap__results_fail(dmap_results *results, uint64_t index, dmap_item_status status, const char *text) {
    if (index < results->count && results->status[index] != DMAP_ITEM_CANCELLED)
        return true;
    char *copy = strdup(text);
    if (!copy || !grow(results, index + 1) ||
        !dmap__memory_grow(&results->failures, &results->failures_capacity, results->n_failures + 1,
                           sizeof *results->failures)) {
        free(copy);
        return false;
    }
    results->failures[results->n_failures++] = (failed){index, copy};
    results->status[index] = (unsigned char)status;
    return true;
}

void *dmap__results_place(const dmap_results *results, uint64_t begin) {
    return results->is_sized && results->fixed ? results->fixed + (size_t)begin * results->result_size : NULL;
}

bool dmap__results_keep(dmap_results *results, dmap__result_buffer *buffer) {
    if (results->result_size != DMAP_VARIABLE)
        return true;
    if (!dmap__memory_grow(&results->buffers, &results->buffers_capacity, results->n_buffers + 1,
                           sizeof *results->buffers))
        return false;
    results->buffers[results->n_buffers++] = buffer;
    dmap__result_buffer_use(buffer);
    return true;
}

static void put(dmap_results *results, uint64_t index, const void *from, size_t n) {
    unsigned char *place = results->result_size ? results->fixed + (size_t)index * results->result_size : NULL;
    if (place && place != from)
        memcpy(place, from, n * results->result_size);
}

static void set(dmap_results *results, uint64_t index, dmap_blob result) {
    results->status[index] = DMAP_ITEM_OK;
    if (results->result_size == DMAP_VARIABLE)
        results->refs[index] = result;
    else
        put(results, index, result.data, 1);
}

/* The common case at memory's speed: fixed size, in order, nothing failed. */
static bool add_whole(dmap_results *results, const dmap__segment *part, const uint64_t *index_of) {
    if (index_of || !part->fixed || part->buffer->outcome.n_failures)
        return false;
    size_t n = (size_t)(part->end - part->begin);
    memset(results->status + part->begin, DMAP_ITEM_OK, n);
    put(results, part->begin, part->fixed, n);
    return true;
}

bool dmap__results_add(dmap_results *results, dmap__segment *part, const uint64_t *index_of,
                       const char *(*text)(void *arg, const dmap__failure *failure), void *arg) {
    if ((part->refs && !dmap__results_keep(results, part->buffer)) || !(index_of || grow(results, part->end)))
        return false;
    if (add_whole(results, part, index_of))
        return true;
    while (part->next < part->end) {
        uint64_t index = index_of ? index_of[part->next] : part->next;
        const dmap__failure *failure;
        dmap_blob result;
        double seconds;
        dmap__segment_step(part, results->result_size, &result, &failure, &seconds);
        if (!failure)
            set(results, index, result);
        else if (!dmap__results_fail(results, index, (dmap_item_status)failure->status, text(arg, failure)))
            return false;
    }
    return true;
}

bool dmap__results_append(dmap_results *results, dmap_blob result, dmap_item_status status, const char *text) {
    uint64_t index = results->count;
    if (text)
        return dmap__results_fail(results, index, status, text);
    if (!grow(results, index + 1))
        return false;
    set(results, index, result);
    return true;
}

static int by_index(const void *a, const void *b) {
    uint64_t x = ((const failed *)a)->index, y = ((const failed *)b)->index;
    return (x > y) - (x < y);
}

bool dmap__results_finish(dmap_results *results, uint64_t count, uint64_t limit) {
    bool grown = grow(results, count);
    if (results->n_failures > 1)
        qsort(results->failures, results->n_failures, sizeof *results->failures, by_index);
    while (results->n_failures && results->failures[results->n_failures - 1].index > limit)
        free(results->failures[--results->n_failures].text);
    for (uint64_t i = limit < results->count ? limit + 1 : results->count; i < results->count; i++)
        results->status[i] = DMAP_ITEM_CANCELLED;
    return grown;
}

uint64_t dmap_results_count(const dmap_results *results) {
    return results ? results->count : 0;
}

dmap_item_status dmap_results_status(const dmap_results *results, uint64_t index) {
    return results && index < results->count ? (dmap_item_status)results->status[index] : DMAP_ITEM_CANCELLED;
}

const void *dmap_results_at(const dmap_results *results, uint64_t index, size_t *size) {
    static const unsigned char nothing[1];
    bool there = results && index < results->count && results->status[index] == DMAP_ITEM_OK;
    dmap_blob found = {NULL, 0};
    if (there && results->result_size == DMAP_VARIABLE)
        found = results->refs[index];
    else if (there && results->result_size)
        found = (dmap_blob){results->fixed + (size_t)index * results->result_size, results->result_size};
    if (there && !found.data)
        found.data = nothing;
    if (size)
        *size = found.size;
    return found.data;
}

const char *dmap_results_error(const dmap_results *results, uint64_t index) {
    if (dmap_results_status(results, index) == DMAP_ITEM_OK)
        return NULL;
    failed key = {index, NULL};
    const failed *found = NULL;
    if (results && results->n_failures)
        found = bsearch(&key, results->failures, results->n_failures, sizeof key, by_index);
    return found ? found->text : "not run: the call stopped before";
}
