/* Items and results that go straight between workers and another process's memory. Each item is read as it was; of a
 * chunk all results pass, or none, and those of items that did not fail are there in either case. The other process is
 * this one; what cannot be read or written is a page that it has forbidden itself. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "crew/crew.h"
#include "unit.h"

#define SMALL ((size_t)512)
#define LARGE ((size_t)8192)
#define HUGE  ((size_t)3 << 20) /* beyond what is worth passing */

enum { TASK_SMALL, TASK_LARGE, TASK_HUGE, TASK_ITEMS, TASK_LARGE_ITEMS, TASK_BATCH, TASKS };

static uint8_t fails[256]; /* by index */
static size_t size_of_task;

static uint64_t word_of(uint64_t index) {
    return index * 0x9e3779b97f4a7c15;
}

static int run(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    uint64_t index = dmap_index(ctx), word = word_of(index);
    memset(result, (int)index, size_of_task);
    memcpy((unsigned char *)result + size_of_task - sizeof word, &word, sizeof word);
    return fails[index];
}

/* The whole of an item is the bytes of its index; the result is the first word. */
static int look(const void *item, size_t size, uint64_t index, uint64_t *result) {
    unsigned char bytes[LARGE];
    memset(bytes, (int)(unsigned char)index, size);
    *result = word_of(index);
    return memcmp(item, bytes, size) ? 77 : 0;
}

static int run_look(dmap_context *ctx, const void *item, void *result) {
    return look(item, dmap_item_size(ctx), dmap_index(ctx), result);
}

static int run_look_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    int code = 0;
    for (size_t i = 0; i < count; i++)
        code |= look((const unsigned char *)items + i * 24, 24, dmap_index(ctx) + i, (uint64_t *)results + i);
    return code;
}

static const dmap_task tasks[TASKS] = {
    {.name = "small", .run = run, .result_size = SMALL},
    {.name = "large", .run = run, .result_size = LARGE},
    {.name = "huge", .run = run, .result_size = HUGE},
    {.name = "items", .run = run_look, .item_size = 24, .result_size = 8},
    {.name = "large items", .run = run_look, .item_size = LARGE, .result_size = 8},
    {.name = "batch", .run_batch = run_look_batch, .item_size = 24, .result_size = 8}};

typedef struct world {
    dmap__crew *crew;
    dmap__bell bell;
    dmap__gate gate;
    dmap__reach reach;
    dmap__grant grant;
    unsigned char *place; /* what the grant's results may go to, */
    size_t size, whole;   /* and what is mapped from there */
} world;

static size_t whole_pages(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (size + page - 1) / page * page;
}

static void run_grant(world *w, int workers, int task) {
    dmap__error error;
    dmap__bell_init(&w->bell, false);
    dmap__crew_config config = {.backend = workers ? DMAP_THREADS : DMAP_SERIAL,
                                .workers = workers ? workers : 1,
                                .bell = &w->bell,
                                .n_tasks = TASKS};
    CU_ASSERT_EQUAL_FATAL(dmap__crew_open(&config, &w->crew, &error), DMAP_OK);
    dmap__work work = {.task = &tasks[task], .task_id = (uint32_t)task, .want = DMAP__WANT_RESULTS};
    dmap__crew_begin(w->crew, &work);
    dmap__crew_submit(w->crew, &w->grant);
    uint32_t heard = dmap__bell_heard(&w->bell);
    for (; !dmap__crew_poll(w->crew); heard = dmap__bell_heard(&w->bell))
        if (!dmap__crew_step(w->crew))
            dmap__bell_wait(&w->bell, heard, 10);
}

/* A world with memory for a chunk's results or items. */
static void make_world(world *w, size_t size) {
    *w = (world){.reach = {getpid(), NULL}, .size = size};
    w->reach.gate = &w->gate;
    w->whole = whole_pages(w->size);
    w->place = mmap(NULL, w->whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(w->place != MAP_FAILED);
}

/* From that byte on the memory cannot be reached. */
static void forbid(const world *w, size_t from) {
    if (from < w->size)
        CU_ASSERT_EQUAL(mprotect(w->place + from, w->whole - from, PROT_NONE), 0);
}

/* Runs a chunk of items of a task, with place for its results. */
static void run_chunk(world *w, int workers, int task, uint64_t begin, uint64_t end, size_t forbidden) {
    size_of_task = tasks[task].result_size;
    make_world(w, (size_t)(end - begin) * size_of_task);
    forbid(w, forbidden);
    w->grant = (dmap__grant){
        .begin = begin, .end = end, .attempt = 1, .reach = &w->reach, .place = (uint64_t)(uintptr_t)w->place};
    dmap__outcome_init(&w->grant.outcome, begin, end);
    w->grant.outcome.fixed = dmap__memory_array(end - begin, size_of_task);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->grant.outcome.fixed);
    run_grant(w, workers, task);
}

/* Runs a chunk of items that lie in that memory. */
static void run_items(world *w, int workers, int task, uint64_t begin, uint64_t end, size_t forbidden) {
    size_t item = tasks[task].item_size;
    make_world(w, (size_t)(end - begin) * item);
    for (uint64_t i = begin; i < end; i++)
        memset(w->place + (size_t)(i - begin) * item, (int)(unsigned char)i, item);
    forbid(w, forbidden);
    w->grant = (dmap__grant){.begin = begin,
                             .end = end,
                             .attempt = 1,
                             .layout = DMAP__LAYOUT_ARRAY,
                             .reach = &w->reach,
                             .items_at = (uint64_t)(uintptr_t)w->place};
    dmap__outcome_init(&w->grant.outcome, begin, end);
    w->grant.outcome.fixed = dmap__memory_array(end - begin, 8);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->grant.outcome.fixed);
    run_grant(w, workers, task);
}

static void end_chunk(world *w) {
    CU_ASSERT_EQUAL(atomic_load(&w->gate.inside), 0);
    dmap__outcome_fini(&w->grant.outcome);
    dmap__crew_close(w->crew);
    munmap(w->place, w->whole);
}

static size_t wrong_results(const world *w, const unsigned char *results) {
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

static void check_ended(const world *w, bool is_placed) {
    const dmap__outcome *outcome = &w->grant.outcome;
    CU_ASSERT_EQUAL(outcome->trouble.status, DMAP_OK);
    CU_ASSERT_EQUAL(outcome->is_placed, is_placed);
    CU_ASSERT_EQUAL(outcome->n_failures, failures_in(outcome->begin, outcome->end));
    CU_ASSERT_EQUAL(dmap__outcome_items(outcome), outcome->end - outcome->begin);
    CU_ASSERT_EQUAL(wrong_results(w, is_placed ? w->place : outcome->fixed), 0);
}

static void test_passes(void) {
    world w;
    for (unsigned round = unit_rounds(60); round; round--) {
        uint64_t begin = unit_below(100), end = begin + 1 + unit_below(150);
        choose_failures(round % 2 ? 0 : 5);
        run_chunk(&w, (int)unit_below(5), TASK_LARGE, begin, end, SIZE_MAX);
        check_ended(&w, true);
        end_chunk(&w);
    }
}

/* No page of it can be written, or a batch is too small (the first is one item) or too large: all is kept. */
static void test_kept(void) {
    world w;
    for (unsigned round = unit_rounds(60); round; round--) {
        uint64_t begin = unit_below(100), end = begin + 1 + unit_below(150);
        int workers = (int)unit_below(5);
        choose_failures(round % 2 ? 0 : 5);
        run_chunk(&w, workers, TASK_LARGE, begin, end, 0);
        check_ended(&w, false);
        end_chunk(&w);
        run_chunk(&w, workers, TASK_SMALL, begin, end, SIZE_MAX);
        check_ended(&w, false);
        end_chunk(&w);
    }
    choose_failures(0);
    run_chunk(&w, 2, TASK_HUGE, 7, 10, SIZE_MAX);
    check_ended(&w, false);
    end_chunk(&w);
}

/* The first half has passed, and lies there only: the call cannot go on. */
static void test_half(void) {
    world w;
    choose_failures(0);
    run_chunk(&w, 0, TASK_LARGE, 0, 200, 100 * LARGE);
    const dmap__error *trouble = &w.grant.outcome.trouble;
    CU_ASSERT_EQUAL(trouble->status, DMAP_EIO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trouble->text, "cannot be written to the master's memory: Bad address"));
    CU_ASSERT_EQUAL(w.grant.outcome.limit, 0);
    end_chunk(&w);
}

static void test_items(void) {
    static const int look_tasks[] = {TASK_ITEMS, TASK_LARGE_ITEMS, TASK_BATCH};
    world w;
    for (unsigned round = unit_rounds(90); round; round--) {
        int task = look_tasks[round % 3];
        uint64_t begin = unit_below(100), end = begin + 1 + unit_below(task == TASK_LARGE_ITEMS ? 150 : 30000);
        run_items(&w, (int)unit_below(5), task, begin, end, SIZE_MAX);
        const dmap__outcome *outcome = &w.grant.outcome;
        size_t wrong = 0;
        CU_ASSERT_EQUAL(outcome->trouble.status, DMAP_OK);
        CU_ASSERT_EQUAL(outcome->n_failures, 0);
        CU_ASSERT_EQUAL(dmap__outcome_items(outcome), end - begin);
        for (uint64_t i = begin; i < end; i++)
            wrong += ((const uint64_t *)(const void *)outcome->fixed)[i - begin] != word_of(i);
        CU_ASSERT_EQUAL(wrong, 0);
        end_chunk(&w);
    }
}

static void test_unreadable_items(void) {
    world w;
    run_items(&w, 0, TASK_LARGE_ITEMS, 0, 200, 100 * LARGE);
    const dmap__error *trouble = &w.grant.outcome.trouble;
    CU_ASSERT_EQUAL(trouble->status, DMAP_EIO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trouble->text, "cannot be read from the master's memory: Bad address"));
    CU_ASSERT_EQUAL(w.grant.outcome.limit, 0);
    end_chunk(&w);
}

int main(void) {
    CU_TestInfo info[] = {{"all of a chunk pass", test_passes},
                          {"none does", test_kept},
                          {"a half does", test_half},
                          {"items", test_items},
                          {"unreadable items", test_unreadable_items},
                          CU_TEST_INFO_NULL};
    return unit_run("pass", info);
}
