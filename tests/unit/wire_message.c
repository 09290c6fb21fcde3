/* Messages in plain memory: both parts are malloc'd to the byte, so that a sanitizer sees any step beyond them. */
#include "wire_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "unit.h"

static void combine(void *into, const void *from);
static void merge(dmap_merge *both, dmap_blob left, dmap_blob right);
static dmap_task task = {.name = "any bytes", .combine = combine, .merge = merge};

static void combine(void *into, const void *from) {
    for (size_t i = 0; i < task.result_size; i++) {
        ((unsigned char *)into)[i] =
            (unsigned char)(((unsigned char *)into)[i] * 31 + ((const unsigned char *)from)[i]);
    }
}

static void merge(dmap_merge *both, dmap_blob left, dmap_blob right) {
    unsigned char *place = dmap_merge_result(both, left.size + right.size);
    CU_ASSERT_FATAL(place != NULL);
    if (left.size)
        memcpy(place, left.data, left.size);
    if (right.size)
        memcpy(place + left.size, right.data, right.size);
}

static void add_failures(dmap__outcome *outcome, uint64_t begin, uint64_t end) {
    for (uint64_t i = begin; i < end; i++) {
        char text[20];
        dmap__failure failure = {.position = i, .status = DMAP_ITEM_FAILED, .code = 3, .attempt = 2, .core = -1};
        snprintf(text, sizeof text, "%.*s", (int)unit_below(19), "a sentence, perhaps");
        if (unit_chance(8))
            CU_ASSERT(dmap__outcome_add_failure(outcome, &failure, unit_chance(2) ? text : NULL));
    }
}

static bool fold_one(dmap__fold *fold) {
    uint64_t value[4] = {unit_random(), unit_random(), unit_random(), unit_random()};
    if (unit_chance(4))
        return dmap__fold_skip(fold);
    if (task.result_size == DMAP_VARIABLE)
        return dmap__fold_push_blob(fold, (dmap_blob){value, (size_t)unit_below(sizeof value + 1)});
    return dmap__fold_push(fold, value, 1);
}

static void add_fold(dmap__outcome *outcome, uint64_t begin, uint64_t end) {
    for (uint64_t i = begin; i < end; i++) {
        dmap__fold *fold = dmap__outcome_fold_at(outcome, i, &task);
        CU_ASSERT_FATAL(fold != NULL);
        CU_ASSERT(fold_one(fold));
    }
}

/* Results of all positions of the outcome, those that did not run too: they are unspecified. */
static void add_results(dmap__outcome *outcome, size_t size) {
    size_t n = (size_t)(outcome->end - outcome->begin);
    if (size != DMAP_VARIABLE) {
        outcome->fixed = dmap__memory_array(n, size);
        CU_ASSERT_FATAL(outcome->fixed != NULL);
        for (size_t i = 0; i < n * size; i++)
            outcome->fixed[i] = (unsigned char)unit_random();
        return;
    }
    outcome->refs = calloc(n ? n : 1, sizeof *outcome->refs);
    CU_ASSERT_FATAL(outcome->refs != NULL);
    for (size_t i = 0; i < n; i++) {
        size_t bytes = (size_t)(unit_chance(9) ? unit_below(20000) : unit_below(50));
        unsigned char *place = dmap__block_take(&outcome->blocks, bytes);
        CU_ASSERT_FATAL(place != NULL);
        memset(place, (int)unit_below(256), bytes);
        outcome->refs[i] = (dmap_blob){place, bytes};
    }
}

static void add_events(dmap__outcome *outcome) {
    outcome->taken_s = (double)unit_below(1000);
    outcome->sent_s = outcome->taken_s + 1;
    for (uint64_t i = 0, n = unit_below(5); i < n; i++) {
        dmap__event event = {.begin = outcome->begin,
                             .end = outcome->end,
                             .items = 1,
                             .began_s = (double)i,
                             .ended_s = (double)i + 0.5,
                             .task_s = 0.5,
                             .worker = (int32_t)unit_below(4),
                             .attempt = 1};
        dmap__events_add(&outcome->events, &event, 0);
    }
}

const dmap_task *outcome_make(dmap__outcome *outcome, enum outcome_kind kind) {
    uint64_t begin = unit_random() >> unit_below(63) >> 1;
    bool variable = kind == OUTCOME_VARIABLE || (kind == OUTCOME_FOLD && unit_chance(2));
    task.result_size = variable ? DMAP_VARIABLE : (size_t)unit_below(33);
    bool whole = unit_chance(3);
    dmap__outcome_init(outcome, begin, begin + 1 + unit_below(60));
    outcome->busy_s = (double)unit_below(100) / 7;
    for (uint64_t at = begin; at < outcome->end;) {
        uint64_t end = at + 1 + unit_below(outcome->end - at);
        if (whole || unit_chance(2)) {
            CU_ASSERT(dmap__outcome_add_span(outcome, at, end, 1e-3, unit_chance(2)));
            add_failures(outcome, at, end);
            if (kind == OUTCOME_FOLD)
                add_fold(outcome, at, end);
        }
        at = end;
    }
    if (kind == OUTCOME_FIXED || kind == OUTCOME_VARIABLE)
        add_results(outcome, task.result_size);
    if (unit_chance(2))
        add_events(outcome);
    if (unit_chance(4))
        dmap__trouble_set(&outcome->trouble, DMAP_EITEM, "the setup of task \"%s\" failed", "x");
    return &task;
}

static void *join(const dmap_blob *parts, size_t n, uint64_t *size) {
    *size = 0;
    for (size_t i = 0; i < n; i++)
        *size += parts[i].size;
    unsigned char *whole = *size ? malloc((size_t)*size) : NULL, *next = whole;
    for (size_t i = 0; whole && i < n; i++) {
        memcpy(next, parts[i].data, parts[i].size);
        next += parts[i].size;
    }
    return whole;
}

void message_carry(dmap__message *message, const dmap__head *head, const dmap__packed *packed) {
    dmap_blob meta = {packed->meta, packed->meta_size};
    *message = (dmap__message){.from = 1, .head = *head, .slot = -1};
    message->meta = message->meta_owned = join(&meta, meta.size ? 1 : 0, &message->head.meta_size);
    message->data = message->data_owned = join(packed->parts, packed->n_parts, &message->head.data_size);
}

void message_free(dmap__message *message) {
    free(message->meta_owned);
    free(message->data_owned);
    message->meta = message->data = message->meta_owned = message->data_owned = NULL;
}
