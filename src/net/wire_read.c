/* Messages are read: the layout is in wire.c. A reader never trusts a number: every step checks what is left, ranges
 * lie in the chunk and in order, and what is wrong makes the whole message a damaged one (DMAP_EMPI). So whoever takes
 * in what was read may trust it. What it does not do: look at the bytes of items, results and folds. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/spawn_record.h"
#include "base/text.h"
#include "net/wire.h"

#define MOST_TEXT (sizeof((dmap__error *)0)->text)

static const unsigned char zeros[DMAP__ALIGNMENT];

typedef struct reader {
    const unsigned char *next;
    size_t left;
    bool damaged;
} reader;

/* NULL only if it is not there: of no bytes, there is always one. */
static const void *get(reader *r, uint64_t count, size_t size) {
    if (r->damaged || (size && count > r->left / size)) {
        r->damaged = true;
        return NULL;
    }
    const void *here = r->next;
    size_t bytes = (size_t)count * size;
    if (!bytes)
        return zeros;
    r->next += bytes;
    r->left -= bytes;
    return here;
}

static uint64_t get_number(reader *r) {
    uint64_t number = 0;
    const void *from = get(r, 1, sizeof number);
    if (from)
        memcpy(&number, from, sizeof number);
    return number;
}

/* A table of the blobs, whose sizes come from `sizes` and which lie padded in `data`. */
static dmap_status get_blobs(reader *sizes, reader *data, uint64_t n, dmap_blob **table) {
    if (n > sizes->left / sizeof(uint64_t))
        return DMAP_EMPI;
    dmap_blob *made = dmap__memory_array(n, sizeof *made);
    if (!made)
        return DMAP_ENOMEM;
    for (uint64_t i = 0; i < n; i++) {
        made[i].size = (size_t)get_number(sizes);
        size_t padded = dmap__memory_pad(made[i].size);
        made[i].data = get(data, 1, padded);
        sizes->damaged = sizes->damaged || padded < made[i].size;
    }
    *table = made;
    return sizes->damaged || data->damaged ? DMAP_EMPI : DMAP_OK;
}

dmap_status dmap__wire_unpack_items(const dmap__message *message, bool shuffled, size_t item_size,
                                    const uint64_t **indices, dmap_blob **blobs) {
    reader meta = {message->meta, (size_t)message->head.meta_size, false};
    reader data = {message->data, (size_t)message->head.data_size, false};
    uint64_t n = message->head.end - message->head.begin;
    *indices = NULL;
    *blobs = NULL;
    if (message->head.end < message->head.begin)
        return DMAP_EMPI;
    if (shuffled)
        *indices = get(&meta, n, sizeof **indices);
    if (item_size == DMAP_VARIABLE)
        return get_blobs(&meta, &data, n, blobs);
    get(&data, n, item_size);
    return meta.damaged || data.damaged ? DMAP_EMPI : DMAP_OK;
}

/* Copies `n` elements into a new array: NULL if there are none. */
static dmap_status get_list(reader *r, uint64_t n, size_t size, void *list) {
    const void *from = get(r, n, size);
    if (r->damaged)
        return DMAP_EMPI;
    void *made = n ? dmap__memory_array(n, size) : NULL;
    if (n && !made)
        return DMAP_ENOMEM;
    if (n)
        memcpy(made, from, (size_t)n * size);
    *(void **)list = made;
    return DMAP_OK;
}

/* What is wrong with the times shows when they are looked at: they change nothing else. */
static dmap_status get_events(reader *meta, uint64_t n, dmap__outcome *outcome) {
    if (!n)
        return DMAP_OK;
    const double *times = get(meta, 2, sizeof *times);
    if (!times)
        return DMAP_EMPI;
    memcpy(&outcome->taken_s, &times[0], sizeof outcome->taken_s);
    memcpy(&outcome->sent_s, &times[1], sizeof outcome->sent_s);
    dmap_status status = get_list(meta, n, sizeof *outcome->events.all, &outcome->events.all);
    if (status == DMAP_OK)
        outcome->events.n = outcome->events.capacity = (size_t)n;
    return status;
}

static dmap_status get_fold(reader *meta, reader *data, dmap__fold *fold) {
    bool variable = fold->task->result_size == DMAP_VARIABLE;
    uint64_t end = get_number(meta);
    while (fold->end < end && !meta->damaged && !data->damaged) {
        const unsigned char *there = get(meta, 1, 1);
        dmap_blob value = {NULL, variable ? (size_t)get_number(meta) : fold->size};
        value.data = get(data, 1, value.size);
        if (there && value.data && !dmap__fold_push_node(fold, end, *there ? value : (dmap_blob){NULL, 0}))
            return DMAP_ENOMEM;
    }
    return meta->damaged || data->damaged ? DMAP_EMPI : DMAP_OK;
}

static dmap_status get_folds(reader *meta, reader *data, uint64_t n, const dmap_task *task, dmap__outcome *outcome) {
    dmap_status status = DMAP_OK;
    for (uint64_t i = 0; i < n && status == DMAP_OK; i++) {
        uint64_t begin = get_number(meta);
        if (!dmap__memory_grow(&outcome->folds, &outcome->folds_capacity, outcome->n_folds + 1, sizeof *outcome->folds))
            return DMAP_ENOMEM;
        dmap__fold *fold = &outcome->folds[outcome->n_folds++];
        dmap__fold_init(fold, task, begin);
        status = get_fold(meta, data, fold);
    }
    return status;
}

static dmap_status get_texts(reader *meta, dmap__outcome *outcome, dmap_status trouble) {
    for (size_t i = 0; i < outcome->n_failures; i++) {
        dmap__failure *failure = &outcome->failures[i];
        const char *text = get(meta, (uint64_t)failure->text_size, 1);
        if (meta->damaged || (failure->text_size && text[failure->text_size - 1]))
            return DMAP_EMPI;
        if (failure->text_size)
            failure->text = dmap__text_keep(text);
    }
    if (trouble == DMAP_OK)
        return DMAP_OK;
    size_t left = meta->left < MOST_TEXT ? meta->left : MOST_TEXT;
    dmap__trouble_set(&outcome->trouble, trouble, "%.*s", (int)left, (const char *)get(meta, left, 1));
    return DMAP_OK;
}

/* Copied into a block of their own. */
static dmap_status get_records(const dmap__message *message, dmap__outcome *outcome) {
    size_t size = (size_t)message->head.data_size;
    if (!size || !dmap__spawn_records_are_sound(message->data, size))
        return DMAP_EMPI;
    void *records = dmap__block_take(&outcome->records, size);
    if (records && size)
        memcpy(records, message->data, size);
    return records ? DMAP_OK : DMAP_ENOMEM;
}

static dmap_status get_results(dmap__message *message, reader *meta, const dmap_task *task, dmap__outcome *outcome) {
    const dmap__head *head = &message->head;
    uint32_t kind = head->flags & DMAP__KINDS;
    bool is_variable = kind == DMAP__KIND_VARIABLE;
    bool folds = task->result_size == DMAP_VARIABLE ? task->merge != NULL : task->combine != NULL;
    if (kind == DMAP__KIND_FOLD && folds) {
        reader data = {message->data, (size_t)head->data_size, false};
        return get_folds(meta, &data, head->result.folds, task, outcome);
    }
    if (kind == DMAP__KIND_RECORDS)
        return get_records(message, outcome);
    if (kind >= DMAP__KIND_FOLD || (kind != DMAP__KIND_NOTHING && is_variable != (task->result_size == DMAP_VARIABLE)))
        return DMAP_EMPI;
    outcome->packed = true;
    if (head->data_size && !(outcome->message = dmap__message_take_data(message)))
        return DMAP_ENOMEM;
    reader data = {outcome->message, (size_t)head->data_size, false};
    uint64_t items = dmap__outcome_items(outcome);
    if (is_variable)
        return get_blobs(meta, &data, items, &outcome->refs);
    if (kind == DMAP__KIND_FIXED) {
        get(&data, items, task->result_size);
        outcome->fixed = outcome->message ? outcome->message : dmap__memory_array(0, 1);
        outcome->fixed_in_place = outcome->message != NULL;
    }
    return data.damaged ? DMAP_EMPI : outcome->fixed || kind == DMAP__KIND_NOTHING ? DMAP_OK : DMAP_ENOMEM;
}

/* Spans lie in the chunk, one after the other; failures are in order. */
static bool is_sound(const dmap__outcome *outcome) {
    uint64_t next = outcome->begin;
    for (size_t i = 0; i < outcome->n_spans; next = outcome->spans[i++].end)
        if (outcome->spans[i].begin < next || outcome->spans[i].end <= outcome->spans[i].begin)
            return false;
    for (size_t i = 1; i < outcome->n_failures; i++)
        if (outcome->failures[i].position <= outcome->failures[i - 1].position)
            return false;
    return next <= outcome->end;
}

dmap_status dmap__wire_unpack_outcome(dmap__message *message, const dmap_task *task, void *place,
                                      dmap__outcome *outcome) {
    const dmap__head *head = &message->head;
    reader meta = {message->meta, (size_t)head->meta_size, false};
    dmap__outcome_init(outcome, head->begin, head->end);
    outcome->limit = head->result.limit;
    outcome->busy_s = head->seconds;
    dmap_status status = get_list(&meta, head->result.spans, sizeof *outcome->spans, &outcome->spans);
    if (status == DMAP_OK) {
        outcome->n_spans = outcome->spans_capacity = head->result.spans;
        status = get_list(&meta, head->result.failures, sizeof *outcome->failures, &outcome->failures);
    }
    if (status == DMAP_OK) {
        outcome->n_failures = outcome->failures_capacity = head->result.failures;
        for (size_t i = 0; i < outcome->n_failures; i++)
            outcome->failures[i].text = NULL;
        status = is_sound(outcome) ? get_events(&meta, head->result.events, outcome) : DMAP_EMPI;
    }
    if (status == DMAP_OK && !place)
        status = get_results(message, &meta, task, outcome);
    if (status == DMAP_OK && place) {
        outcome->fixed = place;
        outcome->fixed_in_place = true;
    }
    if (status == DMAP_OK)
        status = get_texts(&meta, outcome, (dmap_status)head->result.trouble);
    if (status != DMAP_OK)
        dmap__outcome_fini(outcome);
    return status;
}
