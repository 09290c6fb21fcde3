/* Every size of a result to every sink that takes it, with items that fail: results are right whichever way they came,
 * and those that are to pass, where the system lets them, did pass. */
#include "placed.h"

#include <stdlib.h>
#include <string.h>

#define BYTES ((size_t)4 << 20) /* of results in a call, about */
#define LEAST 6                 /* items */
#define GUARD 64                /* bytes around results */
#define SHORT 100               /* items of a call in which they take long */

typedef enum route {
    INTO,
    INTO_ODD,
    INTO_SHUFFLED,
    COLLECT,
    COLLECT_SHUFFLED,
    EACH,
    EACH_NARROW,
    EACH_UNORDERED
} route;

static const char *const ways[] = {
    "into", "into odd places",         "into, shuffled", "collected", "collected, shuffled",
    "each", "each, by a small window", "each, unordered"};
#define WAYS ((int)(sizeof ways / sizeof *ways))

typedef struct call {
    const placed_kind *kind;
    route way;
    size_t n;
    placed_item *items;
    dmap_map_options options;
    dmap_status status;
    unsigned char *memory, *results; /* which lie in it, at an odd place or not */
    bool *is_there;                  /* delivered, and had not failed */
    uint64_t delivered, last;        /* to a function */
    bool in_order;
} call;

/* ---- one call ---- */

static double cost(void *arg, uint64_t index) {
    return (double)(mix(*(const uint64_t *)arg ^ index) % 1000);
}

static int take(void *arg, const dmap_item_result *r) {
    call *c = arg;
    c->in_order = c->in_order && (c->delivered == 0 || r->index > c->last);
    c->last = r->index;
    c->delivered++;
    if (r->status != DMAP_ITEM_OK)
        return 0;
    c->is_there[r->index] = r->size == c->kind->size;
    memcpy(c->results + r->index * c->kind->size, r->data, c->kind->size);
    return 0;
}

static void take_table(call *c, dmap_results *table) {
    CU_ASSERT(dmap_results_count(table) <= c->n);
    for (uint64_t i = 0; i < dmap_results_count(table); i++) {
        size_t size = 0;
        const void *result = dmap_results_at(table, i, &size);
        c->is_there[i] = result && size == c->kind->size;
        if (c->is_there[i])
            memcpy(c->results + i * size, result, size);
    }
    dmap_results_free(table);
}

static dmap_sink sink_of(call *c, dmap_results **table) {
    if (c->way == COLLECT || c->way == COLLECT_SHUFFLED)
        return dmap_collect(table);
    return c->way <= INTO_SHUFFLED ? dmap_into(c->results) : dmap_each(take, c);
}

/* Small results pass from a worker's second chunk on: then a batch is many of them, but for the last of a chunk. A
 * chunk of less than 64 KiB does not. */
static void choose_schedule(call *c, uint64_t *state) {
    bool is_small = c->kind->size < 4096;
    if (is_small)
        c->options.chunk = 70 + draw_below(state, 60);
    if (is_small || draw_below(state, 2))
        c->options.schedule = is_small ? DMAP_DYNAMIC : (dmap_schedule)(DMAP_STATIC + draw_below(state, 4));
}

static call *open_call(const placed_kind *kind, route way, uint64_t *state) {
    call *c = calloc(1, sizeof *c);
    *c = (call){.kind = kind, .way = way, .in_order = true};
    c->n = BYTES / kind->size / (harness_is_small() ? 2 : 1) + draw_below(state, 5);
    c->n = c->n < LEAST ? LEAST : c->n;
    c->items = placed_items(c->n);
    c->memory = malloc(c->n * kind->size + 2 * GUARD);
    memset(c->memory, 0x5a, c->n * kind->size + 2 * GUARD);
    c->results = c->memory + (way == INTO_ODD ? 1 + draw_below(state, GUARD) : GUARD);
    c->is_there = calloc(c->n, sizeof *c->is_there);
    choose_schedule(c, state);
    if (way == EACH_NARROW)
        c->options.window = 4096;
    c->options.unordered = way == EACH_UNORDERED;
    if (way == INTO_SHUFFLED || way == COLLECT_SHUFFLED)
        c->options.cost = cost;
    c->options.cost_arg = &harness_seed;
    return c;
}

static void run_call(call *c) {
    char what[160];
    dmap_results *table = NULL;
    snprintf(what, sizeof what, "%zu items to %zu bytes by %s, %s", c->n, c->kind->size, c->kind->task->name,
             ways[c->way]);
    harness_watch(what, 60);
    c->status = dmap_map(harness_pool, c->kind->task, dmap_array(c->items, c->n), sink_of(c, &table), &c->options);
    if (table)
        take_table(c, table);
    for (size_t i = 0; i < c->n && c->way <= INTO_SHUFFLED; i++)
        c->is_there[i] = true;
}

/* Results of the items below `end` that do not fail for good are there and right. */
static void check_results(const call *c, size_t end) {
    for (size_t i = 0; i < end; i++)
        if (c->items[i].fails <= (uint32_t)c->options.retries &&
            !(c->is_there[i] && placed_is_right(&c->items[i], c->results + i * c->kind->size, c->kind->size))) {
            harness_fail("item %zu %s", i, c->is_there[i] ? "is wrong" : "did not come");
            return;
        }
}

static void check_guards(const call *c) {
    const unsigned char *end = c->memory + c->n * c->kind->size + 2 * GUARD;
    for (const unsigned char *p = c->memory; p < end; p = p + 1 == c->results ? p + 1 + c->n * c->kind->size : p + 1)
        if (*p != 0x5a) {
            harness_fail("a byte beside the results was written");
            return;
        }
}

static void check_call(const call *c) {
    size_t lowest = 0;
    while (lowest < c->n && c->items[lowest].fails <= (uint32_t)c->options.retries)
        lowest++;
    bool stops = lowest < c->n && c->options.on_error == DMAP_STOP;
    char text[64];
    snprintf(text, sizeof text, "item %zu (attempt %d): the task returned 7", lowest, c->options.retries + 1);
    if (c->status != (lowest < c->n ? DMAP_EITEM : DMAP_OK))
        harness_fail("it returned %s: %s", dmap_status_name(c->status), dmap_error(harness_pool));
    else if (lowest < c->n && strncmp(dmap_error(harness_pool), text, strlen(text)) != 0)
        harness_fail("\"%s\" does not begin with \"%s\"", dmap_error(harness_pool), text);
    check_results(c, stops ? lowest : c->n);
    check_guards(c);
    if (c->way == EACH || c->way == EACH_NARROW)
        CU_ASSERT(c->in_order);
}

static void close_call(call *c) {
    free(c->items);
    free(c->memory);
    free(c->is_there);
    free(c);
}

/* ---- the tests ---- */

static placed_count *counts_before(int *can) {
    placed_count *before = calloc((size_t)dmap_ranks(harness_pool), sizeof *before);
    harness_watch("asking ranks what they have written", 60);
    *can = placed_counts(before);
    return before;
}

static void test_every_sink(void) {
    int can;
    dmap_report report;
    uint64_t state = harness_seed;
    placed_count *before = counts_before(&can);
    printf("%d of %d other ranks can write, ", can, dmap_ranks(harness_pool) - 1);
    for (size_t i = 0; i < placed_n_kinds; i++) {
        uint64_t received = 0;
        for (int way = 0; way < WAYS; way++) {
            call *c = open_call(&placed_kinds[i], (route)way, &state);
            if (way % 2 && !c->options.chunk)
                c->options.schedule = DMAP_STATIC;
            run_call(c);
            check_call(c);
            close_call(c);
            dmap_report_get(harness_pool, &report);
            received += report.bytes_received;
        }
        harness_watch("asking ranks what they have written", 60);
        placed_count written = placed_since(before);
        CU_ASSERT_EQUAL(written.bytes > 0, can && placed_kinds[i].passes);
        CU_ASSERT(received >= written.bytes);
        CU_ASSERT_EQUAL(written.failed, 0);
    }
    free(before);
}

static void choose_failures(call *c, uint64_t *state) {
    static const uint32_t times[] = {1, 2, 3, PLACED_ALWAYS};
    size_t one_in = 2 + draw_below(state, c->n);
    for (size_t i = 0; i < c->n; i++)
        if (draw_below(state, one_in) == 0)
            c->items[i].fails = times[draw_below(state, 4)];
    c->options.retries = (int)draw_below(state, 4);
    c->options.on_error = draw_below(state, 2) ? DMAP_STOP : DMAP_KEEP_GOING;
}

static void test_failures(void) {
    uint64_t state = mix(harness_seed);
    for (int round = harness_is_small() ? 20 : 80; round; round--) {
        call *c = open_call(&placed_kinds[draw_below(&state, placed_n_kinds)], (route)draw_below(&state, WAYS), &state);
        choose_failures(c, &state);
        run_call(c);
        check_call(c);
        close_call(c);
    }
}

/* Ranks that have workers: the master may have none. */
static int working_ranks(void) {
    dmap_rank_report report;
    int n = 0;
    for (int rank = 0; dmap_report_rank(harness_pool, rank, &report) == DMAP_OK; rank++)
        n += report.workers > 0;
    return n;
}

/* The last rank is slow: others take what it has not begun, and write that to its place. */
static uint64_t run_uneven(size_t kind, route way, uint64_t *state) {
    call *c = open_call(&placed_kinds[kind], way, state);
    dmap_report report;
    c->n = c->n < SHORT ? c->n : SHORT;
    c->options.schedule = DMAP_DYNAMIC;
    c->options.chunk = c->n / (size_t)working_ranks();
    for (size_t i = 0; i < c->n; i++) {
        c->items[i].slow_rank = dmap_ranks(harness_pool) - 1;
        c->items[i].pause_us = 1000;
        c->items[i].is_cut = 1;
    }
    run_call(c);
    check_call(c);
    close_call(c);
    dmap_report_get(harness_pool, &report);
    return report.recalled;
}

static void test_recalled(void) {
    uint64_t state = mix(harness_seed + 1), recalled = 0;
    for (int round = 0; round < 4 * WAYS && (round < WAYS || (working_ranks() > 1 && !recalled)); round++)
        recalled += run_uneven(draw_below(&state, 8), (route)(round % WAYS), &state);
    CU_ASSERT_EQUAL(recalled > 0, working_ranks() > 1);
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("placed", NULL, NULL);
    CU_ADD_TEST(suite, test_every_sink);
    CU_ADD_TEST(suite, test_failures);
    CU_ADD_TEST(suite, test_recalled);
    placed_add_items();
    placed_add_ends();
    placed_add_refused();
}

int main(int argc, char **argv) {
    placed_init();
    return harness_run(argc, argv, add_tests);
}
