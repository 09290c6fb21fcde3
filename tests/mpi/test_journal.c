/* Journals, seen by who maps: every source into every sink, with items that fail at first. The same call again runs
 * these alone, and has all results; a third one runs nothing. The same after a call that was stopped, drained or
 * cancelled, with items that have changed, for calls in flight, and for streams. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dmap/call.h>

#include "cases.h"

static char folder[64], path[96];
static uint64_t stream = 1;

static void remove_journal(void) {
    static const char *const suffixes[] = {"", "-journal", ".lock"};
    char name[128];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

static int make_folder(void) {
    snprintf(folder, sizeof folder, "%s/journal.XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/run.journal", folder);
    stream = harness_seed;
    return 0;
}

static int remove_folder(void) {
    remove_journal();
    return rmdir(folder);
}

static uint64_t from_journal(void) {
    dmap_report report;
    dmap_report_get(harness_pool, &report);
    return report.from_journal;
}

static bool expect_kept(uint64_t wanted, bool or_less) {
    uint64_t kept = from_journal();
    return kept == wanted || (or_less && kept < wanted) ||
           harness_fail("%" PRIu64 " items came from the journal, wanted %" PRIu64, kept, wanted);
}

/* ---- every kind ---- */

static uint64_t failing(const test_case *c) {
    uint64_t n = 0;
    for (uint64_t i = 0; i < c->count; i++)
        n += world_fails(&c->world, i) > 0;
    return n;
}

static bool run_thrice(test_case *c) {
    remove_journal();
    c->count = 1 + draw_below(&stream, harness_is_small() ? 200 : 1500);
    c->options.journal = path;
    c->options.on_error = DMAP_KEEP_GOING;
    c->options.schedule = (dmap_schedule)draw_below(&stream, 5);
    c->options.chunk = draw_below(&stream, 2) ? 1 + draw_below(&stream, 50) : 0;
    c->world.fail_one_in = 1 + (uint32_t)draw_below(&stream, 40);
    c->world.fail_key = draw(&stream);
    uint64_t done = c->count - failing(c);
    if (!case_run(c) || !expect_kept(0, false))
        return false;
    c->world.fail_one_in = 0;
    c->options.schedule = (dmap_schedule)draw_below(&stream, 5);
    if (!case_run(c) || !expect_kept(done, c->sink == SINK_FOLD))
        return false;
    return case_run(c) && expect_kept(c->count, false);
}

static void test_kinds(void) {
    for (unsigned i = 0; i < SOURCES * SINKS * 16; i++) {
        test_case c = case_of((case_source)(i % SOURCES), (case_sink)(i / SOURCES % SINKS), 1);
        unsigned bits = i / (SOURCES * SINKS);
        c.variable_items = bits & 1;
        c.variable_results = bits & 2;
        c.batch = bits & 4;
        c.cost = bits & 8;
        if (case_is_possible(&c) && !run_thrice(&c))
            return;
    }
    CU_PASS("");
}

/* An item that fails stops the call at first: what was done below and above it is there the next time. */
static void test_stop(void) {
    for (unsigned i = 0; i < SOURCES * SINKS; i++) {
        test_case c = case_of((case_source)(i % SOURCES), (case_sink)(i / SOURCES), 1000);
        remove_journal();
        c.options.journal = path;
        c.world.fail_at[0] = draw_below(&stream, 1000);
        c.world.fail_times = ALWAYS;
        if (!case_run(&c) || !case_run(&c))
            return;
        c.world.fail_at[0] = NEVER;
        if (!case_run(&c) || !case_run(&c) || !expect_kept(1000, false))
            return;
    }
    CU_PASS("");
}

/* ---- calls that end early ---- */

typedef struct early {
    uint64_t seen;
    unsigned how;
    dmap_call *call;
} early;

enum { HOW_STOP, HOW_DRAIN, HOW_CANCEL, HOWS };

static int end_early(void *arg, const dmap_item_result *result) {
    early *e = arg;
    (void)result;
    if (++e->seen != 200)
        return 0;
    if (e->how == HOW_DRAIN)
        dmap_drain(harness_pool);
    if (e->how == HOW_CANCEL)
        dmap_cancel(e->call);
    return e->how == HOW_STOP;
}

static int triple(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = 3 * *(const uint64_t *)item;
    return 0;
}

DMAP_TASK(journal_triple, .run = triple, .item_size = 8, .result_size = 8);

static void test_early(void) {
    for (unsigned how = 0; how < HOWS; how++) {
        early e = {.how = how};
        uint64_t results[2000] = {0}, kept = 0;
        dmap_map_options options = {.journal = path, .chunk = 10, .window = 4096, .progress = -1};
        remove_journal();
        dmap_status status = dmap_map_async(harness_pool, &journal_triple, dmap_range(0, 2000),
                                            dmap_each(end_early, &e), &options, &e.call);
        CU_ASSERT_EQUAL_FATAL(status, DMAP_OK);
        CU_ASSERT_EQUAL(dmap_wait(e.call, -1), DMAP_ECANCELLED);
        dmap_call_free(e.call);
        status = dmap_map(harness_pool, &journal_triple, dmap_range(0, 2000), dmap_into(results), &options);
        CU_ASSERT_EQUAL(status, DMAP_OK);
        kept = from_journal();
        CU_ASSERT(kept >= 200 && kept <= 2000);
        for (uint64_t i = 0; i < 2000; i++)
            CU_ASSERT_EQUAL(results[i], 3 * i);
    }
}

/* ---- items that have changed ---- */

typedef struct list {
    const uint64_t *items;
    uint64_t next, count;
} list;

static int next_of(void *arg, dmap_blob *item) {
    list *l = arg;
    if (l->next == l->count)
        return DMAP_PULL_END;
    if (l->next % 7 == 3 && draw_below(&stream, 2))
        return DMAP_PULL_LATER;
    *item = (dmap_blob){&l->items[l->next++], 8};
    return DMAP_PULL_ITEM;
}

static void map_list(const uint64_t *items, uint64_t count, bool is_pulled, double (*cost)(void *, uint64_t)) {
    uint64_t *results = calloc(count, 8);
    list l = {.items = items, .count = count};
    dmap_map_options options = {.journal = path, .progress = -1, .cost = is_pulled ? NULL : cost};
    dmap_source source = is_pulled ? dmap_pull(next_of, &l) : dmap_array(items, count);
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &journal_triple, source, dmap_into(results), &options), DMAP_OK);
    for (uint64_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(results[i], 3 * items[i]);
    free(results);
}

static double by_size(void *arg, uint64_t index) {
    (void)arg;
    return index % 3 ? (double)index : 1.0 / 0.0;
}

static void test_changed(void) {
    static uint64_t items[1000];
    for (unsigned round = 0; round < 6; round++) {
        double (*cost)(void *, uint64_t) = round % 3 == 2 ? by_size : NULL;
        remove_journal();
        for (uint64_t i = 0; i < 1000; i++)
            items[i] = draw(&stream);
        map_list(items, 900, round % 2, cost);
        for (uint64_t i = 0; i < 30; i++)
            items[i * 30 + draw_below(&stream, 30)]++;
        map_list(items, 1000, round % 3 != 0, cost); /* what an array has kept is a pull source's, too */
        CU_ASSERT(expect_kept(870, false));
        map_list(items, 500, !(round % 2), cost);
        CU_ASSERT(expect_kept(500, false));
        items[0]++;
        map_list(items, 1000, round % 2, cost);
        CU_ASSERT(expect_kept(999, false));
    }
}

/* ---- calls in flight, streams ---- */

static void test_flight(void) {
    enum { CALLS = 5 };
    static const char *const names[CALLS] = {"first", "second", "third", "fourth", NULL};
    remove_journal();
    for (int round = 0; round < 2; round++) {
        dmap_call *calls[CALLS], *twice;
        static uint64_t results[CALLS][500];
        memset(results, 0, sizeof results);
        for (unsigned i = 0; i < CALLS; i++) {
            dmap_map_options options = {.journal = path, .journal_name = names[i], .progress = -1};
            CU_ASSERT_EQUAL_FATAL(dmap_map_async(harness_pool, &journal_triple, dmap_range(i, i + 500),
                                                 dmap_into(results[i]), &options, &calls[i]),
                                  DMAP_OK);
        }
        dmap_map_options options = {.journal = path, .journal_name = "first", .progress = -1};
        CU_ASSERT_EQUAL(
            dmap_map_async(harness_pool, &journal_triple, dmap_range(0, 500), dmap_discard(), &options, &twice),
            DMAP_OK);
        CU_ASSERT_EQUAL(dmap_wait(twice, -1), DMAP_EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(dmap_call_error(twice), "first"));
        dmap_call_free(twice);
        for (unsigned i = 0; i < CALLS; i++) {
            dmap_report report;
            CU_ASSERT_EQUAL(dmap_wait(calls[i], -1), DMAP_OK);
            dmap_call_report(calls[i], &report);
            CU_ASSERT_EQUAL(report.from_journal, round ? 500 : 0);
            for (uint64_t k = 0; k < 500; k++)
                CU_ASSERT_EQUAL(results[i][k], 3 * (i + k));
            dmap_call_free(calls[i]);
        }
    }
}

static void test_stream(void) {
    remove_journal();
    for (uint64_t round = 0, ends = 100; round < 4; round++, ends += 300) {
        dmap_stream *results;
        dmap_item_result result;
        dmap_map_options options = {.journal = path, .progress = -1};
        CU_ASSERT_EQUAL_FATAL(dmap_stream_open(harness_pool, &journal_triple, dmap_range(0, 1000), &options, &results),
                              DMAP_OK);
        uint64_t n = 0;
        for (; n < ends && dmap_stream_next(results, -1, &result) == DMAP_OK; n++)
            CU_ASSERT(result.index == n && *(const uint64_t *)result.data == 3 * n);
        CU_ASSERT_EQUAL(n, ends < 1000 ? ends : 1000);
        dmap_stream_close(results);
        while (dmap_step(harness_pool, -1) == DMAP_OK || dmap_step(harness_pool, 0) == DMAP_PENDING) {
        }
    }
}

/* ---- refusals ---- */

static void test_refused(void) {
    static uint64_t results[10];
    dmap_map_options options = {.journal = path, .progress = -1, .seed = 1};
    remove_journal();
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &journal_triple, dmap_range(0, 10), dmap_into(results), &options), DMAP_OK);
    options.seed = 2;
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &journal_triple, dmap_range(0, 10), dmap_into(results), &options),
                    DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), "its seed is 1, this one's is 2"));
    options.seed = 1;
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &journal_triple, dmap_range(3, 10), dmap_into(results), &options),
                    DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), "its source is range from 0, this one's is range from 3"));
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &journal_triple, dmap_range(0, 10), dmap_into(results), &options), DMAP_OK);
    CU_ASSERT(expect_kept(10, false));
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("journal", make_folder, remove_folder);
    CU_ADD_TEST(suite, test_kinds);
    CU_ADD_TEST(suite, test_stop);
    CU_ADD_TEST(suite, test_early);
    CU_ADD_TEST(suite, test_changed);
    CU_ADD_TEST(suite, test_flight);
    CU_ADD_TEST(suite, test_stream);
    CU_ADD_TEST(suite, test_refused);
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
