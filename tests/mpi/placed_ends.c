/* Calls that end before all is done: from the moment that dmap_map has returned, the memory for results is the caller's
 * own. Writes come late here, so one that is still to come would come after that. And memory that the library has for
 * results is given back, whether they were written there or not. */
#include "placed.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ITEMS    400
#define PAUSE_US 1000
#define LATE_US  3000
#define GUARD    0xa5

typedef enum ending { BY_TIME, BY_WATCH, BY_DRAIN, BY_FAILURE, BY_EACH, ENDINGS } ending;

static const struct {
    const char *name;
    dmap_status status;
} endings[ENDINGS] = {{"the time is over", DMAP_ETIMEOUT},
                      {"who looks on stops it", DMAP_ECANCELLED},
                      {"it is drained", DMAP_ECANCELLED},
                      {"an item fails", DMAP_EITEM},
                      {"the sink stops it", DMAP_ECANCELLED}};

typedef struct memory {
    unsigned char *results;
    size_t size;
} memory;

static int stop(void *arg, const dmap_progress *progress) {
    (void)arg, (void)progress;
    return 1;
}

static int drain(void *arg, const dmap_progress *progress) {
    (void)arg, (void)progress;
    return dmap_drain(harness_pool) != DMAP_OK;
}

static int take_some(void *left, const dmap_item_result *r) {
    const placed_item *const *items = left;
    uint64_t *n = (uint64_t *)left + 1;
    if (r->status != DMAP_ITEM_OK || !placed_is_right(&items[0][r->index], r->data, r->size))
        harness_fail("item %zu is wrong", (size_t)r->index);
    return --*n == 0;
}

static memory map_memory(size_t size) {
    memory m = {mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size};
    CU_ASSERT_FATAL(m.results != MAP_FAILED);
    return m;
}

static void end_early(const placed_kind *kind, ending how, const memory *m, size_t n, uint64_t *state) {
    placed_item *items = placed_items(n);
    for (size_t i = 0; i < n; i++) {
        items[i].pause_us = PAUSE_US;
        items[i].late_us = LATE_US;
    }
    struct {
        const placed_item *items;
        uint64_t left;
    } some = {items, 1 + draw_below(state, 20)};
    size_t failing = 1 + draw_below(state, 20);
    items[failing].fails = how == BY_FAILURE ? PLACED_ALWAYS : 0;
    dmap_map_options options = {.timeout_s = how == BY_TIME ? 0.01 + (double)draw_below(state, 30) * 1e-3 : 0,
                                .on_watch = how == BY_WATCH   ? stop
                                            : how == BY_DRAIN ? drain
                                                              : NULL};
    dmap_sink sink = how == BY_EACH ? dmap_each(take_some, &some) : dmap_into(m->results);
    dmap_status status = dmap_map(harness_pool, kind->task, dmap_array(items, n), sink, &options);
    if (status != endings[how].status)
        harness_fail("%s: %s", dmap_status_name(status), dmap_error(harness_pool));
    for (size_t i = 0; i < failing && how == BY_FAILURE; i++)
        CU_ASSERT(placed_is_right(&items[i], m->results + i * kind->size, kind->size));
    free(items);
}

/* A call that is left to end; nothing is late in it. */
static void run_another(const placed_kind *kind) {
    enum { N = 40 };
    placed_item *items = placed_items(N);
    unsigned char *results = malloc(N * kind->size);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, kind->task, dmap_array(items, N), dmap_into(results), NULL), DMAP_OK);
    for (size_t i = 0; i < N; i++)
        CU_ASSERT(placed_is_right(&items[i], results + i * kind->size, kind->size));
    free(results);
    free(items);
}

static bool is_untouched(const memory *m) {
    for (size_t i = 0; i < m->size; i++)
        if (m->results[i] != GUARD)
            return false;
    return true;
}

/* What is not mapped any more cannot be written: a rank that tries sees that it fails. */
static void end_and_unmap(const placed_kind *kind, ending how, uint64_t *state, size_t n) {
    placed_count *before = calloc((size_t)dmap_ranks(harness_pool), sizeof *before);
    memory m = map_memory(n * kind->size);
    placed_counts(before);
    end_early(kind, how, &m, n, state);
    munmap(m.results, m.size);
    run_another(kind);
    CU_ASSERT_EQUAL(placed_since(before).failed, 0);
    free(before);
}

static void end_and_fill(const placed_kind *kind, ending how, uint64_t *state, size_t n) {
    memory m = map_memory(n * kind->size);
    end_early(kind, how, &m, n, state);
    memset(m.results, GUARD, m.size);
    run_another(kind);
    if (!is_untouched(&m))
        harness_fail("the memory of a call that had ended was written");
    munmap(m.results, m.size);
}

static void test_ends(void) {
    uint64_t state = mix(harness_seed + 2);
    size_t n = ITEMS * (size_t)dmap_workers(harness_pool);
    for (int round = 0; round < (harness_is_small() ? 1 : 2) * ENDINGS; round++) {
        const placed_kind *kind = &placed_kinds[draw_below(&state, 8)];
        ending how = (ending)(round % ENDINGS);
        char what[120];
        snprintf(what, sizeof what, "%s, after which %s", endings[how].name, kind->task->name);
        harness_watch(what, 60);
        end_and_unmap(kind, how, &state, n);
        end_and_fill(kind, how, &state, n);
    }
}

static void run_each(const placed_kind *kind, size_t n, uint32_t refuse_in) {
    placed_item *items = placed_items(n);
    const dmap_map_options options = {.schedule = DMAP_STATIC};
    struct {
        const placed_item *items;
        uint64_t left;
    } all = {items, UINT64_MAX};
    for (size_t i = 0; i < n; i++)
        items[i].refuse_in = refuse_in;
    CU_ASSERT_EQUAL(dmap_map(harness_pool, kind->task, dmap_array(items, n), dmap_each(take_some, &all), &options),
                    DMAP_OK);
    CU_ASSERT_EQUAL(all.left, UINT64_MAX - n);
    free(items);
}

static size_t memory_in_use(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Each call has 2 MiB; all that other ranks hold of it would be left over, twenty times. */
static void test_gives_back(void) {
    const placed_kind *kind = &placed_kinds[4];
    size_t n = ((size_t)2 << 20) / kind->size;
    harness_watch("memory for results that is given back", 60);
    for (uint32_t refuse_in = 0; refuse_in < 2; refuse_in++) {
        size_t before = 0;
        for (int i = 0; i < 23; i++) {
            before = i == 3 ? memory_in_use() : before;
            run_each(kind, n, refuse_in);
        }
        size_t now = memory_in_use();
        if (now > before + n * kind->size)
            harness_fail("%zu bytes more are in use than before", now - before);
    }
}

void placed_add_ends(void) {
    CU_pSuite suite = CU_add_suite("ends", NULL, NULL);
    CU_ADD_TEST(suite, test_ends);
    CU_ADD_TEST(suite, test_gives_back);
}
