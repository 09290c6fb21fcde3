/* Messages of items and outcomes: packed, carried through plain memory, unpacked, compared. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "wire_message.h"

#define MOST 60

/* ---- items ---- */

typedef struct cargo {
    uint64_t n;
    bool shuffled;
    size_t item_size; /* or DMAP_VARIABLE */
    unsigned char array[MOST * 24];
    dmap_blob blobs[MOST];
    uint64_t indices[MOST];
    unsigned char bytes[MOST * 100];
} cargo;

static void load(cargo *c, bool variable) {
    size_t used = 0;
    c->n = unit_below(MOST) + 1;
    c->shuffled = unit_chance(2);
    c->item_size = variable ? DMAP_VARIABLE : (size_t)unit_below(24);
    for (size_t i = 0; i < c->n; i++) {
        c->indices[i] = unit_random();
        c->blobs[i] = (dmap_blob){c->bytes + used, variable ? (size_t)unit_below(100) : c->item_size};
        for (size_t k = 0; k < c->blobs[i].size; k++)
            c->bytes[used++] = (unsigned char)unit_random();
        if (!variable && c->item_size)
            memcpy(c->array + i * c->item_size, c->blobs[i].data, c->item_size);
    }
}

static void check_items(const cargo *c, const dmap__wire_items *wire) {
    dmap__message message;
    dmap__packed packed;
    const uint64_t *indices;
    dmap_blob *blobs;
    CU_ASSERT_FATAL(dmap__wire_pack_items(wire, &packed));
    message_carry(&message, &(dmap__head){.begin = wire->begin, .end = wire->end}, &packed);
    dmap__packed_fini(&packed);
    CU_ASSERT_EQUAL_FATAL(dmap__wire_unpack_items(&message, c->shuffled, wire->item_size, &indices, &blobs), DMAP_OK);
    CU_ASSERT((indices != NULL) == c->shuffled);
    CU_ASSERT(!indices || !memcmp(indices, c->indices, c->n * sizeof *indices));
    CU_ASSERT((blobs != NULL) == (wire->item_size == DMAP_VARIABLE));
    for (size_t i = 0; i < c->n; i++) {
        size_t size = c->blobs[i].size;
        const unsigned char *at = blobs ? blobs[i].data : (unsigned char *)message.data + i * size;
        CU_ASSERT(!blobs || (blobs[i].size == size && (uintptr_t)at % 16 == 0));
        CU_ASSERT(!size || !memcmp(at, c->blobs[i].data, size));
    }
    free(blobs);
    message_free(&message);
}

static void test_items(void) {
    static cargo c;
    for (unsigned round = unit_rounds(400); round; round--) {
        load(&c, unit_chance(2));
        dmap__wire_items wire = {.item_size = c.item_size, .begin = unit_random() >> 1};
        bool table = c.item_size == DMAP_VARIABLE || unit_chance(2);
        wire.end = wire.begin + c.n;
        wire.indices = c.shuffled ? c.indices : NULL;
        wire.blobs = table ? c.blobs : NULL;
        wire.array = table ? NULL : c.array;
        check_items(&c, &wire);
    }
}

/* A range's numbers are not sent. */
static void test_range(void) {
    dmap__packed packed;
    dmap__wire_items wire = {.item_size = 0, .begin = 3, .end = UINT64_MAX - 1};
    CU_ASSERT_FATAL(dmap__wire_pack_items(&wire, &packed));
    CU_ASSERT_EQUAL(packed.meta_size, 0);
    CU_ASSERT_EQUAL(packed.n_parts, 0);
    dmap__packed_fini(&packed);
}

/* ---- outcomes ---- */

static void check_failures(const dmap__outcome *a, const dmap__outcome *b) {
    CU_ASSERT_EQUAL_FATAL(a->n_failures, b->n_failures);
    for (size_t i = 0; i < a->n_failures; i++) {
        dmap__failure x = a->failures[i], y = b->failures[i];
        CU_ASSERT((x.text != NULL) == (y.text != NULL));
        CU_ASSERT(!x.text || !strcmp(x.text, y.text));
        x.text = y.text = NULL;
        CU_ASSERT(!memcmp(&x, &y, sizeof x));
    }
}

static void check_events(const dmap__outcome *a, const dmap__outcome *b) {
    CU_ASSERT_EQUAL_FATAL(a->events.n, b->events.n);
    CU_ASSERT(!a->events.n || (a->taken_s == b->taken_s && a->sent_s == b->sent_s));
    CU_ASSERT(!a->events.n || !memcmp(a->events.all, b->events.all, a->events.n * sizeof *a->events.all));
}

static void check_folds(const dmap__outcome *a, const dmap__outcome *b) {
    CU_ASSERT_EQUAL_FATAL(a->n_folds, b->n_folds);
    for (size_t i = 0; i < a->n_folds; i++) {
        const dmap__fold *x = &a->folds[i], *y = &b->folds[i];
        CU_ASSERT(x->begin == y->begin && x->end == y->end && x->n == y->n);
        for (unsigned k = 0; k < x->n; k++) {
            CU_ASSERT(x->level[k] == y->level[k] && x->present[k] == y->present[k]);
            dmap_blob sent = dmap__fold_value(x, k), got = dmap__fold_value(y, k);
            CU_ASSERT(sent.size == got.size && (!sent.size || !memcmp(sent.data, got.data, sent.size)));
        }
    }
}

/* Each item that ran has the result that it had. */
static void check_results(const dmap__outcome *sent, const dmap__outcome *got, size_t size) {
    uint64_t nth = 0;
    for (size_t s = 0; s < sent->n_spans; s++) {
        for (uint64_t at = sent->spans[s].begin; at < sent->spans[s].end; at++, nth++) {
            uint64_t from = at - sent->begin, to = got->packed ? nth : from;
            if (sent->refs) {
                CU_ASSERT_FATAL(got->refs && got->refs[to].size == sent->refs[from].size);
                CU_ASSERT(!got->refs[to].size ||
                          !memcmp(got->refs[to].data, sent->refs[from].data, got->refs[to].size));
                CU_ASSERT_EQUAL((uintptr_t)got->refs[to].data % (got->refs[to].size ? 16 : 1), 0);
            } else if (sent->fixed) {
                CU_ASSERT_PTR_NOT_NULL_FATAL(got->fixed);
                CU_ASSERT(!size || !memcmp(got->fixed + to * size, sent->fixed + from * size, size));
            }
        }
    }
}

static void check_outcome(enum outcome_kind kind) {
    dmap__outcome sent, got;
    dmap__packed packed;
    dmap__head head = {0};
    dmap__message message;
    const dmap_task *task = outcome_make(&sent, kind);
    CU_ASSERT_FATAL(dmap__wire_pack_outcome(&sent, task->result_size, &head, &packed));
    message_carry(&message, &head, &packed);
    dmap__packed_fini(&packed);
    CU_ASSERT_EQUAL_FATAL(dmap__wire_unpack_outcome(&message, task, NULL, &got), DMAP_OK);
    CU_ASSERT(got.begin == sent.begin && got.end == sent.end && got.busy_s == sent.busy_s);
    CU_ASSERT_EQUAL_FATAL(got.n_spans, sent.n_spans);
    CU_ASSERT(!sent.n_spans || !memcmp(got.spans, sent.spans, sent.n_spans * sizeof *sent.spans));
    CU_ASSERT_EQUAL(got.trouble.status, sent.trouble.status);
    CU_ASSERT((got.trouble.text != NULL) == (sent.trouble.text != NULL));
    CU_ASSERT(!sent.trouble.text || !strcmp(got.trouble.text, sent.trouble.text));
    bool whole = dmap__outcome_items(&sent) == sent.end - sent.begin;
    CU_ASSERT_EQUAL(dmap__wire_is_whole(&head), kind == OUTCOME_FIXED && whole);
    check_failures(&sent, &got);
    check_events(&sent, &got);
    check_folds(&sent, &got);
    check_results(&sent, &got, task->result_size);
    message_free(&message);
    dmap__outcome_fini(&sent);
    dmap__outcome_fini(&got);
}

static void test_fixed(void) {
    for (unsigned round = unit_rounds(500); round; round--)
        check_outcome(OUTCOME_FIXED);
}

static void test_variable(void) {
    for (unsigned round = unit_rounds(500); round; round--)
        check_outcome(OUTCOME_VARIABLE);
}

static void test_folds(void) {
    for (unsigned round = unit_rounds(500); round; round--)
        check_outcome(OUTCOME_FOLD);
}

static void test_nothing(void) {
    for (unsigned round = unit_rounds(100); round; round--)
        check_outcome(OUTCOME_NOTHING);
}

/* Results that were received where they belong stay there, and are not freed. */
static void test_in_place(void) {
    unsigned char place[4] = {1, 2, 3, 4};
    dmap__outcome sent, got;
    dmap__packed packed;
    dmap__head head = {0};
    dmap__message message;
    dmap__outcome_init(&sent, 10, 14);
    sent.fixed = place;
    sent.fixed_in_place = true;
    CU_ASSERT(dmap__outcome_add_span(&sent, 10, 14, 1, true));
    CU_ASSERT_FATAL(dmap__wire_pack_outcome(&sent, 1, &head, &packed));
    message_carry(&message, &head, &packed);
    free(message.data_owned);
    message.data_owned = NULL;
    message.data = place;
    CU_ASSERT_EQUAL(dmap__wire_unpack_outcome(&message, &(dmap_task){.result_size = 1}, message.data, &got), DMAP_OK);
    CU_ASSERT_PTR_EQUAL(got.fixed, place);
    dmap__packed_fini(&packed);
    dmap__outcome_fini(&sent);
    dmap__outcome_fini(&got);
    message_free(&message);
}

int main(void) {
    CU_TestInfo tests[] = {
        {"items", test_items},          {"range", test_range},
        {"fixed results", test_fixed},  {"variable results", test_variable},
        {"folded results", test_folds}, {"no results", test_nothing},
        {"in place", test_in_place},    CU_TEST_INFO_NULL,
    };
    return unit_run("wire", tests);
}
