/* Parts: whatever holes the failures make, the parts tile the items that ran and ended here, and hand out each one's
 * own result, failure and seconds, in order or after a seek. */
#include <stdlib.h>
#include <string.h>

#include "call/segment.h"
#include "unit.h"

#define MOST 200

enum kind { FIXED, VARIABLE, FOLDED, NOTHING };

/* What is known of the items of an outcome, by offset from its begin. */
static struct {
    enum kind kind;
    bool ran[MOST], fails[MOST], hole[MOST], seen[MOST];
    double seconds[MOST];
    dmap__outcome *outcome;
    size_t asked; /* failures judged */
} world;

static uint64_t value_of(uint64_t position) {
    return position * UINT64_C(0x9e3779b97f4a7c15);
}

static void append(void *into, const void *from) {
    *(uint64_t *)into = *(uint64_t *)into * 31 + *(const uint64_t *)from;
}

static const dmap_task folded_task = {.result_size = sizeof(uint64_t), .combine = append};

static bool is_hole(void *arg, const dmap__failure *failure) {
    CU_ASSERT_PTR_EQUAL(arg, &world);
    CU_ASSERT_PTR_EQUAL(failure, &world.outcome->failures[world.asked]);
    world.asked++;
    return world.hole[failure->position - world.outcome->begin];
}

/* A worker's part: holes break its folds, failures that ended are missing in them. */
static bool fold_one(dmap__outcome *outcome, uint64_t position, size_t i) {
    uint64_t value = value_of(position);
    if (world.hole[i])
        return true;
    dmap__fold *fold = dmap__outcome_fold_at(outcome, position, &folded_task);
    return fold && (world.fails[i] ? dmap__fold_skip(fold) : dmap__fold_push(fold, &value, 1));
}

static void run_item(dmap__outcome *outcome, uint64_t position, double seconds, bool join) {
    size_t i = (size_t)(position - outcome->begin);
    dmap__failure failure = {.position = position, .code = (int32_t)i + 1, .attempt = 1};
    world.ran[i] = true;
    world.fails[i] = unit_chance(6);
    world.hole[i] = world.fails[i] && unit_chance(2);
    CU_ASSERT(dmap__outcome_add_span(outcome, position, position + 1, seconds, join));
    CU_ASSERT(!world.fails[i] || dmap__outcome_add_failure(outcome, &failure, NULL));
    CU_ASSERT(world.kind != FOLDED || fold_one(outcome, position, i));
}

static void run_items(dmap__outcome *outcome) {
    for (uint64_t at = outcome->begin; at < outcome->end;) {
        uint64_t end = at + 1 + unit_below(outcome->end - at);
        bool join = unit_chance(2), runs = !unit_chance(3);
        double seconds = (double)unit_below(1000);
        for (; runs && at < end; at++)
            run_item(outcome, at, seconds, join);
        at = end;
    }
    for (size_t s = 0; s < outcome->n_spans; s++)
        for (uint64_t at = outcome->spans[s].begin; at < outcome->spans[s].end; at++)
            world.seconds[at - outcome->begin] = outcome->spans[s].seconds;
}

/* Results of all positions, or packed: of those that ran. */
static void place_results(dmap__outcome *outcome) {
    uint64_t n = outcome->end - outcome->begin;
    outcome->packed = unit_chance(2);
    outcome->fixed = world.kind == FIXED ? calloc((size_t)n, sizeof(uint64_t)) : NULL;
    outcome->refs = world.kind == VARIABLE ? calloc((size_t)n, sizeof(dmap_blob)) : NULL;
    for (uint64_t i = 0, nth = 0; i < n && (outcome->fixed || outcome->refs); i++) {
        if (outcome->packed && !world.ran[i])
            continue;
        uint64_t at = outcome->packed ? nth++ : i, value = value_of(outcome->begin + i);
        if (outcome->fixed) {
            memcpy(outcome->fixed + at * sizeof value, &value, sizeof value);
        } else {
            void *place = dmap__block_take(&outcome->blocks, sizeof value);
            CU_ASSERT_FATAL(place != NULL);
            memcpy(place, &value, sizeof value);
            outcome->refs[at] = (dmap_blob){place, sizeof value};
        }
    }
}

static dmap__result_buffer *make_slab(enum kind kind) {
    dmap__outcome outcome;
    uint64_t begin = unit_chance(2) ? unit_below(100) : unit_random() >> 1;
    memset(&world, 0, sizeof world);
    world.kind = kind;
    dmap__outcome_init(&outcome, begin, begin + 1 + unit_below(MOST));
    run_items(&outcome);
    place_results(&outcome);
    dmap__result_buffer *buffer = dmap__result_buffer_create(&outcome, 3, 1);
    CU_ASSERT_FATAL(buffer != NULL);
    world.outcome = &buffer->outcome;
    return buffer;
}

static void check_step(dmap__segment *part) {
    uint64_t at = part->next;
    size_t i = (size_t)(at - world.outcome->begin);
    const dmap__failure *failure;
    dmap_blob result;
    double seconds;
    uint64_t value = 0;
    dmap__segment_step(part, sizeof value, &result, &failure, &seconds);
    CU_ASSERT_EQUAL(part->next, at + 1);
    CU_ASSERT(world.ran[i] && !world.hole[i]);
    CU_ASSERT_EQUAL(seconds, world.seconds[i]);
    CU_ASSERT((failure != NULL) == world.fails[i]);
    CU_ASSERT((result.data == NULL) == world.fails[i]);
    CU_ASSERT(!failure || failure->position == at);
    if (result.size)
        memcpy(&value, result.data, sizeof value);
    CU_ASSERT(failure || value == (world.kind == FIXED || world.kind == VARIABLE ? value_of(at) : 0));
    world.seen[i] = true;
}

/* The fold of a part is that of its items. */
static void check_fold(const dmap__segment *part) {
    dmap__fold plain;
    uint64_t wanted = 7, got = 7;
    CU_ASSERT_PTR_NOT_NULL_FATAL(part->fold);
    CU_ASSERT(part->fold->begin == part->begin && part->fold->end == part->end);
    dmap__fold_init(&plain, &folded_task, part->begin);
    for (uint64_t at = part->begin; at < part->end; at++) {
        uint64_t value = value_of(at);
        bool fails = world.fails[at - world.outcome->begin];
        CU_ASSERT(fails ? dmap__fold_skip(&plain) : dmap__fold_push(&plain, &value, 1));
    }
    dmap__fold_finish(&plain, &wanted);
    dmap__fold_finish(part->fold, &got);
    CU_ASSERT_EQUAL(got, wanted);
    dmap__fold_fini(&plain);
}

static void check_part(dmap__segment *part) {
    CU_ASSERT(part->begin < part->end && part->next == part->begin);
    CU_ASSERT(dmap__segment_bytes(part, 8) >= (part->fold ? 1 : part->end - part->begin));
    while (unit_chance(2) && part->next < part->end)
        check_step(part);
    for (unsigned n = unit_chance(2) ? 0 : (unsigned)unit_below(20); n; n--) {
        dmap__segment_seek(part, part->begin + unit_below(part->end - part->begin));
        for (unsigned k = (unsigned)unit_below(5); k && part->next < part->end; k--)
            check_step(part);
    }
    if (part->next > part->begin)
        dmap__segment_seek(part, part->begin);
    while (part->next < part->end)
        check_step(part);
    if (world.kind == FOLDED)
        check_fold(part);
}

static void check_slab(enum kind kind) {
    dmap__result_buffer *buffer = make_slab(kind);
    dmap__segment *parts[MOST];
    size_t n = 0;
    dmap__segment_cursor cursor;
    dmap__segment_begin(&cursor, buffer, sizeof(uint64_t), is_hole, &world);
    while (dmap__segment_next(&cursor, &parts[n]) && parts[n]) {
        CU_ASSERT(!n || parts[n]->begin >= parts[n - 1]->end);
        n++;
    }
    CU_ASSERT_EQUAL(world.asked, buffer->outcome.n_failures);
    dmap__result_buffer_leave(buffer);
    for (size_t i = 0; i < n; i++)
        check_part(parts[i]);
    for (size_t i = 0; n && i < (size_t)(world.outcome->end - world.outcome->begin); i++)
        CU_ASSERT_EQUAL(world.seen[i], world.ran[i] && !world.hole[i]);
    while (n)
        dmap__segment_destroy(parts[--n]);
}

static void rounds_of(enum kind kind) {
    for (unsigned round = unit_rounds(400); round; round--)
        check_slab(kind);
}

static void test_fixed(void) {
    rounds_of(FIXED);
}

static void test_variable(void) {
    rounds_of(VARIABLE);
}

static void test_folded(void) {
    rounds_of(FOLDED);
}

static void test_nothing(void) {
    rounds_of(NOTHING);
}

static void test_empty(void) {
    dmap__outcome outcome;
    dmap__segment_cursor cursor;
    dmap__segment *part;
    dmap__outcome_init(&outcome, 4, 9);
    dmap__result_buffer *buffer = dmap__result_buffer_create(&outcome, 0, 1);
    CU_ASSERT_FATAL(buffer != NULL);
    dmap__segment_begin(&cursor, buffer, 8, is_hole, &world);
    CU_ASSERT(dmap__segment_next(&cursor, &part));
    CU_ASSERT_PTR_NULL(part);
    dmap__segment_destroy(NULL);
    dmap__result_buffer_leave(buffer);
}

int main(void) {
    CU_TestInfo tests[] = {
        {"fixed results", test_fixed}, {"variable results", test_variable}, {"folds", test_folded},
        {"no results", test_nothing},  {"nothing ran", test_empty},         CU_TEST_INFO_NULL,
    };
    return unit_run("part", tests);
}
