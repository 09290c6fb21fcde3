/* Pools that are closed with submitted items in flight, or about to be. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "closing.h"
#include "pools.h"

enum { FAILS = 99, LONG = 1000, LONG_US = 300000, THREADS = 16, IN_A_ROW = 5 };

static int fail_some(dmap_context *ctx, const void *item, void *result) {
    uint64_t number = *(const uint64_t *)item;
    *(uint64_t *)result = number;
    if (number == LONG)
        usleep(LONG_US);
    return number == FAILS ? dmap_fail(ctx, 1, "it is %d", FAILS) : 0;
}
DMAP_TASK(closing_fails, .run = fail_some, .item_size = 8, .result_size = 8);

static dmap_call *submit(dmap_pool *pool, const dmap_task *task, uint64_t number, const dmap_map_options *options) {
    dmap_call *call = NULL;
    CU_ASSERT_EQUAL(dmap_submit(pool, task, &number, sizeof number, options, &call), DMAP_OK);
    return call;
}

static dmap_pool *open_finishing(void) {
    dmap_options options = pools_back_end;
    options.on_close = DMAP_CLOSE_FINISH;
    options.close_s = 1e6;
    return pools_open(&options, DMAP_OK);
}

/* ---- another item's end is not theirs ---- */

typedef struct adder {
    dmap_pool *pool;
    dmap_call *call;
} adder;

static int add_one(void *arg, const dmap_item_result *result) {
    adder *a = arg;
    if (result->index == 0)
        a->call = submit(a->pool, &closing_fails, 3, NULL);
    return 0;
}

static void test_after_a_failure(void) {
    adder a = {.pool = open_finishing()};
    dmap_call *failed = submit(a.pool, &closing_fails, FAILS, NULL), *map;
    CU_ASSERT_EQUAL(dmap_wait(failed, -1), DMAP_EITEM);
    dmap_call *runs = submit(a.pool, &closing_fails, LONG, NULL);
    dmap_step(a.pool, 0);
    CU_ASSERT_EQUAL(dmap_map_async(a.pool, &closing_fails, dmap_range(0, 50), dmap_each(add_one, &a), NULL, &map),
                    DMAP_OK);
    CU_ASSERT_EQUAL(dmap_close(a.pool), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_call_status(runs), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_call_status(map), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_call_status(a.call), DMAP_OK);
    dmap_call_free(failed);
    dmap_call_free(runs);
    dmap_call_free(map);
    dmap_call_free(a.call);
}

typedef struct chain {
    dmap_pool *pool;
    dmap_call *calls[IN_A_ROW];
    int n;
} chain;

static void submit_next(void *arg, dmap_call *call) {
    chain *c = arg;
    (void)call;
    if (c->n < IN_A_ROW) {
        int i = c->n++;
        c->calls[i] =
            submit(c->pool, &closing_fails, (uint64_t)i, &(dmap_map_options){.on_done = submit_next, .on_done_arg = c});
    }
}

static void test_made_by_on_done(void) {
    chain c = {.pool = open_finishing()};
    submit_next(&c, NULL);
    CU_ASSERT_EQUAL(dmap_close(c.pool), DMAP_OK);
    CU_ASSERT_EQUAL(c.n, IN_A_ROW);
    for (int i = 0; i < c.n; i++) {
        CU_ASSERT_EQUAL(dmap_call_status(c.calls[i]), DMAP_OK);
        dmap_call_free(c.calls[i]);
    }
}

/* ---- what is told of them ---- */

/* Items that all ended well before the pool was closed: nothing was cancelled. */
static void test_told_of_idle(void) {
    char path[] = "/tmp/dmap-closing-XXXXXX", text[1 << 16];
    int file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0);
    setenv("DMAP_REPORT", path, 1);
    dmap_pool *pool = pools_open(&pools_back_end, DMAP_OK); /* it drops what is in flight */
    unsetenv("DMAP_REPORT");
    for (uint64_t i = 0; i < 3; i++) {
        dmap_call *call = submit(pool, &closing_fails, i, NULL);
        CU_ASSERT_EQUAL(dmap_wait(call, -1), DMAP_OK);
        dmap_call_free(call);
    }
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
    ssize_t n = read(file, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    CU_ASSERT(strstr(text, "\"status\":\"DMAP_OK\",\"items\":3,") && !strstr(text, "DMAP_ECANCELLED"));
    close(file);
    CU_ASSERT_EQUAL(unlink(path), 0);
}

/* ---- threads that wait for room ---- */

typedef struct submitter {
    dmap_pool *pool;
    dmap_call *call;
    dmap_status status;
} submitter;

static void *submit_one(void *arg) {
    submitter *s = arg;
    uint64_t number = 7;
    s->status = dmap_submit(s->pool, &pools_held, &number, sizeof number, &(dmap_map_options){.queue = 1}, &s->call);
    return NULL;
}

/* Some have their item in, the others wait, and leave before what they wait at is freed. */
static void test_waiters_leave(void) {
    static submitter all[THREADS];
    pthread_t threads[THREADS];
    dmap_pool *pool = pools_open(&pools_back_end, DMAP_OK);
    for (int i = 0; i < THREADS; i++) {
        all[i] = (submitter){.pool = pool};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, submit_one, &all[i]), 0);
    }
    for (int i = 0; i < 10; i++)
        dmap_step(pool, 0.05);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT(all[i].status == DMAP_OK || all[i].status == DMAP_ECANCELLED || all[i].status == DMAP_EINVAL);
        if (all[i].status == DMAP_OK) {
            CU_ASSERT_EQUAL(dmap_call_status(all[i].call), DMAP_ECANCELLED);
            dmap_call_free(all[i].call);
        }
    }
}

void closing_add_submits(CU_pSuite suite) {
    CU_ADD_TEST(suite, test_after_a_failure);
    CU_ADD_TEST(suite, test_made_by_on_done);
    CU_ADD_TEST(suite, test_told_of_idle);
    if (pools_back_end.backend != DMAP_SERIAL) /* there the thread that would close the pool runs the item */
        CU_ADD_TEST(suite, test_waiters_leave);
}
