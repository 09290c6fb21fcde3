/* Outcomes: plain lists that grow by doubling. Each worker writes one of its own, without locks; they are moved
 * together and sorted when the chunk has ended. */
#include "base/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define BLOCK_SIZE ((size_t)64 * 1024)

void dmap__outcome_init(dmap__outcome *outcome, uint64_t begin, uint64_t end) {
    *outcome = (dmap__outcome){.begin = begin, .end = end, .limit = UINT64_MAX};
}

void dmap__block_free(dmap__block *blocks) {
    while (blocks) {
        dmap__block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
}

void dmap__outcome_fini(dmap__outcome *outcome) {
    for (size_t i = 0; i < outcome->n_failures; i++)
        dmap__text_free(outcome->failures[i].text);
    for (size_t i = 0; i < outcome->n_folds; i++)
        dmap__fold_fini(&outcome->folds[i]);
    if (!outcome->fixed_in_place)
        free(outcome->fixed);
    dmap__events_fini(&outcome->events);
    free(outcome->spans);
    free(outcome->failures);
    free(outcome->folds);
    free(outcome->refs);
    free(outcome->message);
    dmap__block_free(outcome->blocks);
    dmap__block_free(outcome->records);
    dmap__trouble_clear(&outcome->trouble);
    dmap__outcome_init(outcome, outcome->begin, outcome->end);
}

bool dmap__outcome_add_span(dmap__outcome *outcome, uint64_t begin, uint64_t end, double seconds, bool join) {
    dmap__span *last = outcome->n_spans ? &outcome->spans[outcome->n_spans - 1] : NULL;
    if (join && last && last->end == begin) {
        double before = (double)(last->end - last->begin), now = (double)(end - begin);
        last->seconds = (last->seconds * before + seconds * now) / (before + now);
        last->end = end;
        return true;
    }
    if (!dmap__memory_grow(&outcome->spans, &outcome->spans_capacity, outcome->n_spans + 1, sizeof *outcome->spans))
        return false;
    outcome->spans[outcome->n_spans++] = (dmap__span){begin, end, seconds};
    return true;
}

bool dmap__outcome_add_failure(dmap__outcome *outcome, const dmap__failure *failure, const char *text) {
    if (!dmap__memory_grow(&outcome->failures, &outcome->failures_capacity, outcome->n_failures + 1,
                           sizeof *outcome->failures))
        return false;
    dmap__failure copy = *failure;
    copy.text = text ? dmap__text_keep(text) : NULL;
    copy.text_size = text ? (int32_t)strlen(copy.text) + 1 : 0;
    outcome->failures[outcome->n_failures++] = copy;
    return true;
}

dmap__fold *dmap__outcome_fold_at(dmap__outcome *outcome, uint64_t begin, const dmap_task *task) {
    if (outcome->n_folds && outcome->folds[outcome->n_folds - 1].end == begin)
        return &outcome->folds[outcome->n_folds - 1];
    if (!dmap__memory_grow(&outcome->folds, &outcome->folds_capacity, outcome->n_folds + 1, sizeof *outcome->folds))
        return NULL;
    dmap__fold *fold = &outcome->folds[outcome->n_folds++];
    dmap__fold_init(fold, task, begin);
    return fold;
}

static bool has_room(dmap__outcome *into, const dmap__outcome *from) {
    return dmap__memory_grow(&into->spans, &into->spans_capacity, into->n_spans + from->n_spans, sizeof *into->spans) &&
           dmap__memory_grow(&into->failures, &into->failures_capacity, into->n_failures + from->n_failures,
                             sizeof *into->failures) &&
           dmap__memory_grow(&into->folds, &into->folds_capacity, into->n_folds + from->n_folds, sizeof *into->folds);
}

static void move_list(void *into, size_t *n, const void *from, size_t *m, size_t element_size) {
    if (*m)
        memcpy((unsigned char *)into + *n * element_size, from, *m * element_size);
    *n += *m;
    *m = 0;
}

static bool is_empty(const dmap__outcome *outcome) {
    return !outcome->n_spans && !outcome->n_failures && !outcome->events.n && !outcome->n_folds && !outcome->blocks &&
           !outcome->records && outcome->trouble.status == DMAP_OK && !(outcome->busy_s > 0);
}

static void move_trouble(dmap__trouble *into, dmap__trouble *from) {
    if (into->status != DMAP_OK) {
        dmap__trouble_clear(from);
        return;
    }
    *into = *from;
    *from = (dmap__trouble){.status = DMAP_OK};
}

static void move_blocks(dmap__block **into, dmap__block **from) {
    while (*into)
        into = &(*into)->next;
    *into = *from;
    *from = NULL;
}

/* Results in blocks may be looked at through spans: so the blocks come along, or nothing does. Most workers have
 * nothing of a short chunk. */
bool dmap__outcome_move(dmap__outcome *into, dmap__outcome *from) {
    if (is_empty(from))
        return true;
    move_trouble(&into->trouble, &from->trouble);
    if (!has_room(into, from) || !dmap__events_move(&into->events, &from->events)) {
        dmap__outcome_fini(from);
        return false;
    }
    move_list(into->spans, &into->n_spans, from->spans, &from->n_spans, sizeof *from->spans);
    move_list(into->failures, &into->n_failures, from->failures, &from->n_failures, sizeof *from->failures);
    move_list(into->folds, &into->n_folds, from->folds, &from->n_folds, sizeof *from->folds);
    move_blocks(&into->blocks, &from->blocks);
    move_blocks(&into->records, &from->records);
    into->busy_s += from->busy_s;
    from->busy_s = 0;
    return true;
}

static int by_begin(const void *a, const void *b) {
    uint64_t x = ((const dmap__span *)a)->begin, y = ((const dmap__span *)b)->begin;
    return (x > y) - (x < y);
}

static int by_position(const void *a, const void *b) {
    uint64_t x = ((const dmap__failure *)a)->position, y = ((const dmap__failure *)b)->position;
    return (x > y) - (x < y);
}

static int by_fold_begin(const void *a, const void *b) {
    uint64_t x = ((const dmap__fold *)a)->begin, y = ((const dmap__fold *)b)->begin;
    return (x > y) - (x < y);
}

static void cut(dmap__outcome *outcome, uint64_t limit) {
    while (outcome->n_spans && outcome->spans[outcome->n_spans - 1].begin >= limit)
        outcome->n_spans--;
    while (outcome->n_failures && outcome->failures[outcome->n_failures - 1].position >= limit)
        dmap__text_free(outcome->failures[--outcome->n_failures].text);
    while (outcome->n_folds && outcome->folds[outcome->n_folds - 1].begin >= limit)
        dmap__fold_fini(&outcome->folds[--outcome->n_folds]);
}

static bool join_folds(dmap__outcome *outcome) {
    size_t kept = 0;
    for (size_t i = 1; i < outcome->n_folds; i++) {
        dmap__fold *last = &outcome->folds[kept], *next = &outcome->folds[i];
        if (last->end != next->begin) {
            outcome->folds[++kept] = *next;
            continue;
        }
        bool done = dmap__fold_append(last, next);
        dmap__fold_fini(next);
        if (!done) {
            for (i++; i < outcome->n_folds; i++)
                dmap__fold_fini(&outcome->folds[i]);
            outcome->n_folds = kept + 1;
            return false;
        }
    }
    outcome->n_folds = outcome->n_folds ? kept + 1 : 0;
    return true;
}

bool dmap__outcome_sort(dmap__outcome *outcome, uint64_t limit) {
    if (outcome->n_spans > 1)
        qsort(outcome->spans, outcome->n_spans, sizeof *outcome->spans, by_begin);
    if (outcome->n_failures > 1)
        qsort(outcome->failures, outcome->n_failures, sizeof *outcome->failures, by_position);
    if (outcome->n_folds > 1)
        qsort(outcome->folds, outcome->n_folds, sizeof *outcome->folds, by_fold_begin);
    cut(outcome, limit);
    return join_folds(outcome);
}

uint64_t dmap__outcome_items(const dmap__outcome *outcome) {
    uint64_t items = 0;
    for (size_t i = 0; i < outcome->n_spans; i++)
        items += outcome->spans[i].end - outcome->spans[i].begin;
    return items;
}

void *dmap__block_data(const dmap__block *block) {
    return (unsigned char *)block + dmap__memory_pad(sizeof *block);
}

void *dmap__block_take(dmap__block **blocks, size_t size) {
    size_t head = dmap__memory_pad(sizeof(dmap__block));
    size_t padded = dmap__memory_pad(size ? size : 1);
    if (!padded || padded > SIZE_MAX - head)
        return NULL;
    dmap__block *block = *blocks;
    if (!block || block->size - block->used < padded) {
        size_t room = padded > BLOCK_SIZE / 4 ? padded : BLOCK_SIZE;
        dmap__block *fresh = malloc(head + room);
        if (!fresh)
            return NULL;
        fresh->size = room;
        fresh->used = 0;
        /* A large block is full at once: it goes behind the one that still has room. */
        bool behind = room != BLOCK_SIZE && block;
        fresh->next = behind ? block->next : block;
        *(behind ? &block->next : blocks) = fresh;
        block = fresh;
    }
    void *place = (unsigned char *)block + head + block->used;
    block->used += padded;
    return place;
}

void dmap__block_reset(dmap__block **blocks) {
    if (!*blocks)
        return;
    dmap__block_free((*blocks)->next);
    (*blocks)->next = NULL;
    (*blocks)->used = 0;
}
