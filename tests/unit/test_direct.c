/* Results that pass straight to where they belong: all of a chunk's, or none, and those of items that did not fail are
 * there in either case. The memory that they go to is this process's own; what cannot be written is a page that it has
 * forbidden itself. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "direct_world.h"
#include "unit.h"

#define SMALL ((size_t)512)
#define LARGE ((size_t)8192)
#define HUGE  ((size_t)3 << 20) /* beyond what is worth copying directly */

#define CACHED ((size_t)512 << 10) /* of results in a batch that may pass: they are to be in a cache still */

enum { TASK_SMALL, TASK_LARGE, TASK_HUGE, TASK_BATCH, TASK_HUGE_BATCH, TASKS };

static uint8_t fails[256]; /* by index */
static size_t size_of_task;
static const dmap__outcome *of_chunk; /* of the chunk */
static _Atomic size_t made_there;     /* results in its own memory, from which no worker has to move them */
static size_t longest;                /* items of a batch */
static uint64_t waiting = UINT64_MAX; /* index of an item that waits until the way of its chunk is known */
static const _Atomic uint32_t *way;   /* of the chunk */

static uint64_t word_of(uint64_t index) {
    return index * 0x9e3779b97f4a7c15;
}

static int run(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    uint64_t index = dmap_index(ctx), word = word_of(index);
    made_there += result == of_chunk->fixed + (index - of_chunk->begin) * size_of_task;
    for (double until = dmap__clock_now() + 60; index == waiting && !atomic_load(way) && dmap__clock_now() < until;)
        dmap__clock_yield();
    memset(result, (int)index, size_of_task);
    memcpy((unsigned char *)result + size_of_task - sizeof word, &word, sizeof word);
    return fails[index];
}

static int run_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    (void)ctx, (void)items, (void)results;
    longest = count > longest ? count : longest;
    return 0;
}

static const dmap_task tasks[TASKS] = {{.name = "small", .run = run, .result_size = SMALL},
                                       {.name = "large", .run = run, .result_size = LARGE},
                                       {.name = "huge", .run = run, .result_size = HUGE},
                                       {.name = "batch", .run_batch = run_batch, .result_size = LARGE},
                                       {.name = "huge_batch", .run_batch = run_batch, .result_size = HUGE}};

/* Runs a chunk of items of a task, with place for its results, of which bytes from `forbidden` on cannot be written. */
static void run_chunk(direct_world *w, int workers, int task, uint64_t begin, uint64_t end, size_t forbidden) {
    size_of_task = tasks[task].result_size;
    direct_open(w, begin, end, (size_t)(end - begin) * size_of_task);
    direct_forbid(w, forbidden);
    w->grant.place = (uint64_t)(uintptr_t)w->place;
    of_chunk = &w->grant.outcome;
    made_there = longest = 0;
    way = &w->grant.direct_way;
    direct_run(w, workers, &tasks[task]);
}

static size_t wrong_results(const direct_world *w, const unsigned char *results) {
    size_t wrong = 0;
    for (uint64_t i = w->grant.begin; i < w->grant.end; i++) {
        const unsigned char *result = results + (size_t)(i - w->grant.begin) * size_of_task;
        uint64_t word = word_of(i);
        wrong += !fails[i] && (result[0] != (unsigned char)i || result[size_of_task / 2] != (unsigned char)i ||
                               memcmp(result + size_of_task - sizeof word, &word, sizeof word) != 0);
    }
    return wrong;
}

static void choose_failures(unsigned one_in) {
    for (size_t i = 0; i < sizeof fails; i++)
        fails[i] = one_in && unit_chance(one_in);
}

static size_t failures_in(uint64_t begin, uint64_t end) {
    size_t n = 0;
    for (uint64_t i = begin; i < end; i++)
        n += fails[i] != 0;
    return n;
}

static void check_ended(const direct_world *w, bool is_placed) {
    const dmap__outcome *outcome = &w->grant.outcome;
    CU_ASSERT_EQUAL(outcome->trouble.status, DMAP_OK);
    CU_ASSERT_EQUAL(outcome->is_placed, is_placed);
    CU_ASSERT_EQUAL(outcome->n_failures, failures_in(outcome->begin, outcome->end));
    CU_ASSERT_EQUAL(dmap__outcome_items(outcome), outcome->end - outcome->begin);
    CU_ASSERT_EQUAL(wrong_results(w, is_placed ? w->place : outcome->fixed), 0);
}

static void test_passes(void) {
    direct_world w;
    for (unsigned round = unit_rounds(60); round; round--) {
        uint64_t begin = unit_below(100), end = begin + 1 + unit_below(150);
        choose_failures(round % 2 ? 0 : 5);
        run_chunk(&w, (int)unit_below(5), TASK_LARGE, begin, end, SIZE_MAX);
        check_ended(&w, true);
        direct_close(&w);
    }
}

/* No page of it can be written, or a batch is too small (the first is one item) or too large: all is kept. */
static void test_kept(void) {
    direct_world w;
    for (unsigned round = unit_rounds(60); round; round--) {
        uint64_t begin = unit_below(100), end = begin + 1 + unit_below(150);
        int workers = (int)unit_below(5);
        choose_failures(round % 2 ? 0 : 5);
        run_chunk(&w, workers, TASK_LARGE, begin, end, 0);
        check_ended(&w, false);
        direct_close(&w);
        run_chunk(&w, workers, TASK_SMALL, begin, end, SIZE_MAX);
        check_ended(&w, false);
        direct_close(&w);
    }
    choose_failures(0);
    run_chunk(&w, 2, TASK_HUGE, 7, 10, SIZE_MAX);
    check_ended(&w, false);
    direct_close(&w);
}

/* The first half has passed, and lies there only: the call cannot go on. */
static void test_half(void) {
    direct_world w;
    choose_failures(0);
    run_chunk(&w, 0, TASK_LARGE, 0, 200, 100 * LARGE);
    const dmap__trouble *trouble = &w.grant.outcome.trouble;
    CU_ASSERT_EQUAL(trouble->status, DMAP_EIO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trouble->text, "cannot be written to the master's memory: Bad address"));
    CU_ASSERT_EQUAL(w.grant.outcome.limit, 0);
    direct_close(&w);
}

/* One worker's first results cannot be written; another's, which can, come after that: they are kept like the rest. */
static void test_too_late(void) {
    direct_world w;
    for (unsigned round = unit_rounds(20); round; round--) {
        choose_failures(round % 2 ? 0 : 5);
        waiting = 3;
        run_chunk(&w, 2, TASK_LARGE, 3, 203, 100 * LARGE);
        check_ended(&w, false);
        direct_close(&w);
    }
    waiting = UINT64_MAX;
}

/* Once it is known that none passes, results are made where they stay: one worker's, but for the first. */
static void test_made_there(void) {
    direct_world w;
    choose_failures(0);
    run_chunk(&w, 0, TASK_LARGE, 0, 50, 0);
    CU_ASSERT_EQUAL(made_there, 49);
    direct_close(&w);
    run_chunk(&w, 0, TASK_LARGE, 0, 50, SIZE_MAX);
    CU_ASSERT_EQUAL(made_there, 0);
    direct_close(&w);
}

/* A batch grows to as much as passes from a cache, if time allows; where none passes, further. */
static void test_batches(void) {
    direct_world w;
    run_chunk(&w, 0, TASK_BATCH, 0, 5000, SIZE_MAX);
    CU_ASSERT(longest > 1 && longest <= CACHED / LARGE);
    direct_close(&w);
    run_chunk(&w, 0, TASK_HUGE_BATCH, 0, 20, SIZE_MAX);
    CU_ASSERT(longest > 1);
    direct_close(&w);
}

int main(void) {
    CU_TestInfo info[] = {{"all of a chunk pass", test_passes},
                          {"none does", test_kept},
                          {"a half does", test_half},
                          {"one could, too late", test_too_late},
                          {"those that stay are made there", test_made_there},
                          {"batches", test_batches},
                          CU_TEST_INFO_NULL};
    return unit_run("pass", info);
}
