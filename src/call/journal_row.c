/* A segment as rows of a journal, and back: see keep/record.h for what is in a row. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "call/journal.h"

#define WORD      sizeof(uint64_t)
#define ROW_BYTES ((uint64_t)2 << 20)   /* about, of results and hashes in a row */
#define ROW_MOST  ((uint64_t)900 << 20) /* SQLite takes no more than 10^9 bytes */

dmap_blob dmap__journal_item(const dmap__call *call, const dmap__items *items, uint64_t position) {
    size_t at = (size_t)(position - items->begin), size = call->task->item_size;
    if (items->layout == DMAP__LAYOUT_ARRAY)
        return (dmap_blob){(const unsigned char *)items->items + at * size, size};
    if (items->layout == DMAP__LAYOUT_BLOBS)
        return ((const dmap_blob *)items->items)[at];
    return (dmap_blob){NULL, 0};
}

static uint64_t fold_size(const dmap__fold *fold) {
    uint64_t size = 0;
    for (unsigned i = 0; i < fold->n; i++)
        size += WORD + dmap__fold_value(fold, i).size;
    return size;
}

/* Bytes of the results of positions. What has failed has no bytes where sizes are not fixed. */
static uint64_t results_size(const dmap__call *call, const dmap__segment *part, uint64_t begin, uint64_t end) {
    uint64_t size = 0;
    if (part->fold)
        return fold_size(part->fold);
    if (!part->refs)
        return part->fixed ? (end - begin) * call->task->result_size : 0;
    const dmap__outcome *outcome = &part->buffer->outcome;
    size_t f = part->failure;
    for (uint64_t i = begin; i < end; i++) {
        while (f < outcome->n_failures && outcome->failures[f].position < i)
            f++;
        bool has_failed = f < outcome->n_failures && outcome->failures[f].position == i;
        size += WORD + (has_failed ? 0 : part->refs[i - part->begin].size);
    }
    return size;
}

uint64_t dmap__journal_row_size(const dmap__call *call, const dmap__segment *part, uint64_t begin, uint64_t end) {
    uint64_t hash = call->source.ops->has_bytes ? WORD : 0, n = end - begin;
    if (part->fold)
        return results_size(call, part, begin, end) + n * hash < ROW_MOST ? n : 0;
    uint64_t most = n, fixed = part->fixed ? call->task->result_size : 0, bytes = 0;
    if (!part->refs) {
        most = hash + fixed ? ROW_BYTES / (hash + fixed) : n;
        return most ? (most < n ? most : n) : (fixed < ROW_MOST ? 1 : 0);
    }
    for (uint64_t i = 0; i < n; i++) {
        uint64_t one = WORD + part->refs[begin + i - part->begin].size + hash;
        if (i && bytes + one > ROW_BYTES)
            return i;
        if (one >= ROW_MOST)
            return i;
        bytes += one;
    }
    return n;
}

/* ---- to a row ---- */

static void put_nodes(const dmap__fold *fold, unsigned char *results) {
    for (unsigned i = 0; i < fold->n; i++) {
        dmap_blob value = dmap__fold_value(fold, i);
        dmap__record_set_number(results, 0, value.data ? value.size : DMAP__RECORD_NONE);
        if (value.data && value.size)
            memcpy(results + WORD, value.data, value.size);
        results += WORD + (value.data ? value.size : 0);
    }
}

/* Item by item; those that have failed have no result. */
static void put_items(const dmap__call *call, dmap__record *row, const dmap__segment *part, uint64_t begin,
                      uint64_t end) {
    dmap__segment walk = *part;
    size_t at = part->refs ? (size_t)(end - begin) * WORD : 0;
    const dmap__failure *failure;
    dmap_blob result;
    double seconds;
    dmap__segment_seek(&walk, begin);
    for (uint64_t i = 0; i < end - begin; i++) {
        dmap__segment_step(&walk, call->task->result_size, &result, &failure, &seconds);
        if (part->refs)
            dmap__record_set_number(row->results, i, failure ? DMAP__RECORD_NONE : result.size);
        if (!failure && result.size)
            memcpy(row->results + at, result.data, result.size);
        else if (part->fixed)
            memset(row->results + at, 0, call->task->result_size);
        at += part->refs ? result.size : call->task->result_size; /* of a failed one: 0 */
    }
}

static void put_results(const dmap__call *call, dmap__record *row, const dmap__segment *part, uint64_t begin,
                        uint64_t end) {
    if (part->fold)
        put_nodes(part->fold, row->results);
    else if (part->refs || (part->fixed && row->failed_size))
        put_items(call, row, part, begin, end);
    else if (part->fixed && row->results_size)
        memcpy(row->results, part->fixed + (size_t)(begin - part->begin) * call->task->result_size, row->results_size);
}

static size_t count_failed(const dmap__segment *part, uint64_t begin, uint64_t end) {
    const dmap__outcome *outcome = &part->buffer->outcome;
    size_t n = 0;
    for (size_t i = part->failure; i < outcome->n_failures && outcome->failures[i].position < end; i++)
        n += outcome->failures[i].position >= begin;
    return n;
}

/* Seconds of the items, in the mean: what the spans say. */
static double mean_s(const dmap__segment *part, uint64_t begin, uint64_t end) {
    const dmap__outcome *outcome = &part->buffer->outcome;
    double sum = 0;
    for (size_t i = part->span; i < outcome->n_spans && outcome->spans[i].begin < end; i++) {
        const dmap__span *span = &outcome->spans[i];
        uint64_t from = span->begin > begin ? span->begin : begin, to = span->end < end ? span->end : end;
        sum += to > from ? span->seconds * (double)(to - from) : 0;
    }
    return sum / (double)(end - begin);
}

static void put_hashes(const dmap__call *call, dmap__record *row, const dmap__items *items, uint64_t begin,
                       uint64_t end) {
    for (uint64_t i = begin; i < end; i++) {
        dmap_blob item = dmap__journal_item(call, items, i);
        dmap__record_set_number(row->hashes, i - begin, dmap__record_hash(item.data, item.size));
    }
}

static void put_failed(dmap__record *row, const dmap__segment *part, uint64_t begin) {
    const dmap__failure *failure = part->buffer->outcome.failures + part->failure;
    for (size_t i = 0; i < row->failed_size / WORD; failure++)
        if (failure->position >= begin)
            dmap__record_set_number(row->failed, i++, failure->position - begin);
}

dmap__record *dmap__journal_row(const dmap__call *call, const dmap__items *items, const dmap__segment *part,
                                uint64_t begin, uint64_t end, uint64_t index) {
    bool has_hashes = call->source.ops->has_bytes;
    size_t n = (size_t)(end - begin);
    dmap__record *row =
        dmap__record_create(index, index + (end - begin), has_hashes ? n * WORD : 0,
                            count_failed(part, begin, end) * WORD, (size_t)results_size(call, part, begin, end));
    if (!row)
        return NULL;
    row->rank = part->buffer->rank;
    row->host = call->world.host(call->world.arg, row->rank);
    row->attempt = part->buffer->attempt;
    row->seconds = mean_s(part, begin, end);
    if (has_hashes)
        put_hashes(call, row, items, begin, end);
    put_failed(row, part, begin);
    put_results(call, row, part, begin, end);
    return row;
}

/* ---- to a segment ---- */

static bool take_fixed(const dmap__record *row, uint64_t first, uint64_t n, size_t size, dmap__outcome *outcome) {
    outcome->fixed = dmap__memory_array(n, size);
    if (outcome->fixed && size)
        memcpy(outcome->fixed, row->results + (size_t)first * size, (size_t)n * size);
    return outcome->fixed;
}

static bool take_table(const dmap__record *row, uint64_t first, uint64_t n, dmap__outcome *outcome) {
    size_t at = (size_t)(row->end - row->begin) * WORD;
    outcome->refs = calloc((size_t)n, sizeof *outcome->refs);
    for (uint64_t i = 0; outcome->refs && i < first + n; i++) {
        uint64_t size = dmap__record_number(row->results, i);
        if (size == DMAP__RECORD_NONE)
            continue;
        if (i >= first) {
            void *place = dmap__block_take(&outcome->blocks, (size_t)size);
            if (!place)
                return false;
            memcpy(place, row->results + at, (size_t)size);
            outcome->refs[i - first] = (dmap_blob){place, (size_t)size};
        }
        at += (size_t)size;
    }
    return outcome->refs;
}

/* Whole nodes: a range of a row begins and ends with one. */
static bool take_nodes(const dmap__record *row, uint64_t begin, uint64_t end, const dmap_task *task,
                       dmap__outcome *outcome) {
    const unsigned char *results = row->results;
    dmap__fold *fold = dmap__outcome_fold_at(outcome, begin, task);
    for (uint64_t next = row->begin; fold && next < end; next += UINT64_C(1) << dmap__fold_level(next, row->end)) {
        uint64_t size = dmap__record_number(results, 0);
        dmap_blob value = {NULL, 0};
        results += WORD;
        if (size != DMAP__RECORD_NONE) {
            value = (dmap_blob){results, (size_t)size};
            results += size;
        }
        if (next >= begin && !dmap__fold_push_node(fold, row->end, value))
            return false;
    }
    return fold;
}

static bool take(const dmap__call *call, const dmap__record *row, uint64_t begin, uint64_t end,
                 dmap__outcome *outcome) {
    uint64_t first = begin - row->begin, n = end - begin;
    size_t size = call->task->result_size;
    dmap__want want = dmap__sink_want(&call->sink);
    if (!dmap__outcome_add_span(outcome, outcome->begin, outcome->end, row->seconds, false))
        return false;
    if (want == DMAP__WANT_FOLD)
        return take_nodes(row, begin, end, call->task, outcome);
    if (want == DMAP__WANT_NOTHING)
        return true;
    return size == DMAP_VARIABLE ? take_table(row, first, n, outcome) : take_fixed(row, first, n, size, outcome);
}

static bool no_hole(void *arg, const dmap__failure *failure) {
    (void)arg, (void)failure;
    return false;
}

dmap__segment *dmap__journal_segment(const dmap__call *call, const dmap__record *row, uint64_t begin, uint64_t end,
                                     uint64_t position) {
    dmap__outcome outcome;
    dmap__segment_cursor cursor;
    dmap__segment *part = NULL;
    dmap__outcome_init(&outcome, position, position + (end - begin));
    dmap__result_buffer *buffer =
        take(call, row, begin, end, &outcome) ? dmap__result_buffer_create(&outcome, row->rank, row->attempt) : NULL;
    if (!buffer) {
        dmap__outcome_fini(&outcome);
        return NULL;
    }
    dmap__segment_begin(&cursor, buffer, call->task->result_size, no_hole, NULL);
    if (!dmap__segment_next(&cursor, &part))
        part = NULL;
    dmap__result_buffer_leave(buffer);
    return part;
}
