/* Sinks and the table of results: however the items came in (parts of any size, shuffled, failing), each ends where it
 * belongs, and in order where order is wanted. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "call/sink.h"
#include "unit.h"

#define MOST 300

static void append(void *into, const void *from) {
    *(uint64_t *)into = *(uint64_t *)into * 31 + *(const uint64_t *)from;
}

static const dmap_task fixed_task = {.name = "fixed", .item_size = 8, .result_size = 8, .combine = append};
static const dmap_task empty_task = {.name = "empty", .item_size = 8, .result_size = 0};
static const dmap_task variable_task = {.name = "variable", .item_size = 8, .result_size = DMAP_VARIABLE};

static struct {
    const dmap_task *task;
    uint64_t count;
    bool fails[MOST]; /* by index */
    unsigned seen[MOST];
    uint64_t next; /* index that dmap_each should see; UINT64_MAX: any */
    uint64_t stop_at;
    double slow_s;
    unsigned wrong;
} world;

static size_t size_of(uint64_t index) {
    return world.task == &variable_task ? (size_t)(index * 11 % 40) : world.task->result_size;
}

static void fill(unsigned char *bytes, uint64_t index) {
    unsigned char all[40];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (unsigned char)(index * 17 + i);
    memcpy(bytes, all, size_of(index));
}

static bool is_result(const void *data, size_t size, uint64_t index) {
    unsigned char wanted[40];
    fill(wanted, index);
    return data && size == size_of(index) && (!size || !memcmp(data, wanted, size));
}

static void blame(void *arg, int rank, uint64_t index, const dmap__failure *failure, char *text, size_t size) {
    (void)arg;
    snprintf(text, size, "item %" PRIu64 " failed with %d on %d", index, failure->code, rank);
}

/* The outcome of items at [begin, end), as a crew gives it; all of them ran. */
static dmap__segment *make_part(const dmap__sink *sink, uint64_t begin, uint64_t end) {
    dmap__outcome outcome;
    dmap__outcome_init(&outcome, begin, end);
    CU_ASSERT(dmap__outcome_add_span(&outcome, begin, end, 0.5, true));
    bool variable = world.task == &variable_task;
    unsigned char *place = variable ? NULL : dmap__sink_place(sink, begin);
    outcome.fixed_in_place = place != NULL;
    outcome.fixed = variable ? NULL : place ? place : dmap__memory_array(end - begin, world.task->result_size);
    outcome.refs = variable ? calloc((size_t)(end - begin), sizeof(dmap_blob)) : NULL;
    for (uint64_t at = begin; at < end; at++) {
        uint64_t index = sink->order ? sink->order->index_of[at] : at;
        unsigned char bytes[40];
        dmap__failure failure = {.position = at, .status = DMAP_ITEM_FAILED, .code = 9, .attempt = 2};
        fill(bytes, index);
        dmap_blob ref = {variable ? dmap__block_take(&outcome.blocks, size_of(index)) : NULL, size_of(index)};
        memcpy(variable ? (void *)(uintptr_t)ref.data : outcome.fixed + (at - begin) * size_of(index), bytes, ref.size);
        if (variable)
            outcome.refs[at - begin] = ref;
        CU_ASSERT(!world.fails[index] || dmap__outcome_add_failure(&outcome, &failure, NULL));
        if (dmap__sink_want(sink) == DMAP__WANT_FOLD) {
            dmap__fold *fold = dmap__outcome_fold_at(&outcome, at, world.task);
            CU_ASSERT_FATAL(fold != NULL);
            CU_ASSERT(world.fails[index] ? dmap__fold_skip(fold) : dmap__fold_push(fold, bytes, 1));
        }
    }
    dmap__segment_cursor cursor;
    dmap__segment *part, *none;
    dmap__result_buffer *buffer = dmap__result_buffer_create(&outcome, 3, 2);
    CU_ASSERT_FATAL(buffer != NULL);
    dmap__segment_begin(&cursor, buffer, world.task->result_size, NULL, NULL);
    cursor.failure = buffer->outcome.n_failures; /* no holes: nobody is asked */
    CU_ASSERT(dmap__segment_next(&cursor, &part) && part && dmap__segment_next(&cursor, &none) && !none);
    dmap__segment_seek(part, begin);
    dmap__result_buffer_leave(buffer);
    return part;
}

static double some_cost(void *arg, uint64_t index) {
    (void)arg;
    return (double)(index * 2654435761u % 97);
}

static void start(dmap__sink *sink, dmap_sink given, const dmap_task *task, bool shuffled, bool fails) {
    memset(&world, 0, sizeof world);
    world.task = task;
    world.count = 1 + unit_below(MOST);
    world.stop_at = UINT64_MAX;
    for (uint64_t i = 0; i < world.count; i++)
        world.fails[i] = fails && unit_chance(8);
    *sink = (dmap__sink){.ops = dmap__sink_ops_of(given.kind),
                         .given = given,
                         .task = task,
                         .describe = blame,
                         .unordered = unit_chance(2)};
    sink->order = shuffled ? dmap__order_create(world.count, some_cost, NULL, false) : NULL;
    CU_ASSERT_EQUAL_FATAL(dmap__sink_open(sink, world.count), DMAP_OK);
}

/* Delivers all items in parts, in order or (where that is not wanted) not; returns what the sink said in the end. */
static dmap__sink_said deliver_all(dmap__sink *sink, unsigned *slices) {
    uint64_t cuts[MOST + 1], n = 0;
    for (uint64_t at = 0; at < world.count; at += 1 + unit_below(30))
        cuts[n++] = at;
    cuts[n] = world.count;
    uint64_t first = dmap__sink_is_ordered(sink) ? 0 : unit_below(n);
    dmap__sink_said said = DMAP__SINK_DONE;
    for (uint64_t k = 0; k < n && said == DMAP__SINK_DONE; k++) {
        uint64_t i = (k + first) % n;
        dmap__segment *part = make_part(sink, cuts[i], cuts[i + 1]);
        while ((said = dmap__sink_deliver(sink, part)) == DMAP__SINK_MORE) {
            ++*slices;
            CU_ASSERT(part->next < part->end);
        }
    }
    return said == DMAP__SINK_DONE ? dmap__sink_finish(sink, world.count, UINT64_MAX) : said;
}

static void finish(dmap__sink *sink) {
    dmap__sink_close(sink);
    dmap__order_destroy((dmap__order *)(uintptr_t)sink->order);
    CU_ASSERT_EQUAL(world.wrong, 0);
}

/* ---- each ---- */

static int take_item(void *arg, const dmap_item_result *r) {
    bool right = arg == &world && r->index < world.count && r->rank == 3 && r->attempt == 2;
    right = right && (world.next == UINT64_MAX || r->index == world.next++);
    if (right && world.fails[r->index]) {
        right = r->status == DMAP_ITEM_FAILED && r->code == 9 && !r->data && r->error &&
                strtoull(r->error + 5, NULL, 10) == r->index;
    } else if (right) {
        right = r->status == DMAP_ITEM_OK && !r->error && r->seconds == 0.5 && is_result(r->data, r->size, r->index);
    }
    world.wrong += !right;
    world.seen[right ? r->index : 0]++;
    for (double until = dmap__clock_now() + world.slow_s; dmap__clock_now() < until;) {
    }
    return r->index == world.stop_at;
}

static void test_each(void) {
    for (unsigned round = unit_rounds(300); round; round--) {
        dmap__sink sink;
        unsigned slices = 0;
        start(&sink, dmap_each(take_item, &world), unit_chance(2) ? &fixed_task : &variable_task, unit_chance(2), true);
        world.next = sink.unordered ? UINT64_MAX : 0;
        CU_ASSERT_EQUAL(dmap__sink_is_ordered(&sink), !sink.unordered && !sink.order);
        CU_ASSERT_EQUAL(deliver_all(&sink, &slices), DMAP__SINK_DONE);
        for (uint64_t i = 0; i < world.count; i++)
            CU_ASSERT_EQUAL(world.seen[i], 1);
        finish(&sink);
    }
}

/* A slow function gets its items in slices; one that says stop gets no more. */
static void test_slices(void) {
    dmap__sink sink;
    unsigned slices = 0;
    start(&sink, dmap_each(take_item, &world), &fixed_task, false, false);
    world.slow_s = 100e-6;
    world.count = MOST;
    world.next = sink.unordered ? UINT64_MAX : 0;
    CU_ASSERT_EQUAL(deliver_all(&sink, &slices), DMAP__SINK_DONE);
    CU_ASSERT(slices > 0);
    finish(&sink);
}

static void test_stop(void) {
    for (unsigned round = unit_rounds(100); round; round--) {
        dmap__sink sink;
        unsigned slices = 0, seen = 0;
        bool shuffled = unit_chance(2);
        start(&sink, dmap_each(take_item, &world), &fixed_task, shuffled, true);
        sink.unordered = false;
        world.stop_at = unit_below(world.count);
        CU_ASSERT_EQUAL(deliver_all(&sink, &slices), DMAP__SINK_STOPPED);
        for (uint64_t i = 0; i < world.count; i++)
            seen += world.seen[i];
        CU_ASSERT_EQUAL(seen, world.stop_at + 1);
        finish(&sink);
    }
}

/* ---- the others ---- */

static void test_into(void) {
    static unsigned char results[MOST * 8];
    for (unsigned round = unit_rounds(300); round; round--) {
        dmap__sink sink;
        unsigned slices = 0;
        start(&sink, dmap_into(results), &fixed_task, unit_chance(2), true);
        CU_ASSERT((dmap__sink_place(&sink, 3) == results + 24) == !sink.order);
        CU_ASSERT_EQUAL(deliver_all(&sink, &slices), DMAP__SINK_DONE);
        for (uint64_t i = 0; i < world.count; i++)
            CU_ASSERT(world.fails[i] || is_result(results + i * 8, 8, i));
        finish(&sink);
    }
}

static void test_fold(void) {
    for (unsigned round = unit_rounds(300); round; round--) {
        dmap__sink sink;
        dmap__fold plain;
        unsigned slices = 0;
        uint64_t total = 5, wanted = 5;
        start(&sink, dmap_fold(&total), &fixed_task, unit_chance(2), true);
        CU_ASSERT_EQUAL(dmap__sink_want(&sink), sink.order ? DMAP__WANT_RESULTS : DMAP__WANT_FOLD);
        CU_ASSERT_EQUAL(deliver_all(&sink, &slices), DMAP__SINK_DONE);
        dmap__fold_init(&plain, &fixed_task, 0);
        for (uint64_t i = 0; i < world.count; i++) {
            unsigned char bytes[8];
            fill(bytes, i);
            CU_ASSERT(world.fails[i] ? dmap__fold_skip(&plain) : dmap__fold_push(&plain, bytes, 1));
        }
        dmap__fold_finish(&plain, &wanted);
        CU_ASSERT_EQUAL(total, wanted);
        dmap__fold_fini(&plain);
        finish(&sink);
    }
}

static void test_discard(void) {
    dmap__sink sink;
    unsigned slices = 0;
    start(&sink, dmap_discard(), &fixed_task, false, true);
    CU_ASSERT_EQUAL(dmap__sink_want(&sink), DMAP__WANT_NOTHING);
    CU_ASSERT_EQUAL(deliver_all(&sink, &slices), DMAP__SINK_DONE);
    finish(&sink);
}

/* ---- collect ---- */

static void check_result(const dmap_results *results, uint64_t i) {
    size_t size = 77;
    const void *data = dmap_results_at(results, i, &size);
    const char *error = dmap_results_error(results, i);
    if (world.fails[i]) {
        CU_ASSERT(!data && size == 0 && dmap_results_status(results, i) == DMAP_ITEM_FAILED);
        CU_ASSERT(error && strtoull(error + 5, NULL, 10) == i);
    } else {
        CU_ASSERT(!error && dmap_results_status(results, i) == DMAP_ITEM_OK && is_result(data, size, i));
    }
}

static void test_collect(void) {
    static const dmap_task *const tasks[] = {&fixed_task, &empty_task, &variable_task};
    for (unsigned round = unit_rounds(400); round; round--) {
        dmap__sink sink;
        dmap_results *results = NULL;
        unsigned slices = 0;
        start(&sink, dmap_collect(&results), tasks[unit_below(3)], unit_chance(2), unit_chance(2));
        const unsigned char *place = dmap__sink_place(&sink, 0);
        CU_ASSERT_EQUAL(place != NULL, world.task == &fixed_task && !sink.order);
        CU_ASSERT_EQUAL(deliver_all(&sink, &slices), DMAP__SINK_DONE);
        finish(&sink); /* the results outlive the sink */
        CU_ASSERT_EQUAL(dmap_results_count(results), world.count);
        for (uint64_t i = 0; i < world.count; i++)
            check_result(results, i);
        CU_ASSERT_PTR_NULL(dmap_results_at(results, world.count, NULL));
        CU_ASSERT(!place || world.fails[0] || dmap_results_at(results, 0, NULL) == place);
        dmap_results_free(results);
    }
}

/* A table that did not know its size, of a call that ended early: what lies above the limit is cancelled. */
static void test_cut_short(void) {
    for (unsigned round = unit_rounds(100); round; round--) {
        dmap__sink sink;
        dmap_results *results = NULL;
        start(&sink, dmap_collect(&results), unit_chance(2) ? &fixed_task : &variable_task, false, true);
        dmap_results_free(results);
        CU_ASSERT_EQUAL_FATAL(dmap__sink_open(&sink, 0), DMAP_OK);
        CU_ASSERT_PTR_NULL(dmap__sink_place(&sink, 0)); /* it will move */
        uint64_t limit = unit_below(world.count), done = unit_below(world.count + 1);
        if (done)
            CU_ASSERT_EQUAL(dmap__sink_deliver(&sink, make_part(&sink, 0, done)), DMAP__SINK_DONE);
        CU_ASSERT_EQUAL(dmap__sink_finish(&sink, world.count, limit), DMAP__SINK_DONE);
        CU_ASSERT_EQUAL(dmap_results_count(results), world.count);
        for (uint64_t i = 0; i < world.count; i++) {
            if (i < done && i <= limit) {
                check_result(results, i);
            } else {
                CU_ASSERT_EQUAL(dmap_results_status(results, i), DMAP_ITEM_CANCELLED);
                CU_ASSERT_PTR_NOT_NULL(strstr(dmap_results_error(results, i), "not run"));
                CU_ASSERT_PTR_NULL(dmap_results_at(results, i, NULL));
            }
        }
        finish(&sink);
        dmap_results_free(results);
    }
}

/* Questions about no results, or beyond them, have answers. */
static void test_no_results(void) {
    size_t size = 5;
    CU_ASSERT_EQUAL(dmap_results_count(NULL), 0);
    CU_ASSERT_PTR_NULL(dmap_results_at(NULL, 0, &size));
    CU_ASSERT_EQUAL(size, 0);
    CU_ASSERT_EQUAL(dmap_results_status(NULL, 0), DMAP_ITEM_CANCELLED);
    CU_ASSERT_PTR_NOT_NULL(dmap_results_error(NULL, 0));
    dmap_results_free(NULL);
}

int main(void) {
    CU_TestInfo tests[] = {
        {"each", test_each},       {"slices", test_slices},       {"stopped", test_stop},
        {"into", test_into},       {"fold", test_fold},           {"discard", test_discard},
        {"collect", test_collect}, {"cut short", test_cut_short}, {"no results", test_no_results},
        CU_TEST_INFO_NULL,
    };
    return unit_run("sink", tests);
}
