/* Storms: maps in which many items end their process, others hang, and processes are killed from outside meanwhile.
 * What comes back is what the fates say, item by item; a killed process costs at most the item that it was at. Each
 * storm has its own source, sink and options, from its number; where a kill would make the outcome unknown (a fold, the
 * lowest failing index) the items are retried, or nobody is killed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash.h"

#define KILLS     20
#define TIMEOUT_S 1.0 /* so long that a good item is never over it; */
#define SHORT_S   0.1 /* it may be once, where there are retries */
#define RANGE_AT  UINT64_C(1000)
#define MOST_SIZE 400 /* of variable items and results */

typedef enum source_kind { SOURCE_ARRAY, SOURCE_BLOBS, SOURCE_RANGE, SOURCE_PULL } source_kind;
typedef enum sink_kind { SINK_EACH, SINK_COLLECT, SINK_INTO, SINK_FOLD } sink_kind;

typedef struct storm {
    uint64_t seed, count;
    source_kind source;
    sink_kind sink;
    const dmap_task *task;
    dmap_map_options options;
    bool kills;
    int killed;
    /* items */
    uint64_t *numbers;
    unsigned char *bytes;
    dmap_blob *blobs;
    uint64_t given;
    /* ends */
    uint64_t ended, unexplained;
    uint64_t *results, sum;
    dmap_results *table;
} storm;

/* ---- the tasks ---- */

typedef struct told {
    uint64_t count, seed;
} told; /* dmap_share's data */

static uint64_t item_number(uint64_t index) {
    return index * 7 + 1;
}

static size_t variable_size(uint64_t index) {
    return (size_t)(mix(index) % MOST_SIZE);
}

static int live(dmap_context *ctx, uint64_t index) {
    const told *t = dmap_shared(ctx, NULL);
    for (volatile uint64_t i = mix(index) % 20000; i; i--)
        continue;
    return fate_meet(ctx, fate_of(t->seed, index, t->count));
}

/* A fixed-size item is its number; of a range, another. */
static int storm_fixed(dmap_context *ctx, const void *item, void *result) {
    uint64_t index = dmap_index(ctx), number = *(const uint64_t *)item;
    if (number != item_number(index) && number != RANGE_AT + index)
        return dmap_fail(ctx, 77, "item %" PRIu64 " is %" PRIu64, index, number);
    *(uint64_t *)result = mix(index);
    return live(ctx, index);
}

static int storm_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    uint64_t first = dmap_index(ctx), number = *(const uint64_t *)items;
    bool is_range = number == RANGE_AT + first;
    for (uint64_t i = 0; i < count; i++) {
        if (!is_range && ((const uint64_t *)items)[i] != item_number(first + i))
            return dmap_fail(ctx, 77, "item %" PRIu64 " is another", first + i);
        ((uint64_t *)results)[i] = mix(first + i);
        int code = live(ctx, first + i);
        if (code)
            return code;
    }
    return 0;
}

static int storm_variable(dmap_context *ctx, const void *item, void *result) {
    uint64_t index = dmap_index(ctx);
    size_t size = dmap_item_size(ctx);
    uint64_t wanted[MOST_SIZE / 8];
    (void)result;
    fill(wanted, variable_size(index), index);
    if (size != variable_size(index) || memcmp(item, wanted, size))
        return dmap_fail(ctx, 77, "item %" PRIu64 " is another", index);
    void *place = dmap_result(ctx, variable_size(index + 1));
    fill(place, variable_size(index + 1), index);
    return live(ctx, index);
}

static void add(void *into, const void *from) {
    *(uint64_t *)into += *(const uint64_t *)from;
}

DMAP_TASK(crash_fixed, .run = storm_fixed, .item_size = 8, .result_size = 8, .combine = add);
DMAP_TASK(crash_batch, .run_batch = storm_batch, .item_size = 8, .result_size = 8, .combine = add);
DMAP_TASK(crash_variable, .run = storm_variable, .item_size = DMAP_VARIABLE, .result_size = DMAP_VARIABLE);

/* ---- what is expected ---- */

static fate fate_at(const storm *s, uint64_t index) {
    return fate_of(s->seed, index, s->count);
}

static bool is_bad(const storm *s, uint64_t index) {
    return fate_ends(fate_at(s, index), 1 + s->options.retries).status != DMAP_ITEM_OK;
}

/* The lowest index that fails; the end if none does. */
static uint64_t lowest_bad(const storm *s) {
    uint64_t index = 0;
    while (index < s->count && !is_bad(s, index))
        index++;
    return index;
}

static bool is_killed(const storm *s, dmap_item_status status, const char *error) {
    return s->kills && status == DMAP_ITEM_CRASHED && strstr(error, "killed by SIGKILL");
}

/* On a machine that is busy, a stack of many pages takes its time to overflow. */
static bool is_slow(const storm *s, uint64_t index, dmap_item_status status) {
    return s->options.item_timeout_s > 0 && status == DMAP_ITEM_TIMEOUT && fate_at(s, index) == FATE_OVERFLOW;
}

static bool is_right(const storm *s, uint64_t index, const void *data, size_t size) {
    if (s->task != &crash_variable)
        return size == 8 && *(const uint64_t *)data == mix(index);
    uint64_t wanted[MOST_SIZE / 8];
    fill(wanted, variable_size(index + 1), index);
    return size == variable_size(index + 1) && !memcmp(data, wanted, size);
}

/* The end of an item, as a sink that knows of it tells it. code < 0: not told. */
static void check_end(storm *s, uint64_t index, dmap_item_status status, int code, int signal, const char *error) {
    fate_end wanted = fate_ends(fate_at(s, index), 1 + s->options.retries);
    s->ended++;
    if (status == wanted.status && (code < 0 || (code == wanted.code && signal == wanted.signal)))
        return;
    if (is_killed(s, status, error))
        s->unexplained++;
    else if (!is_slow(s, index, status))
        harness_fail("item %" PRIu64 ", fate %d: status %d, code %d, signal %d: %s", index, (int)fate_at(s, index),
                     (int)status, code, signal, error ? error : "");
}

static int each(void *arg, const dmap_item_result *r) {
    storm *s = arg;
    check_end(s, r->index, r->status, r->code, r->signal, r->error);
    if (r->status == DMAP_ITEM_OK && !is_right(s, r->index, r->data, r->size))
        harness_fail("item %" PRIu64 " has a wrong result", r->index);
    if (r->status != DMAP_ITEM_OK && r->attempt != 1 + s->options.retries)
        harness_fail("item %" PRIu64 " ended at attempt %d: %s", r->index, r->attempt, r->error);
    return 0;
}

/* ---- a storm ---- */

static int pull(void *arg, dmap_blob *item) {
    storm *s = arg;
    if (s->given == s->count)
        return 0;
    *item = s->blobs[s->given++];
    return 1;
}

static void make_items(storm *s) {
    bool is_variable = s->task == &crash_variable;
    s->numbers = calloc(s->count, 8);
    s->blobs = calloc(s->count, sizeof *s->blobs);
    s->results = calloc(s->count, 8);
    s->bytes = calloc(s->count, MOST_SIZE);
    for (uint64_t i = 0; i < s->count; i++) {
        s->numbers[i] = item_number(i);
        s->blobs[i] = (dmap_blob){&s->numbers[i], 8};
        if (!is_variable)
            continue;
        s->blobs[i] = (dmap_blob){s->bytes + i * MOST_SIZE, variable_size(i)};
        fill(s->bytes + i * MOST_SIZE, variable_size(i), i);
    }
}

static dmap_source choose_source(storm *s) {
    switch (s->source) {
    case SOURCE_ARRAY:
        return dmap_array(s->numbers, s->count);
    case SOURCE_BLOBS:
        return dmap_blobs(s->blobs, s->count);
    case SOURCE_RANGE:
        return dmap_range(RANGE_AT, RANGE_AT + s->count);
    default:
        return dmap_pull(pull, s);
    }
}

static dmap_sink choose_sink(storm *s) {
    switch (s->sink) {
    case SINK_EACH:
        return dmap_each(each, s);
    case SINK_COLLECT:
        return dmap_collect(&s->table);
    case SINK_INTO:
        return dmap_into(s->results);
    default:
        return dmap_fold(&s->sum);
    }
}

static void check_table(storm *s, uint64_t end) {
    for (uint64_t index = 0; index < s->count; index++) {
        size_t size;
        dmap_item_status status = dmap_results_status(s->table, index);
        const void *data = dmap_results_at(s->table, index, &size);
        if (index > end) {
            CU_ASSERT_EQUAL(status, DMAP_ITEM_CANCELLED);
            continue;
        }
        check_end(s, index, status, -1, 0, dmap_results_error(s->table, index));
        if (status == DMAP_ITEM_OK && !is_right(s, index, data, size))
            harness_fail("item %" PRIu64 " has a wrong result", index);
    }
    dmap_results_free(s->table);
}

/* end: the item that stopped the call, or the end of all. */
static void check_results(storm *s, uint64_t end) {
    uint64_t sum = 0, last = end < s->count ? end : s->count;
    if (s->sink == SINK_COLLECT)
        check_table(s, end);
    for (uint64_t index = 0; index < last; index++) {
        if (is_bad(s, index))
            continue;
        sum += mix(index);
        if (s->sink == SINK_INTO && s->results[index] != mix(index))
            harness_fail("item %" PRIu64 " has a wrong result", index);
    }
    if (s->sink == SINK_FOLD)
        CU_ASSERT_EQUAL(s->sum, sum);
}

static void check_call(storm *s, dmap_status status) {
    uint64_t lowest = lowest_bad(s);
    bool stop = s->options.on_error == DMAP_STOP;
    char words[64];
    dmap_report report;
    dmap_report_get(harness_pool, &report);
    if (status != DMAP_EITEM)
        harness_fail("%s: %s", dmap_status_name(status), dmap_error(harness_pool));
    snprintf(words, sizeof words, "item %" PRIu64 " ", lowest);
    if (stop && strncmp(dmap_error(harness_pool), words, strlen(words)))
        harness_fail("not %s: %s", words, dmap_error(harness_pool));
    check_results(s, stop ? lowest : UINT64_MAX);
    if (!stop)
        CU_ASSERT_EQUAL(report.items, s->count);
    if (s->sink == SINK_EACH && s->ended != (stop ? lowest : s->count))
        harness_fail("%" PRIu64 " items were delivered", s->ended);
    CU_ASSERT(s->unexplained <= (uint64_t)s->killed);
}

static void run_storm(storm *s) {
    told t = {s->count, s->seed};
    char what[128];
    snprintf(what, sizeof what, "seed %" PRIu64 ": task %s, source %d, sink %d, retries %d, %s%s", s->seed,
             s->task->name, (int)s->source, (int)s->sink, s->options.retries,
             s->options.on_error ? "keep going" : "stop", s->kills ? ", kills" : "");
    harness_watch(what, 100);
    make_items(s);
    CU_ASSERT_EQUAL(dmap_share(harness_pool, &t, sizeof t), DMAP_OK);
    killer *k = s->kills ? killer_start(s->seed, KILLS) : NULL;
    dmap_status status = dmap_map(harness_pool, s->task, choose_source(s), choose_sink(s), &s->options);
    s->killed = killer_stop(k);
    check_call(s, status);
    free(s->numbers);
    free(s->blobs);
    free(s->bytes);
    free(s->results);
    if (harness_has("verbose")) {
        dmap_report report;
        dmap_report_get(harness_pool, &report);
        printf("  %s: %d killed, %.2f s\n", what, s->killed, report.seconds);
    }
}

/* What a storm is like follows from its number: all that differ in twelve. */
static storm choose(unsigned number, uint64_t seed) {
    static const dmap_task *const tasks[] = {&crash_fixed, &crash_variable, &crash_batch};
    uint64_t random = seed;
    storm s = {.seed = seed & ~UINT64_C(1), .count = harness_is_small() ? 1000 : 10000, .task = tasks[number % 3]};
    bool is_variable = s.task == &crash_variable;
    s.source = (source_kind)draw_below(&random, 4);
    s.sink = (sink_kind)(draw_below(&random, is_variable ? 2 : 4));
    if (is_variable)
        s.source = draw_below(&random, 2) ? SOURCE_BLOBS : SOURCE_PULL;
    s.options = (dmap_map_options){.seed = s.seed, .progress = -1};
    s.options.on_error = number % 4 == 1 ? DMAP_STOP : DMAP_KEEP_GOING;
    s.options.retries = number % 4 == 2 ? 5 : number % 4 == 3 ? 1 : 0;
    s.options.chunk = draw_below(&random, 3) ? 0 : (size_t)draw_below(&random, 200) + 1;
    s.kills = number % 4 == 2 || (number % 4 == 0 && s.sink <= SINK_COLLECT);
    if (number % 2 == 0 && s.task != &crash_batch) {
        s.seed |= 1; /* some hang */
        s.options.item_timeout_s = s.options.retries ? SHORT_S : TIMEOUT_S;
    }
    return s;
}

static void test_storms(void) {
    unsigned rounds = harness_is_small() ? 3 : 20;
    /* A process of a worker is a pidfd and the pipe of its exit code; one more holds the shared data. */
    int most = look_descriptors() + 1 + 2 * dmap_workers(harness_pool) / dmap_ranks(harness_pool);
    for (unsigned i = 0; i < rounds; i++) {
        storm s = choose(i, mix(harness_seed + i));
        run_storm(&s);
        if (look_descriptors() > most)
            harness_fail("%d descriptors, not %d", look_descriptors(), most);
        CU_ASSERT(look_no_zombies());
    }
}

void crash_add_storm(void) {
    CU_pSuite suite = CU_add_suite("storms", NULL, NULL);
    CU_ADD_TEST(suite, test_storms);
}
