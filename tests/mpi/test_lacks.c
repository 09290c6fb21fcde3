/* A system that does less than the usual, or a program with a limit on the size of files: what can be done another way
 * is, and what cannot is told by its name. "limited": such a limit holds, of LIMIT bytes or less; "unwatched":
 * processes are forked by a rank that has no pidfd_open. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness.h"

enum { N = 200, LIMIT = 4 << 20, LARGE = 3 * LIMIT };

/* ---- tasks ---- */

static int add(dmap_context *ctx, const void *item, void *result) {
    size_t size = 0;
    const unsigned char *shared = dmap_shared(ctx, &size);
    *(uint64_t *)result = *(const uint64_t *)item + (size ? shared[size - 1] : 0);
    return 0;
}

static int fail_or_die(dmap_context *ctx, const void *item, void *result) {
    uint64_t number = *(const uint64_t *)item;
    *(uint64_t *)result = number;
    if (number == 7)
        _exit(7);
    if (number == 11)
        for (;;)
            pause();
    return number == 13 ? dmap_fail(ctx, 13, "refused") : 0;
}

static int answer_much(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    void *place = dmap_result(ctx, dmap_index(ctx) == 1 ? LARGE : 8);
    return place ? 0 : 5;
}

static int measure(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    *(uint64_t *)result = dmap_item_size(ctx);
    return 0;
}

/* It stops the fork server, and dies: who is to be told of that has to wake the server. */
static int stop_server(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    if (dmap_index(ctx) == 3 && dmap_attempt(ctx) == 1) {
        kill(getppid(), SIGSTOP);
        _exit(1);
    }
    return 0;
}

DMAP_TASK(lacks_server, .run = stop_server, .item_size = 8, .result_size = 0);
DMAP_TASK(lacks_add, .run = add, .item_size = 8, .result_size = 8);
DMAP_TASK(lacks_dies, .run = fail_or_die, .item_size = 8, .result_size = 8);
DMAP_TASK(lacks_much, .run = answer_much, .item_size = 8, .result_size = DMAP_VARIABLE);
DMAP_TASK(lacks_measure, .run = measure, .item_size = DMAP_VARIABLE, .result_size = 8);

/* ---- a system that does less ---- */

static void check_sums(uint64_t more) {
    uint64_t results[N] = {0}, wrong = 0;
    dmap_status status = dmap_map(harness_pool, &lacks_add, dmap_range(0, N), dmap_into(results), NULL);
    for (uint64_t i = 0; i < N; i++)
        wrong += results[i] != i + more;
    if (status != DMAP_OK || wrong)
        harness_fail("%s, %d wrong: %s", dmap_status_name(status), (int)wrong, dmap_error(harness_pool));
}

static void test_map(void) {
    harness_watch("a map on a system that does less", 60);
    check_sums(0);
}

static void test_share(void) {
    unsigned char *data = calloc(1, LARGE);
    harness_watch("shared data on a system that does less", 60);
    if (!data)
        return;
    data[LARGE - 1] = 5;
    CU_ASSERT_EQUAL(dmap_share(harness_pool, data, LARGE), DMAP_OK);
    check_sums(5);
    CU_ASSERT_EQUAL(dmap_share(harness_pool, NULL, 0), DMAP_OK);
    free(data);
}

static void test_deaths(void) {
    dmap_map_options options = {.on_error = DMAP_KEEP_GOING, .item_timeout_s = 0.5, .progress = -1};
    dmap_results *results = NULL;
    harness_watch("deaths on a system that does less", 60);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &lacks_dies, dmap_range(0, N), dmap_collect(&results), &options),
                    DMAP_EITEM);
    for (uint64_t i = 0; i < N; i++) {
        dmap_item_status wanted = i == 7    ? DMAP_ITEM_CRASHED
                                  : i == 11 ? DMAP_ITEM_TIMEOUT
                                  : i == 13 ? DMAP_ITEM_FAILED
                                            : DMAP_ITEM_OK;
        if (dmap_results_status(results, i) != wanted)
            harness_fail("item %d: status %d: %s", (int)i, (int)dmap_results_status(results, i),
                         dmap_results_error(results, i));
    }
    dmap_results_free(results);
}

static void test_stopped(void) {
    dmap_map_options options = {.retries = 1, .progress = -1};
    harness_watch("a fork server that was stopped", 60);
    dmap_status status = dmap_map(harness_pool, &lacks_server, dmap_range(0, 20), dmap_discard(), &options);
    if (status != DMAP_OK)
        harness_fail("%s: %s", dmap_status_name(status), dmap_error(harness_pool));
}

/* Whoever forks by itself needs pidfd_open: it is named. */
static void test_unwatched(void) {
    uint64_t results[N];
    harness_watch("processes that cannot be watched", 60);
    dmap_status status = dmap_map(harness_pool, &lacks_add, dmap_range(0, N), dmap_into(results), NULL);
    if (status != DMAP_EUNSUPPORTED || !strstr(dmap_error(harness_pool), "(pidfd_open): Function not implemented"))
        harness_fail("%s: %s", dmap_status_name(status), dmap_error(harness_pool));
}

/* ---- a limit on files ---- */

static void check_sentence(dmap_status status, dmap_status wanted, const char *sentence) {
    if (status != wanted || !sentence || !strstr(sentence, "ulimit -f"))
        harness_fail("%s, not %s: %s", dmap_status_name(status), dmap_status_name(wanted), sentence ? sentence : "");
}

static void test_limited_share(void) {
    unsigned char *data = calloc(1, LARGE);
    harness_watch("shared data above the limit", 60);
    if (!data)
        return;
    check_sentence(dmap_share(harness_pool, data, LARGE), DMAP_EIO, dmap_error(harness_pool));
    CU_ASSERT_EQUAL(dmap_share(harness_pool, data, 1000), DMAP_OK);
    check_sums(0);
    free(data);
}

static void test_limited_result(void) {
    dmap_map_options options = {.on_error = DMAP_KEEP_GOING, .progress = -1};
    dmap_results *results = NULL;
    harness_watch("a result above the limit", 60);
    dmap_status status = dmap_map(harness_pool, &lacks_much, dmap_range(0, 3), dmap_collect(&results), &options);
    check_sentence(status, DMAP_EITEM, dmap_results_error(results, 1));
    CU_ASSERT(!dmap_results_error(results, 0) && !dmap_results_error(results, 2));
    dmap_results_free(results);
}

static void test_limited_item(void) {
    void *data = calloc(1, LARGE);
    dmap_blob item = {data, LARGE};
    uint64_t size;
    harness_watch("an item above the limit", 60);
    if (data)
        check_sentence(dmap_map(harness_pool, &lacks_measure, dmap_blobs(&item, 1), dmap_into(&size), NULL), DMAP_EIO,
                       dmap_error(harness_pool));
    free(data);
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("a system that does less", NULL, NULL);
    if (harness_has("unwatched")) {
        CU_ADD_TEST(suite, test_unwatched);
    } else if (harness_has("limited")) {
        CU_ADD_TEST(suite, test_limited_share);
        if (harness_has("processes")) {
            CU_ADD_TEST(suite, test_limited_result);
            CU_ADD_TEST(suite, test_limited_item);
        }
    } else {
        CU_ADD_TEST(suite, test_map);
        CU_ADD_TEST(suite, test_share);
        if (harness_has("processes")) {
            CU_ADD_TEST(suite, test_deaths);
            CU_ADD_TEST(suite, test_stopped);
        }
    }
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
