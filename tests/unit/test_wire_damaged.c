/* Damaged messages: cut short, bytes changed, counts gone wild. Reading one gives an error or an outcome that may be
 * used; a sanitizer says whether anything beyond the message was read, or was not freed. */
#include <stdlib.h>
#include <string.h>

#include "call/segment.h"
#include "net/comm_state.h"
#include "pool/incoming.h"
#include "unit.h"
#include "wire_message.h"

static uint64_t bytes_seen;

static void look_at(const void *data, size_t size) {
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        bytes_seen += bytes[i];
}

static bool some_are_holes(void *arg, const dmap__failure *failure) {
    (void)arg;
    look_at(failure->text, failure->text ? strlen(failure->text) : 0);
    return unit_chance(2);
}

/* Looks at every result, as a sink does. */
static void use(dmap__outcome *outcome, size_t size) {
    dmap__segment_cursor cursor;
    dmap__segment *part;
    dmap__result_buffer *buffer = dmap__result_buffer_create(outcome, 1, 1);
    CU_ASSERT_FATAL(buffer != NULL);
    dmap__segment_begin(&cursor, buffer, size, some_are_holes, NULL);
    while (dmap__segment_next(&cursor, &part) && part) {
        CU_ASSERT(part->begin < part->end && part->begin >= buffer->outcome.begin && part->end <= buffer->outcome.end);
        while (part->next < part->end && part->next - part->begin < 1000) {
            const dmap__failure *failure;
            dmap_blob result;
            double seconds;
            dmap__segment_step(part, size, &result, &failure, &seconds);
            look_at(result.data, result.size);
        }
        dmap__segment_destroy(part);
    }
    dmap__result_buffer_leave(buffer);
}

/* Takes bytes away from the end of a part, to the byte as comm would have it. */
static void shorten(void **data, void **owned, uint64_t *size) {
    uint64_t left = *size ? unit_below(*size) : 0;
    unsigned char *shorter = left ? malloc((size_t)left) : NULL;
    if (shorter)
        memcpy(shorter, *data, (size_t)left);
    free(*owned);
    *data = *owned = shorter;
    *size = left;
}

static void flip(void *data, uint64_t size) {
    static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
    for (uint64_t n = 1 + unit_below(4); size && n; n--) {
        ((unsigned char *)data)[unit_below(size)] =
            unit_chance(2) ? values[unit_below(sizeof values)] : (unsigned char)unit_random();
    }
}

static uint64_t wild(void) {
    return unit_chance(4) ? UINT64_MAX - unit_below(20) : unit_random() >> unit_below(64);
}

static void overwrite(void *data, uint64_t size) {
    uint64_t number = wild(), words = size / sizeof number;
    if (words)
        memcpy((unsigned char *)data + unit_below(words) * sizeof number, &number, sizeof number);
}

static void damage(dmap__message *message) {
    dmap__head *head = &message->head;
    uint64_t *counts[] = {&head->numbers[0], &head->numbers[1], &head->numbers[2], &head->begin, &head->end};
    switch (unit_below(6)) {
    case 0:
        shorten(&message->meta, &message->meta_owned, &head->meta_size);
        break;
    case 1:
        shorten(&message->data, &message->data_owned, &head->data_size);
        break;
    case 2:
        *counts[unit_below(5)] = wild();
        break;
    case 3:
        head->flags = (uint32_t)unit_below(32);
        break;
    case 4:
        overwrite(message->meta, head->meta_size);
        break;
    default:
        flip(message->meta, head->meta_size);
        break;
    }
}

static void test_outcomes(void) {
    unsigned damaged = 0, rounds = unit_rounds(8000);
    for (unsigned round = 0; round < rounds; round++) {
        dmap__outcome sent, got;
        dmap__packed packed;
        dmap__head head = {0};
        dmap__message message;
        const dmap_task *task = outcome_make(&sent, (enum outcome_kind)unit_below(4));
        CU_ASSERT_FATAL(dmap__wire_pack_outcome(&sent, task->result_size, &head, &packed));
        message_carry(&message, &head, &packed);
        dmap__packed_fini(&packed);
        dmap__outcome_fini(&sent);
        damage(&message);
        dmap_status status = dmap__wire_unpack_outcome(&message, task, NULL, &got);
        CU_ASSERT(status == DMAP_OK || status == DMAP_EMPI);
        damaged += status == DMAP_EMPI;
        if (status == DMAP_OK)
            use(&got, task->result_size);
        message_free(&message);
    }
    CU_ASSERT(damaged > rounds / 8);
}

static void check_items(size_t item_size, bool shuffled) {
    enum { MOST = 40 };
    static const unsigned char bytes[MOST * 64];
    dmap_blob blobs[MOST], *table;
    uint64_t indices[MOST] = {0};
    const uint64_t *read_indices;
    uint64_t n = unit_below(MOST) + 1;
    for (size_t i = 0; i < n; i++)
        blobs[i] = (dmap_blob){bytes + i * 64, item_size == DMAP_VARIABLE ? (size_t)unit_below(64) : item_size};
    dmap__packed packed;
    dmap__wire_items wire = {.item_size = item_size, .end = n, .blobs = blobs, .indices = shuffled ? indices : NULL};
    dmap__message message;
    CU_ASSERT_FATAL(dmap__wire_pack_items(&wire, &packed));
    message_carry(&message, &(dmap__head){.end = n}, &packed);
    dmap__packed_fini(&packed);
    damage(&message);
    n = message.head.end - message.head.begin;
    if (dmap__wire_unpack_items(&message, shuffled, item_size, &read_indices, &table) == DMAP_OK) {
        look_at(read_indices, read_indices ? (size_t)n * sizeof *read_indices : 0);
        for (size_t i = 0; table && i < n; i++)
            look_at(table[i].data, table[i].size);
        look_at(message.data, table ? 0 : (size_t)n * item_size);
    }
    free(table);
    message_free(&message);
}

static void test_items(void) {
    for (unsigned round = unit_rounds(8000); round; round--)
        check_items(unit_chance(2) ? DMAP_VARIABLE : (size_t)unit_below(64) + 1, unit_chance(2));
}

/* What is wrong by one word, said word by word. */
static void test_named(void) {
    static const struct {
        uint64_t spans[4];
        uint64_t failures[2];
        dmap_status status;
    } cases[] = {
        {{10, 12, 12, 20}, {10, 11}, DMAP_OK},   {{10, 12, 15, 18}, {10, 17}, DMAP_OK},
        {{9, 12, 15, 18}, {10, 17}, DMAP_EMPI},  {{10, 12, 15, 21}, {10, 17}, DMAP_EMPI},
        {{10, 13, 12, 20}, {10, 11}, DMAP_EMPI}, {{15, 18, 10, 12}, {10, 17}, DMAP_EMPI},
        {{12, 12, 15, 18}, {15, 16}, DMAP_EMPI}, {{12, 11, 15, 18}, {15, 16}, DMAP_EMPI},
        {{10, 12, 12, 20}, {11, 10}, DMAP_EMPI}, {{10, 12, 12, 20}, {11, 11}, DMAP_EMPI},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dmap__outcome sent, got;
        dmap__packed packed;
        dmap__head head = {0};
        dmap__message message;
        dmap__outcome_init(&sent, 10, 20);
        for (int k = 0; k < 2; k++) {
            dmap__failure failure = {.position = cases[i].failures[k]};
            CU_ASSERT(dmap__outcome_add_span(&sent, cases[i].spans[2 * k], cases[i].spans[2 * k + 1], 1, false));
            CU_ASSERT(dmap__outcome_add_failure(&sent, &failure, "said"));
        }
        CU_ASSERT_FATAL(dmap__wire_pack_outcome(&sent, 0, &head, &packed));
        message_carry(&message, &head, &packed);
        CU_ASSERT_EQUAL(dmap__wire_unpack_outcome(&message, &(dmap_task){.result_size = 0}, NULL, &got),
                        cases[i].status);
        if (cases[i].status == DMAP_OK)
            use(&got, 0);
        dmap__packed_fini(&packed);
        dmap__outcome_fini(&sent);
        message_free(&message);
    }
}

/* A serving rank says so: it is not memory that is out. */
static void test_served(void) {
    static const dmap_task task = {.name = "served", .item_size = 8, .result_size = 8};
    for (unsigned cut = 0; cut < 2; cut++) {
        unsigned char items[80] = {0};
        dmap__comm comm = {0};
        dmap_pool pool = {.comm = &comm};
        dmap_blob part = {items, sizeof items - 10 * cut};
        dmap__head head = {.flags = DMAP__LAYOUT_ARRAY, .begin = 5, .end = 15, .grant.attempt = 1};
        dmap__message message;
        message_carry(&message, &head, &(dmap__packed){.parts = &part, .n_parts = 1});
        dmap__call_spec spec = {.want = DMAP__WANT_RESULTS};
        dmap__crew_call call;
        dmap__crew_call_init(&call, &spec, &task, 1);
        dmap__incoming *served = dmap__incoming_create(&pool, &call, &message);
        CU_ASSERT_FATAL(served != NULL);
        const dmap__trouble *trouble = &served->grant.outcome.trouble;
        CU_ASSERT_EQUAL(trouble->status, cut ? DMAP_EMPI : DMAP_OK);
        CU_ASSERT(!cut || strstr(trouble->text, "damaged message"));
        dmap__incoming_destroy(served);
        dmap__buffer_cache_drop(&pool.buffers);
        message_free(&message);
    }
}

int main(void) {
    CU_TestInfo tests[] = {{"outcomes", test_outcomes},
                           {"items", test_items},
                           {"named", test_named},
                           {"served", test_served},
                           CU_TEST_INFO_NULL};
    return unit_run("damaged messages", tests);
}
