/* Layout of the messages, and how they are written; wire_read.c reads them.
 *
 * GRANT    meta: indices (if shuffled), sizes (if variable)          data: items; variable ones padded to 16 bytes
 * RESULT   head: lease, begin, end, seconds: busy, flags: kind and whole, result
 *          meta: spans, failures, times and events (if there are any), sizes (if variable), folds (range; of each node
 *                if it is there, and its size, if variable), texts, trouble's text
 *          data: records (spawn_record.h), or results of the spans, one after the other; variable ones padded; of
 *                folds, their nodes' values */
#include "net/wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const unsigned char zeros[DMAP__ALIGNMENT];

typedef struct writer {
    unsigned char *next;
} writer;

static void put(writer *w, const void *data, size_t size) {
    if (size)
        memcpy(w->next, data, size);
    w->next += size;
}

static void put_number(writer *w, uint64_t number) {
    put(w, &number, sizeof number);
}

void dmap__packed_fini(dmap__packed *packed) {
    free(packed->meta);
    free(packed->parts);
    memset(packed, 0, sizeof *packed);
}

static bool make_room(dmap__packed *packed, size_t meta_size, size_t n_parts) {
    memset(packed, 0, sizeof *packed);
    packed->meta = dmap__memory_array(meta_size, 1);
    packed->parts = dmap__memory_array(n_parts, sizeof *packed->parts);
    packed->meta_size = meta_size;
    if (packed->meta && packed->parts)
        return true;
    dmap__packed_fini(packed);
    return false;
}

static void add_part(dmap__packed *packed, const void *data, size_t size) {
    if (size)
        packed->parts[packed->n_parts++] = (dmap_blob){data, size};
}

static void add_padded(dmap__packed *packed, dmap_blob blob) {
    add_part(packed, blob.data, blob.size);
    add_part(packed, zeros, dmap__memory_pad(blob.size) - blob.size);
}

/* A result and its padding. Results that a worker made one after the other lie padded in one block: they become one
 * part. */
static void add_result(dmap__packed *packed, dmap_blob blob) {
    size_t padded = dmap__memory_pad(blob.size);
    dmap_blob *last = packed->n_parts ? &packed->parts[packed->n_parts - 1] : NULL;
    dmap_blob *before = packed->n_parts > 1 ? last - 1 : NULL;
    if (before && last->data == zeros && (const unsigned char *)before->data + before->size + last->size == blob.data &&
        ((uintptr_t)blob.data & (DMAP__ALIGNMENT - 1)) == 0) {
        before->size += last->size + blob.size;
        packed->n_parts--;
    } else if (last && last->data != zeros && (const unsigned char *)last->data + last->size == blob.data) {
        last->size += blob.size;
    } else {
        add_part(packed, blob.data, blob.size);
    }
    add_part(packed, zeros, padded - blob.size);
}

bool dmap__wire_pack_items(const dmap__wire_items *items, dmap__packed *packed) {
    size_t n = (size_t)(items->end - items->begin);
    bool variable = items->blobs && items->item_size == DMAP_VARIABLE;
    size_t numbers = (items->indices ? n : 0) + (variable ? n : 0);
    if (!make_room(packed, numbers * sizeof(uint64_t), items->blobs ? 2 * n : 1))
        return false;
    writer w = {packed->meta};
    if (items->indices)
        put(&w, items->indices, n * sizeof *items->indices);
    for (size_t i = 0; variable && i < n; i++)
        put_number(&w, items->blobs[i].size);
    if (items->array)
        add_part(packed, items->array, n * items->item_size);
    for (size_t i = 0; items->blobs && i < n; i++)
        if (variable)
            add_padded(packed, items->blobs[i]);
        else
            add_part(packed, items->blobs[i].data, items->blobs[i].size);
    return true;
}

static size_t fold_nodes(const dmap__outcome *outcome) {
    size_t nodes = 0;
    for (size_t i = 0; i < outcome->n_folds; i++)
        nodes += outcome->folds[i].n;
    return nodes;
}

static size_t meta_of(const dmap__outcome *outcome, size_t result_size, uint32_t kind, uint64_t items) {
    size_t size = outcome->n_spans * sizeof *outcome->spans + outcome->n_failures * sizeof *outcome->failures;
    for (size_t i = 0; i < outcome->n_failures; i++)
        size += (size_t)outcome->failures[i].text_size;
    if (kind == DMAP__KIND_VARIABLE)
        size += (size_t)items * sizeof(uint64_t);
    if (outcome->events.n)
        size += 2 * sizeof(double) + outcome->events.n * sizeof *outcome->events.all;
    size += outcome->n_folds * 2 * sizeof(uint64_t) + fold_nodes(outcome);
    if (kind == DMAP__KIND_FOLD && result_size == DMAP_VARIABLE)
        size += fold_nodes(outcome) * sizeof(uint64_t);
    return size + (outcome->trouble.status != DMAP_OK ? strlen(outcome->trouble.text) + 1 : 0);
}

static void put_failures(writer *w, const dmap__outcome *outcome) {
    for (size_t i = 0; i < outcome->n_failures; i++) {
        dmap__failure failure = outcome->failures[i];
        failure.text = NULL; /* an address means nothing elsewhere */
        put(w, &failure, sizeof failure);
    }
}

static void put_events(writer *w, const dmap__outcome *outcome) {
    if (!outcome->events.n)
        return;
    put(w, &outcome->taken_s, sizeof outcome->taken_s);
    put(w, &outcome->sent_s, sizeof outcome->sent_s);
    put(w, outcome->events.all, outcome->events.n * sizeof *outcome->events.all);
}

static void put_texts(writer *w, const dmap__outcome *outcome) {
    for (size_t i = 0; i < outcome->n_failures; i++)
        put(w, outcome->failures[i].text, (size_t)outcome->failures[i].text_size);
    if (outcome->trouble.status != DMAP_OK)
        put(w, outcome->trouble.text, strlen(outcome->trouble.text) + 1);
}

static void pack_variable(const dmap__outcome *outcome, writer *w, dmap__packed *packed) {
    for (size_t s = 0; s < outcome->n_spans; s++)
        for (uint64_t i = outcome->spans[s].begin; i < outcome->spans[s].end; i++) {
            dmap_blob result = outcome->refs[i - outcome->begin];
            put_number(w, result.size);
            add_result(packed, result);
        }
}

static void pack_fixed(const dmap__outcome *outcome, size_t size, dmap__packed *packed) {
    for (size_t s = 0; s < outcome->n_spans; s++) {
        uint64_t n = outcome->spans[s].end - outcome->spans[s].begin;
        const unsigned char *first = outcome->fixed + (size_t)(outcome->spans[s].begin - outcome->begin) * size;
        dmap_blob *last = packed->n_parts ? &packed->parts[packed->n_parts - 1] : NULL;
        if (last && (const unsigned char *)last->data + last->size == first)
            last->size += (size_t)n * size;
        else
            add_part(packed, first, (size_t)n * size);
    }
}

static void pack_folds(const dmap__outcome *outcome, bool variable, writer *w, dmap__packed *packed) {
    for (size_t f = 0; f < outcome->n_folds; f++) {
        const dmap__fold *fold = &outcome->folds[f];
        put_number(w, fold->begin);
        put_number(w, fold->end);
        for (unsigned i = 0; i < fold->n; i++) {
            unsigned char there = fold->present[i];
            put(w, &there, 1);
            if (!variable)
                continue;
            dmap_blob value = dmap__fold_value(fold, i);
            put_number(w, value.size);
            add_part(packed, value.data, value.size);
        }
        if (!variable)
            add_part(packed, fold->values, fold->n * fold->size);
    }
}

static size_t blocks_of(const dmap__outcome *outcome) {
    size_t n = 0;
    for (const dmap__block *block = outcome->records; block; block = block->next)
        n++;
    return n;
}

static void pack_records(const dmap__outcome *outcome, dmap__packed *packed) {
    for (const dmap__block *block = outcome->records; block; block = block->next)
        add_part(packed, dmap__block_data(block), block->used);
}

static uint32_t kind_of(const dmap__outcome *outcome) {
    if (outcome->is_placed)
        return DMAP__KIND_PLACED;
    if (outcome->records)
        return DMAP__KIND_RECORDS;
    if (outcome->n_folds)
        return DMAP__KIND_FOLD;
    if (outcome->refs)
        return DMAP__KIND_VARIABLE;
    return outcome->fixed ? DMAP__KIND_FIXED : DMAP__KIND_NOTHING;
}

static bool is_whole(const dmap__outcome *outcome) {
    uint64_t next = outcome->begin;
    for (size_t i = 0; i < outcome->n_spans && outcome->spans[i].begin == next; i++)
        next = outcome->spans[i].end;
    return next == outcome->end;
}

bool dmap__wire_pack_outcome(const dmap__outcome *outcome, size_t result_size, dmap__head *head, dmap__packed *packed) {
    uint32_t kind = kind_of(outcome);
    uint64_t items = dmap__outcome_items(outcome);
    size_t parts =
        kind == DMAP__KIND_VARIABLE ? 2 * (size_t)items : outcome->n_spans + fold_nodes(outcome) + blocks_of(outcome);
    if (!make_room(packed, meta_of(outcome, result_size, kind, items), parts))
        return false;
    head->type = DMAP__RESULT;
    head->flags = kind | (kind == DMAP__KIND_FIXED && is_whole(outcome) ? DMAP__FLAG_WHOLE : 0);
    head->begin = outcome->begin;
    head->end = outcome->end;
    head->result.spans = (uint32_t)outcome->n_spans;
    head->result.failures = (uint32_t)outcome->n_failures;
    head->result.events = outcome->events.n;
    head->result.folds = (uint32_t)outcome->n_folds;
    head->result.trouble = (uint32_t)outcome->trouble.status;
    head->result.limit = outcome->limit;
    head->seconds = outcome->busy_s;
    writer w = {packed->meta};
    put(&w, outcome->spans, outcome->n_spans * sizeof *outcome->spans);
    put_failures(&w, outcome);
    put_events(&w, outcome);
    if (kind == DMAP__KIND_VARIABLE)
        pack_variable(outcome, &w, packed);
    if (kind == DMAP__KIND_FIXED)
        pack_fixed(outcome, result_size, packed);
    if (kind == DMAP__KIND_RECORDS)
        pack_records(outcome, packed);
    if (kind == DMAP__KIND_FOLD)
        pack_folds(outcome, result_size == DMAP_VARIABLE, &w, packed);
    put_texts(&w, outcome);
    return true;
}

bool dmap__wire_is_whole(const dmap__head *head) {
    return head->type == DMAP__RESULT && (head->flags & DMAP__FLAG_WHOLE);
}

bool dmap__wire_is_placed(const dmap__head *head) {
    return head->type == DMAP__RESULT && (head->flags & DMAP__KINDS) == DMAP__KIND_PLACED;
}
