/* A call while it runs: what items emit, a source that has nothing yet, a caller who looks on and ends it, and items so
 * long that others must not wait for them. The back end and the number of ranks are the run's: see CMakeLists.txt. */
#include <string.h>

#include "live.h"

/* ---- emissions ---- */

enum { EMITTERS = 300 };

static size_t emitted_size(uint64_t index) {
    return index % 50 == 7 ? 3000000 + (size_t)(mix(index) % 1000) : (size_t)(mix(index) % 5000);
}

/* Emits its bytes in pieces of any size; a few items fail once after half of it. */
static int emit(dmap_context *ctx, const void *item, void *result) {
    static _Thread_local unsigned char bytes[3001000];
    uint64_t index = *(const uint64_t *)item, state = mix(index + 1);
    size_t size = emitted_size(index), at = 0;
    fill(bytes, size, index);
    while (at < size) {
        size_t n = (size_t)draw_below(&state, size - at + 1);
        if (dmap_emit(ctx, bytes + at, n))
            return dmap_fail(ctx, 9, "nobody takes what is emitted");
        at += n;
        if (index % 20 == 3 && dmap_attempt(ctx) == 1 && at > size / 2)
            return dmap_fail(ctx, 1, "once");
    }
    memcpy(result, &index, sizeof index);
    return 0;
}
DMAP_TASK(live_emit, .run = emit, .item_size = 8, .result_size = 8);

typedef struct emitted {
    unsigned char *bytes[EMITTERS];
    size_t size[EMITTERS];
    int attempt[EMITTERS];
    bool ended[EMITTERS], wrong;
    uint64_t next;
} emitted;

static int take_emission(void *arg, const dmap_emission *e) {
    emitted *got = arg;
    uint64_t i = e->index;
    if (i >= EMITTERS || got->ended[i] || e->attempt < got->attempt[i] || !e->size) {
        got->wrong = true;
        return 1;
    }
    if (e->attempt > got->attempt[i])
        got->size[i] = 0;
    got->attempt[i] = e->attempt;
    got->bytes[i] = realloc(got->bytes[i], got->size[i] + e->size);
    memcpy(got->bytes[i] + got->size[i], e->data, e->size);
    got->size[i] += e->size;
    return 0;
}

/* All that the item emitted is here, and right. */
static int take_end(void *arg, const dmap_item_result *r) {
    static unsigned char expected[3001000];
    emitted *got = arg;
    size_t size = emitted_size(r->index);
    fill(expected, size, r->index);
    got->wrong |= r->index != got->next++ || got->ended[r->index] || got->size[r->index] != size ||
                  (size && memcmp(got->bytes[r->index], expected, size) != 0);
    got->ended[r->index] = true;
    free(got->bytes[r->index]);
    return 0;
}

static void test_emissions(void) {
    emitted *got = calloc(1, sizeof *got);
    dmap_map_options options = {.retries = 1, .on_emit = take_emission, .on_emit_arg = got};
    harness_watch("emissions", 60);
    dmap_status status =
        dmap_map(harness_pool, &live_emit, dmap_range(0, EMITTERS), dmap_each(take_end, got), &options);
    CU_ASSERT_EQUAL(status, DMAP_OK);
    CU_ASSERT_FALSE(got->wrong);
    CU_ASSERT_EQUAL(got->next, EMITTERS);
    free(got);
    uint64_t results[10] = {0};
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &live_emit, dmap_range(8, 18), dmap_into(results), NULL), DMAP_EITEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(harness_pool), "nobody takes"));
}

static int refuse_emission(void *arg, const dmap_emission *e) {
    (void)e;
    return ++*(int *)arg == 3;
}

/* An emission function that stops the call: items that emit without end come to theirs. */
static int emit_for_ever(dmap_context *ctx, const void *item, void *result) {
    static const char bytes[10000];
    (void)item, (void)result;
    while (!dmap_emit(ctx, bytes, sizeof bytes))
        continue;
    return dmap_cancelled(ctx) ? 0 : 1;
}
DMAP_TASK(live_emit_for_ever, .run = emit_for_ever, .item_size = 8, .result_size = 0);

static void test_emission_stops(void) {
    int n = 0;
    dmap_map_options options = {.on_emit = refuse_emission, .on_emit_arg = &n};
    harness_watch("an emission function that stops the call", 60);
    dmap_status status = dmap_map(harness_pool, &live_emit_for_ever, dmap_range(0, 100), dmap_discard(), &options);
    CU_ASSERT_EQUAL(status, DMAP_ECANCELLED);
    CU_ASSERT_EQUAL(n, 3);
}

/* ---- a source that has nothing yet ---- */

typedef struct drip {
    uint64_t given, ended, count;
    uint64_t most; /* given and not ended */
    unsigned asked;
    bool in_turn; /* the next item is given when the one before has ended */
} drip;

static int drip_next(void *arg, dmap_blob *item) {
    drip *d = arg;
    static uint64_t number;
    if (d->given == d->count)
        return DMAP_PULL_END;
    if (d->in_turn ? d->given > d->ended : ++d->asked % 3)
        return DMAP_PULL_LATER;
    number = d->given++;
    if (d->given - d->ended > d->most)
        d->most = d->given - d->ended;
    *item = (dmap_blob){&number, sizeof number};
    return DMAP_PULL_ITEM;
}

static int drip_end(void *arg, const dmap_item_result *r) {
    drip *d = arg;
    uint64_t square;
    memcpy(&square, r->data, sizeof square);
    CU_ASSERT_EQUAL(square, r->index * r->index);
    d->ended++;
    return 0;
}

static int square(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)item * *(const uint64_t *)item;
    return 0;
}
DMAP_TASK(live_square, .run = square, .item_size = 8, .result_size = 8);

static void test_later(void) {
    harness_watch("a source that has nothing yet", 60);
    for (int in_turn = 0; in_turn < 2; in_turn++) {
        drip d = {.count = 60, .in_turn = in_turn};
        CU_ASSERT_EQUAL(dmap_map(harness_pool, &live_square, dmap_pull(drip_next, &d), dmap_each(drip_end, &d), NULL),
                        DMAP_OK);
        CU_ASSERT_EQUAL(d.ended, 60);
    }
}

/* Lean: no item is read before a worker is free for it. Else about one more a worker is. */
static void test_ahead(void) {
    dmap_map_options options = {.schedule = DMAP_DYNAMIC, .chunk = 1, .unordered = true};
    uint64_t workers = (uint64_t)dmap_workers(harness_pool), ranks = (uint64_t)dmap_ranks(harness_pool);
    harness_watch("items that wait at their rank", 60);
    for (options.ahead = -1; options.ahead <= 0; options.ahead++) {
        drip d = {.count = 400, .asked = 2};
        struct drip *all = &d;
        CU_ASSERT_EQUAL(
            dmap_map(harness_pool, &live_square, dmap_pull(drip_next, all), dmap_each(drip_end, all), &options),
            DMAP_OK);
        CU_ASSERT(d.most <= (options.ahead ? workers : 2 * workers + 4 * ranks));
    }
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("live", NULL, NULL);
    CU_ADD_TEST(suite, test_emissions);
    if (!harness_has("serial")) /* there nobody can look while an item runs */
        CU_ADD_TEST(suite, test_emission_stops);
    CU_ADD_TEST(suite, test_later);
    CU_ADD_TEST(suite, test_ahead);
    live_add_progress(suite);
    if (!harness_has("serial") || dmap_ranks(harness_pool) > 1)
        live_add_ends(suite);
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
