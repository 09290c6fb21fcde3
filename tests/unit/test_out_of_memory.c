/* Memory runs out: the n-th allocation of a call fails, or all from the n-th on, for every n, over every source and
 * sink of a pool of one rank. The call then succeeds or says DMAP_ENOMEM; what it says is done is right; and the pool
 * is as good as before: the same call without a failure succeeds. Allocations of the library only: the linker sends
 * them here (--wrap). A hang is the test's time-out to find, a leak the sanitizer's. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "api/pool.h"
#include "unit.h"

#define COUNT 120
#define BAD   77 /* index of the item that fails */

/* ---- allocations that fail ---- */

static _Atomic bool armed, forever;
static _Atomic long countdown;

static bool is_out(void) {
    if (!atomic_load(&armed))
        return false;
    long left = atomic_fetch_sub(&countdown, 1);
    return atomic_load(&forever) ? left <= 1 : left == 1;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size) {
    return is_out() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return is_out() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    return is_out() ? NULL : __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return is_out() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text) {
    return is_out() ? NULL : __real_strdup(text);
}

static void arm(long n, bool for_ever) {
    atomic_store(&countdown, n);
    atomic_store(&forever, for_ever);
    atomic_store(&armed, true);
}

/* Returns true if it had come so far. */
static bool disarm(void) {
    atomic_store(&armed, false);
    return atomic_load(&countdown) <= 0;
}

/* ---- tasks ---- */

static size_t size_of(uint64_t index) {
    return (size_t)(index * 37 % 3000);
}

/* Item BAD fails at its first attempt, or, if its first byte says so, at each. */
static bool fails(const dmap_context *ctx, const void *item) {
    return dmap_index(ctx) == BAD && (dmap_attempt(ctx) == 1 || *(const unsigned char *)item == 0xee);
}

static int run_fixed(dmap_context *ctx, const void *item, void *result) {
    uint64_t index = dmap_index(ctx);
    memcpy(result, &index, sizeof index);
    return fails(ctx, item) ? dmap_fail(ctx, 4, "as it should") : 0;
}

static int run_variable(dmap_context *ctx, const void *item, void *result) {
    (void)result;
    size_t size = size_of(dmap_index(ctx));
    unsigned char *place = dmap_result(ctx, size);
    if (!place)
        return 3;
    memset(place, (int)(dmap_index(ctx) % 251), size);
    return fails(ctx, item) ? dmap_fail(ctx, 4, "as it should") : 0;
}

static void add(void *into, const void *from) {
    *(uint64_t *)into += *(const uint64_t *)from;
}

/* "left followed by right", asked for in two steps. */
static void append(dmap_merge *merge, dmap_blob left, dmap_blob right) {
    unsigned char *place = dmap_merge_result(merge, left.size);
    if (place)
        memcpy(place, left.data, left.size);
    place = dmap_merge_result(merge, left.size + right.size);
    if (place)
        memcpy(place + left.size, right.data, right.size);
}

DMAP_TASK(fixed, .run = run_fixed, .item_size = 8, .result_size = 8, .combine = add);
DMAP_TASK(variable, .run = run_variable, .item_size = DMAP_VARIABLE, .result_size = DMAP_VARIABLE, .merge = append);

/* ---- a call ---- */

static unsigned char items[COUNT][8];
static dmap_blob blobs[COUNT];
static uint64_t into[COUNT];

typedef struct scenario {
    const dmap_task *task;
    int source, sink; /* 0 array or blobs, 1 pull, 2 range; 0 into or discard, 1 collect, 2 each, 3 fold */
    bool shuffled, bad;
    dmap_map_options options;
} scenario;

/* What a call did, as its sinks tell it. */
static struct {
    uint64_t pulled, taken, total;
    void *merged;
    size_t merged_size;
    unsigned wrong;
    dmap_results *results;
} told;

static int pull_next(void *arg, dmap_blob *item) {
    (void)arg;
    if (told.pulled == COUNT)
        return 0;
    *item = blobs[told.pulled++];
    return 1;
}

static bool is_right(const scenario *s, uint64_t index, const void *data, size_t size) {
    if (s->task == &fixed)
        return size == sizeof index && !memcmp(data, &index, sizeof index);
    const unsigned char *bytes = data;
    bool right = size == size_of(index);
    for (size_t i = 0; right && i < size; i++)
        right = bytes[i] == index % 251;
    return right;
}

static int take_item(void *arg, const dmap_item_result *r) {
    const scenario *s = arg;
    bool right = r->index == told.taken++ || s->options.unordered;
    told.wrong += !right || (r->status == DMAP_ITEM_OK && !is_right(s, r->index, r->data, r->size));
    return 0;
}

static double some_cost(void *arg, uint64_t index) {
    (void)arg;
    return (double)(index % 13);
}

static dmap_source source_of(const scenario *s) {
    if (s->source == 1)
        return dmap_pull(pull_next, NULL);
    if (s->source == 2)
        return dmap_range(0, COUNT);
    return s->task == &fixed ? dmap_array(items, COUNT) : dmap_blobs(blobs, COUNT);
}

static dmap_sink sink_of(scenario *s) {
    switch (s->sink) {
    case 0:
        return s->task == &fixed ? dmap_into(into) : dmap_discard();
    case 1:
        return dmap_collect(&told.results);
    case 2:
        return dmap_each(take_item, s);
    default:
        return s->task == &fixed ? dmap_fold(&told.total) : dmap_fold_blob(&told.merged, &told.merged_size);
    }
}

static dmap_status call(dmap_pool *pool, scenario *s) {
    memset(&told, 0, sizeof told);
    memset(into, 0, sizeof into);
    memset(items, 0, sizeof items);
    items[BAD][0] = s->bad ? 0xee : 0;
    s->options.cost = s->shuffled ? some_cost : NULL;
    return dmap_map(pool, s->task, source_of(s), sink_of(s), &s->options);
}

/* The results lie one after the other: all, or those of the first items. The one that fails, and is kept, has none. */
static bool is_merged(const scenario *s, bool all) {
    const unsigned char *next = told.merged;
    const bool has_gap = s->bad && s->options.on_error == DMAP_KEEP_GOING;
    size_t left = told.merged_size, i = 0;
    for (; next && i < COUNT; i++) {
        size_t size = has_gap && i == BAD ? 0 : size_of(i);
        if (left < size || (size && !is_right(s, i, next, size)))
            break;
        next += size;
        left -= size;
    }
    return left == 0 && (i == COUNT || !all);
}

/* Of a call that says it is done all must be there; of any, what is there must be right. A fold is whole, or untouched;
 * memory that is out for a pulled item ends the call as a source that fails does. */
static void check(const scenario *s, dmap_status status) {
    bool done = status == DMAP_OK;
    CU_ASSERT_EQUAL(told.wrong, 0);
    CU_ASSERT(!done || s->sink != 2 || told.taken == COUNT);
    CU_ASSERT(!done || s->task != &fixed || s->sink != 3 || told.total == COUNT * (COUNT - 1) / 2);
    CU_ASSERT(status != DMAP_ENOMEM || !told.total || s->source == 1);
    CU_ASSERT(s->task == &fixed || s->sink != 3 || is_merged(s, done));
    free(told.merged);
    for (uint64_t i = 0; s->task == &fixed && s->sink == 0 && done && i < COUNT; i++)
        CU_ASSERT_EQUAL(into[i], i);
    for (uint64_t i = 0; told.results && i < dmap_results_count(told.results); i++) {
        size_t size;
        const void *data = dmap_results_at(told.results, i, &size);
        CU_ASSERT(data || !done);
        CU_ASSERT(!data || is_right(s, i, data, size));
    }
    CU_ASSERT(!done || s->sink != 1 || dmap_results_count(told.results) == COUNT);
    dmap_results_free(told.results);
}

static void sweep(dmap_pool *pool, scenario *s, bool for_ever) {
    const dmap_status wanted = s->bad ? DMAP_EITEM : DMAP_OK;
    bool more = true;
    unsigned refused = 0;
    for (long n = 1; more && n < 2000; n++) {
        arm(n, for_ever);
        dmap_status status = call(pool, s);
        more = disarm();
        CU_ASSERT(status == wanted || (more && status == DMAP_ENOMEM));
        CU_ASSERT(status != DMAP_ENOMEM || dmap_error(pool)[0] != '\0');
        refused += status == DMAP_ENOMEM;
        check(s, status);
        if (n % 8 == 1) {
            status = call(pool, s);
            CU_ASSERT_EQUAL(status, wanted);
            check(s, status);
        }
    }
    CU_ASSERT(!more);
    CU_ASSERT(refused > 3);
}

static scenario any_scenario(int source, int sink) {
    scenario s = {.source = source, .sink = sink, .bad = unit_chance(3)};
    s.task = source == 2 || unit_chance(2) ? &fixed : &variable;
    s.shuffled = source != 1 && unit_chance(3);
    s.options = (dmap_map_options){.chunk = 1 + (size_t)unit_below(60),
                                   .schedule = DMAP_DYNAMIC,
                                   .unordered = unit_chance(2),
                                   .retries = 1,
                                   .progress = -1,
                                   .window = 4096};
    s.options.on_error = s.bad && unit_chance(2) ? DMAP_KEEP_GOING : DMAP_STOP;
    s.bad = s.bad && s.source != 2;
    return s;
}

static void sweep_calls(dmap_backend backend) {
    dmap_options options = {.backend = backend, .workers = 2, .bind = DMAP_BIND_NONE};
    dmap_pool *pool = NULL;
    dmap__error error;
    for (int i = 0; i < COUNT; i++)
        blobs[i] = (dmap_blob){items[i], sizeof items[i]};
    CU_ASSERT_EQUAL_FATAL(dmap__pool_open(NULL, &options, &pool, &error), DMAP_OK);
    for (unsigned i = 0; i < 12 * unit_rounds(3); i++) {
        scenario s = any_scenario((int)(i % 3), (int)(i / 3 % 4));
        sweep(pool, &s, unit_chance(2));
    }
    CU_ASSERT_EQUAL(dmap__pool_close(pool), DMAP_OK);
}

static void test_serial(void) {
    sweep_calls(DMAP_SERIAL);
}

static void test_threads(void) {
    sweep_calls(DMAP_THREADS);
}

/* Workers' logs are moved whole or not at all, and are empty then: nothing of one chunk may turn up in the next. */
static void test_move(void) {
    dmap__failure failure = {.position = 1};
    for (long n = 1; n <= 4; n++) {
        dmap__outcome to, log;
        dmap__outcome_init(&to, 0, 9);
        dmap__outcome_init(&log, 0, 0);
        CU_ASSERT(dmap__outcome_add_span(&log, 0, 9, 1, true) && dmap__outcome_add_failure(&log, &failure, "said"));
        CU_ASSERT(dmap__outcome_fold_at(&log, 0, &fixed) != NULL && dmap__block_take(&log.blocks, 9) != NULL);
        arm(n, false);
        bool moved = dmap__outcome_move(&to, &log);
        disarm();
        CU_ASSERT_EQUAL(moved, n == 4);
        CU_ASSERT(!log.n_spans && !log.n_failures && !log.n_folds && !log.blocks);
        CU_ASSERT(to.n_spans == moved && to.n_failures == moved && to.n_folds == moved);
        dmap__outcome_fini(&to);
        dmap__outcome_fini(&log);
    }
}

/* A sentence for which memory is out is another one: what it was about is not lost with it. */
static void test_sentences(void) {
    static const char lost[] = "there is no memory left to say why";
    dmap__failure failure = {.position = 1};
    dmap__outcome log, to;
    dmap__outcome_init(&to, 0, 9);
    dmap__outcome_init(&log, 0, 0);
    CU_ASSERT(dmap__outcome_add_failure(&log, &failure, "said"));
    arm(1, false);
    bool added = dmap__outcome_add_failure(&log, &failure, "not said");
    arm(1, true);
    dmap__trouble_set(&log.trouble, DMAP_EITEM, "the %s of it", "first");
    dmap__trouble_set(&log.trouble, DMAP_EIO, "the second");
    disarm();
    CU_ASSERT(added && dmap__outcome_move(&to, &log) && log.trouble.status == DMAP_OK && !log.trouble.text);
    CU_ASSERT_EQUAL_FATAL(to.n_failures, 2);
    CU_ASSERT_STRING_EQUAL(to.failures[0].text, "said");
    CU_ASSERT_STRING_EQUAL(to.failures[1].text, lost);
    CU_ASSERT_EQUAL(to.failures[1].text_size, sizeof lost);
    CU_ASSERT_EQUAL(to.trouble.status, DMAP_EITEM);
    CU_ASSERT_STRING_EQUAL(to.trouble.text, lost);
    dmap__outcome_fini(&log);
    dmap__outcome_fini(&to);
}

static void test_open(void) {
    for (int i = 0; i < 2; i++) {
        bool more = true;
        for (long n = 1; more && n < 1000; n++) {
            dmap_options options = {.workers = 3, .bind = i ? DMAP_BIND_CORE : DMAP_BIND_NONE};
            dmap__error error;
            dmap_pool *pool = NULL;
            arm(n, i == 1);
            dmap_status status = dmap__pool_open(NULL, &options, &pool, &error);
            more = disarm();
            CU_ASSERT(status == DMAP_OK || (more && status == DMAP_ENOMEM));
            CU_ASSERT((pool != NULL) == (status == DMAP_OK));
            CU_ASSERT(status == DMAP_OK || error.text[0] != '\0');
            if (pool)
                CU_ASSERT_EQUAL(dmap__pool_close(pool), DMAP_OK);
        }
        CU_ASSERT(!more);
    }
}

int main(void) {
    CU_TestInfo tests[] = {{"calls, serial", test_serial}, {"calls, threads", test_threads},
                           {"a log is moved", test_move},  {"sentences", test_sentences},
                           {"opening", test_open},         CU_TEST_INFO_NULL};
    return unit_run("out of memory", tests);
}
