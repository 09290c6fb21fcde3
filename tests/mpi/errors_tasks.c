/* Tasks, sources and sinks that do what they must not. */
#include "test_errors.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* ---- results ---- */

static int forget(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    return dmap_index(ctx) == 3 ? 0 : !dmap_result(ctx, 5);
}

static int want_too_much(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    size_t size = dmap_index(ctx) == 3 ? (size_t)1 << 60 : 16;
    void *place = dmap_result(ctx, size);
    if (place)
        memset(place, 1, size);
    return 0;
}

static int want_other(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    if (dmap_result(ctx, 7) || dmap_result(ctx, 8) != result)
        return 1;
    memset(result, 0, 8);
    return 0;
}

DMAP_TASK(forgets_result, .run = forget, .item_size = 8, .result_size = DMAP_VARIABLE);
DMAP_TASK(wants_too_much, .run = want_too_much, .item_size = 8, .result_size = DMAP_VARIABLE);
DMAP_TASK(wants_other, .run = want_other, .item_size = 8, .result_size = 8);

static void test_results(void) {
    dmap_results *table;
    dmap_pool *pool = harness_pool;
    harness_watch("results", 60);
    dmap_status status = dmap_map(pool, &forgets_result, dmap_range(0, 10), dmap_discard(), NULL);
    expect("no result", pool, status, DMAP_EITEM, WORDS("item 3 ", "forgets_result", "gave no result", "dmap_result"));
    status = dmap_map(pool, &wants_too_much, dmap_range(0, 10), dmap_collect(&table), NULL);
    CU_ASSERT_EQUAL(dmap_results_status(table, 2), DMAP_ITEM_OK);
    CU_ASSERT_EQUAL(dmap_results_status(table, 4), DMAP_ITEM_CANCELLED);
    expect("out of memory", pool, status, DMAP_ENOMEM,
           WORDS("item 3 ", "out of memory", "1152921504606846976 bytes", "rank ", "worker "));
    dmap_results_free(table);
    status = dmap_map(pool, &wants_other, dmap_range(0, 10), dmap_discard(), NULL);
    CU_ASSERT_EQUAL(status, DMAP_OK);
}

/* ---- sentences ---- */

static int fail_long(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    return dmap_fail(ctx, 0, "%05000d", 7);
}

static dmap_results *french;

DMAP_TASK(fails_long, .run = fail_long, .item_size = 8, .result_size = 0);

/* Characters of two bytes; the first of each even item begins one byte later. */
static int fail_long_in_french(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    char text[2002] = "x";
    char *next = text + dmap_index(ctx) % 2;
    for (int i = 0; i < 1000; i++, next += 2)
        memcpy(next, "\xc3\xa9", 3);
    return dmap_fail(ctx, 3, "%s", text);
}

DMAP_TASK(fails_in_french, .run = fail_long_in_french, .item_size = 8);

/* Cut between two characters, and apart from where it was. */
static void test_long_french(void) {
    const dmap_map_options options = {.on_error = DMAP_KEEP_GOING};
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &fails_in_french, dmap_range(0, 2), dmap_collect(&french), &options),
                    DMAP_EITEM);
    for (uint64_t i = 0; i < 2; i++) {
        const char *text = dmap_results_error(french, i), *next = text + strcspn(text, "\xc3"), *begin = next;
        while (!memcmp(next, "\xc3\xa9", 2))
            next += 2;
        CU_ASSERT(next - begin >= 996 && next - begin <= 1000);
        CU_ASSERT(!memcmp(next, " (on ", 5));
    }
    dmap_results_free(french);
}

static void test_long_sentence(void) {
    dmap_status status = dmap_map(harness_pool, &fails_long, dmap_range(0, 3), dmap_discard(), NULL);
    size_t zeros = 0, at = strcspn(dmap_error(harness_pool), ":") + 2;
    while (dmap_error(harness_pool)[at + zeros] == '0')
        zeros++;
    CU_ASSERT_TRUE(zeros >= 999 && zeros <= 1000);
    expect("a long sentence", harness_pool, status, DMAP_EITEM, WORDS("item 0 (attempt 1): 000", "rank ", "worker "));
}

/* ---- set-up ---- */

static int set_up(dmap_context *ctx) {
    const int *code = dmap_shared(ctx, NULL);
    return code && *code ? dmap_fail(ctx, *code, "no licence") : 0;
}

static int add_two(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)item + 2;
    return 0;
}

DMAP_TASK(needs_licence, .run = add_two, .item_size = 8, .result_size = 8, .setup = set_up);

static void test_set_up(void) {
    int code = 5;
    uint64_t results[50];
    dmap_pool *pool = harness_pool;
    harness_watch("a set-up that fails", 60);
    CU_ASSERT_EQUAL(dmap_share(pool, &code, sizeof code), DMAP_OK);
    for (int i = 0; i < 2; i++) {
        dmap_status status = dmap_map(pool, &needs_licence, dmap_range(0, 50), dmap_into(results), NULL);
        expect("a set-up that fails", pool, status, DMAP_EITEM,
               WORDS("setup", "needs_licence", "code 5", "no licence", "rank "));
    }
    code = 0;
    CU_ASSERT_EQUAL(dmap_share(pool, &code, sizeof code), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_map(pool, &needs_licence, dmap_range(0, 50), dmap_into(results), NULL), DMAP_OK);
    CU_ASSERT_EQUAL(results[49], 51);
    CU_ASSERT_EQUAL(dmap_share(pool, NULL, 0), DMAP_OK);
}

/* ---- the pool where it must not be used ---- */

typedef struct inner {
    int32_t status;
    int32_t is_known; /* the pool says it, too */
    char text[88];
} inner;

static void call_inside(inner *said) {
    uint64_t results[4];
    said->status = (int32_t)dmap_map(harness_pool, &plus_one, dmap_range(0, 4), dmap_into(results), NULL);
    snprintf(said->text, sizeof said->text, "%s", dmap_error(NULL));
    said->is_known = !strcmp(dmap_error(harness_pool), dmap_error(NULL));
}

static int use_pool(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    call_inside(result);
    return dmap_rank(ctx) == 0 || !harness_pool ? 0 : 1;
}

static int use_pool_each(void *arg, const dmap_item_result *result) {
    (void)result;
    call_inside(arg);
    return 0;
}

static void *use_pool_elsewhere(void *arg) {
    call_inside(arg);
    return NULL;
}

DMAP_TASK(uses_pool, .run = use_pool, .item_size = 8, .result_size = sizeof(inner));

static bool is_refused(const inner *said, const char *words) {
    return said->status == DMAP_EINVAL && said->is_known && strstr(said->text, words);
}

static void test_pool_inside(void) {
    inner said[64];
    pthread_t thread;
    dmap_pool *pool = harness_pool;
    harness_watch("the pool where it must not be used", 60);
    CU_ASSERT_EQUAL(dmap_map(pool, &uses_pool, dmap_range(0, 64), dmap_into(said), NULL), DMAP_OK);
    for (int i = 0; i < 64; i++) /* other ranks have no pool to misuse */
        CU_ASSERT_TRUE(is_refused(&said[i], "inside a task") || is_refused(&said[i], "pool is NULL"));
    memset(said, 0, sizeof said);
    CU_ASSERT_EQUAL(dmap_map(pool, &plus_one, dmap_range(0, 9), dmap_each(use_pool_each, said), NULL), DMAP_OK);
    CU_ASSERT_TRUE(is_refused(&said[0], "source or sink"));
    CU_ASSERT_STRING_EQUAL(dmap_error(pool), "");
    CU_ASSERT_EQUAL(pthread_create(&thread, NULL, use_pool_elsewhere, &said[1]), 0);
    pthread_join(thread, NULL);
    CU_ASSERT_TRUE(is_refused(&said[1], "another thread"));
    expect("misuse", pool, DMAP_OK, DMAP_OK, WORDS(""));
}

/* ---- sentences that are nobody's ---- */

static int mend_that(dmap_context *ctx) {
    dmap_fail(ctx, 1, "this was mended");
    return 0;
}

static int mend_then_fail(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    memset(result, 0, 8);
    return dmap_index(ctx) == 6 ? 3 : dmap_index(ctx) == 5 ? mend_that(ctx) : 0;
}

static int fail_at_first(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    return 3;
}

DMAP_TASK(mends_item, .run = mend_then_fail, .item_size = 8, .result_size = 8);
DMAP_TASK(mends_setup, .setup = mend_that, .run = fail_at_first, .item_size = 8, .result_size = 8);

/* What was said of something that ended well is not said of the next that fails. */
static void test_mended(void) {
    uint64_t results[8];
    dmap_map_options options = {.chunk = 8, .schedule = DMAP_STATIC};
    harness_watch("sentences of what was mended", 60);
    dmap_status status = dmap_map(harness_pool, &mends_item, dmap_range(0, 8), dmap_into(results), &options);
    expect("an item that was mended", harness_pool, status, DMAP_EITEM, WORDS("item 6", "the task returned 3"));
    status = dmap_map(harness_pool, &mends_setup, dmap_range(0, 8), dmap_into(results), &options);
    expect("a set-up that was mended", harness_pool, status, DMAP_EITEM, WORDS("item 0", "the task returned 3"));
}

/* ---- sources ---- */

typedef struct stream {
    uint64_t given, bad_at, delivered;
    uint64_t item;
} stream;

static int next(void *arg, dmap_blob *item) {
    stream *s = arg;
    s->item = s->given;
    *item = (dmap_blob){&s->item, s->given == s->bad_at ? 3 : 8};
    s->given++;
    return 1;
}

static int count(void *arg, const dmap_item_result *result) {
    stream *s = arg;
    return result->index != s->delivered++;
}

static void test_source(void) {
    stream s = {.bad_at = 500};
    harness_watch("an item of another size", 60);
    dmap_status status = dmap_map(harness_pool, &plus_one, dmap_pull(next, &s), dmap_each(count, &s), NULL);
    CU_ASSERT_EQUAL(s.delivered, 500);
    expect("an item of another size", harness_pool, status, DMAP_EINVAL,
           WORDS("item 500 ", "3 bytes", "plus_one", "wants 8"));
}

void errors_add_tasks(void) {
    CU_pSuite suite = CU_add_suite("tasks", NULL, NULL);
    CU_ADD_TEST(suite, test_results);
    CU_ADD_TEST(suite, test_long_sentence);
    CU_ADD_TEST(suite, test_long_french);
    CU_ADD_TEST(suite, test_set_up);
    CU_ADD_TEST(suite, test_mended);
    CU_ADD_TEST(suite, test_pool_inside);
    CU_ADD_TEST(suite, test_source);
}
