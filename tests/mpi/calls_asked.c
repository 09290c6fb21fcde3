/* Submitted items that are at their rank already when they are cancelled, or over their time: those that have not begun
 * are dropped, those that run are asked to stop, or killed. What items do is seen in two files, by their size: the
 * ranks of a test are on one host. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calls.h"

typedef enum asked_mode { ASKED_ENDS, ASKED_FAILS, ASKED_DEAF } asked_mode;

typedef struct asked_item {
    char directory[240];
    int64_t mode;
} asked_item;

static void tell(const asked_item *item, const char *what) {
    char path[300];
    snprintf(path, sizeof path, "%s/%s", item->directory, what);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1)
        fprintf(stderr, "cannot write to %s\n", path);
    close(fd);
}

static int run_until_asked(dmap_context *ctx, const void *items, void *results, size_t n) {
    const asked_item *item = items;
    for (size_t i = 0; i < n; i++)
        tell(item + i, "begun");
    while (item->mode == ASKED_DEAF || !dmap_cancelled(ctx))
        usleep(200);
    for (size_t i = 0; i < n; i++)
        tell(item + i, "asked");
    memset(results, 0, n * 8);
    return item->mode == ASKED_FAILS ? dmap_fail(ctx, 1, "it was asked to stop") : 0;
}

static int run_one(dmap_context *ctx, const void *item, void *result) {
    return run_until_asked(ctx, item, result, 1);
}
DMAP_TASK(calls_asked, .run = run_one, .item_size = sizeof(asked_item), .result_size = 8);
DMAP_TASK(calls_asked_batch, .run_batch = run_until_asked, .item_size = sizeof(asked_item), .result_size = 8);

/* ---- the master's side ---- */

static asked_item make(asked_mode mode) {
    asked_item item = {.mode = mode};
    const char *tmp = getenv("TMPDIR");
    snprintf(item.directory, sizeof item.directory, "%s/dmap-asked-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(item.directory));
    return item;
}

static size_t count(const asked_item *item, const char *what, bool last) {
    char path[300];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", item->directory, what);
    size_t n = stat(path, &status) ? 0 : (size_t)status.st_size;
    if (last)
        unlink(path);
    return n;
}

/* Twice as many as there are workers, of which each has begun one: how they all end is seen. Returns how many have
 * begun, in the end; so many have been asked, if they were no deaf ones. */
static void run_asked(const dmap_task *task, asked_mode mode, dmap_map_options options, dmap_status wanted) {
    size_t workers = (size_t)dmap_workers(harness_pool), n = 2 * workers;
    dmap_call *calls[64], *next;
    asked_item item = make(mode);
    uint64_t number = 7;
    CU_ASSERT_FATAL(n <= 64);
    for (size_t i = 0; i < n; i++)
        CU_ASSERT_EQUAL_FATAL(dmap_submit(harness_pool, task, &item, sizeof item, &options, &calls[i]), DMAP_OK);
    size_t awaited = task->run_batch ? 1 : workers;
    while (count(&item, "begun", false) < awaited && dmap_call_status(calls[0]) == DMAP_PENDING)
        dmap_step(harness_pool, 0.001);
    for (size_t i = 0; i < n && wanted == DMAP_ECANCELLED; i++)
        CU_ASSERT_EQUAL(dmap_cancel(calls[i]), DMAP_OK);
    for (size_t i = 0; i < n; i++) {
        calls_end(calls[i], wanted);
        dmap_call_free(calls[i]);
    }
    CU_ASSERT_EQUAL_FATAL(dmap_submit(harness_pool, &calls_hash, &number, 8, NULL, &next), DMAP_OK);
    calls_end(next, DMAP_OK);
    dmap_call_free(next);
    while (dmap_step(harness_pool, 10) != DMAP_END) /* which those that are at a rank must have come to an end for */
        continue;
    size_t begun = count(&item, "begun", true), asked = count(&item, "asked", true);
    CU_ASSERT(begun <= n); /* none was tried again */
    CU_ASSERT_EQUAL(asked, mode == ASKED_DEAF ? 0 : begun);
    rmdir(item.directory);
}

/* With a serial crew the thread that runs an item is the one that would hear of the cancel. */
static bool is_deaf(void) {
    return harness_has("serial");
}

static void test_cancel_asks(void) {
    if (is_deaf())
        return;
    harness_watch("submitted items that are asked to stop", 60);
    run_asked(&calls_asked, ASKED_ENDS, (dmap_map_options){0}, DMAP_ECANCELLED);
    run_asked(&calls_asked_batch, ASKED_ENDS, (dmap_map_options){0}, DMAP_ECANCELLED);
    run_asked(&calls_asked, ASKED_ENDS, (dmap_map_options){.kill = true}, DMAP_ECANCELLED);
}

/* One that waits for a worker ends as well, while they all are held. */
static void test_cancel_in_queue(void) {
    enum { HELD = 3000 };
    static dmap_call *calls[HELD];
    uint64_t microseconds = 600000000;
    if (is_deaf())
        return;
    harness_watch("a submitted item that is cancelled in the queue", 120);
    for (int i = 0; i < HELD; i++)
        CU_ASSERT_EQUAL(dmap_submit(harness_pool, &calls_spend, &microseconds, 8, NULL, &calls[i]), DMAP_OK);
    dmap_step(harness_pool, 0.05);
    CU_ASSERT_EQUAL(dmap_cancel(calls[HELD - 1]), DMAP_OK);
    calls_end(calls[HELD - 1], DMAP_ECANCELLED);
    for (int i = 0; i < HELD - 1; i++)
        CU_ASSERT_EQUAL(dmap_cancel(calls[i]), DMAP_OK);
    for (int i = 0; i < HELD; i++) {
        calls_end(calls[i], DMAP_ECANCELLED);
        dmap_call_free(calls[i]);
    }
}

/* Also where the thread that runs the item is the one that looks at the clock. */
static void test_timeout_alone(void) {
    uint64_t microseconds = 600000000;
    dmap_call *call;
    harness_watch("a submitted item that is over its time", 120);
    CU_ASSERT_EQUAL(
        dmap_submit(harness_pool, &calls_spend, &microseconds, 8, &(dmap_map_options){.timeout_s = 0.3}, &call),
        DMAP_OK);
    calls_end(call, DMAP_ETIMEOUT);
    dmap_call_free(call);
}

static void test_cancel_is_no_retry(void) {
    if (is_deaf())
        return;
    harness_watch("submitted items that fail as they are asked to stop", 60);
    run_asked(&calls_asked, ASKED_FAILS, (dmap_map_options){.retries = 50}, DMAP_ECANCELLED);
    run_asked(&calls_asked_batch, ASKED_FAILS, (dmap_map_options){.retries = 50}, DMAP_ECANCELLED);
}

static void test_timeout_asks(void) {
    if (is_deaf())
        return;
    harness_watch("submitted items that are over their time", 60);
    run_asked(&calls_asked, ASKED_ENDS, (dmap_map_options){.timeout_s = 0.3}, DMAP_ETIMEOUT);
    if (!harness_has("processes")) /* which are killed for that, at once */
        run_asked(&calls_asked, ASKED_FAILS, (dmap_map_options){.item_timeout_s = 0.3}, DMAP_EITEM);
}

static void test_cancel_kills(void) {
    if (!harness_has("processes"))
        return;
    harness_watch("submitted items that are killed", 60);
    run_asked(&calls_asked, ASKED_DEAF, (dmap_map_options){.kill = true, .retries = 3}, DMAP_ECANCELLED);
    run_asked(&calls_asked_batch, ASKED_DEAF, (dmap_map_options){.kill = true}, DMAP_ECANCELLED);
    run_asked(&calls_asked, ASKED_DEAF, (dmap_map_options){.kill = true, .timeout_s = 0.3}, DMAP_ETIMEOUT);
    run_asked(&calls_asked, ASKED_DEAF, (dmap_map_options){.item_timeout_s = 0.3}, DMAP_EITEM);
}

void calls_add_asked_tests(CU_pSuite suite) {
    CU_ADD_TEST(suite, test_cancel_asks);
    CU_ADD_TEST(suite, test_cancel_is_no_retry);
    CU_ADD_TEST(suite, test_cancel_in_queue);
    CU_ADD_TEST(suite, test_timeout_alone);
    CU_ADD_TEST(suite, test_timeout_asks);
    CU_ADD_TEST(suite, test_cancel_kills);
}
