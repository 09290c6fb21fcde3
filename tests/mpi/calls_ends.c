/* How calls in flight end before their time: cancelled, freed, over their time; and what does not end with them. */
#include <stdlib.h>
#include <string.h>

#include "calls.h"

enum { LONG = 5000 };

static dmap_call *begin_long(uint64_t *times, uint64_t microseconds, const dmap_map_options *options) {
    dmap_call *call = NULL;
    for (size_t i = 0; i < LONG; i++)
        times[i] = microseconds;
    CU_ASSERT_EQUAL(dmap_map_async(harness_pool, &calls_spend, dmap_array(times, LONG), dmap_discard(), options, &call),
                    DMAP_OK);
    return call;
}

static void test_cancel(void) {
    static uint64_t times[LONG];
    harness_watch("cancelled calls", 60);
    for (int kill = 0; kill < 2; kill++) {
        dmap_call *call = begin_long(times, 20000, &(dmap_map_options){.kill = kill});
        CU_ASSERT_EQUAL(dmap_wait(call, 0.05), DMAP_PENDING);
        CU_ASSERT_EQUAL(dmap_cancel(call), DMAP_OK);
        CU_ASSERT_EQUAL(dmap_cancel(call), DMAP_OK);
        calls_end(call, DMAP_ECANCELLED);
        CU_ASSERT_PTR_NOT_NULL(strstr(dmap_call_error(call), "cancelled"));
        CU_ASSERT_EQUAL(dmap_cancel(call), DMAP_OK); /* nothing is left to be cancelled */
        CU_ASSERT_EQUAL(dmap_call_status(call), DMAP_ECANCELLED);
        dmap_call_free(call);
    }
}

/* What was delivered stays. */
static int count(void *arg, const dmap_item_result *result) {
    (void)result;
    ++*(uint64_t *)arg;
    return 0;
}

static void test_timeout(void) {
    static uint64_t times[LONG];
    uint64_t delivered = 0;
    dmap_call *call;
    dmap_report report;
    harness_watch("a call over its time", 60);
    for (size_t i = 0; i < LONG; i++)
        times[i] = 5000;
    CU_ASSERT_EQUAL(dmap_map_async(harness_pool, &calls_spend, dmap_array(times, LONG), dmap_each(count, &delivered),
                                   &(dmap_map_options){.timeout_s = 0.3}, &call),
                    DMAP_OK);
    calls_end(call, DMAP_ETIMEOUT);
    dmap_call_report(call, &report);
    CU_ASSERT_EQUAL(report.items, delivered);
    CU_ASSERT(delivered < LONG);
    dmap_call_free(call);
}

/* A call behind 1,024 others that run has its time, too, and can be cancelled. */
static void test_waiting(void) {
    enum { RUNNING = 1024, WAITING = 200 };
    dmap_call **calls = calloc(RUNNING + WAITING, sizeof *calls);
    uint64_t time = harness_has("serial") ? 100000 : 100000000; /* this thread cannot be called back from an item */
    harness_watch("calls that wait", 120);
    for (size_t i = 0; i < RUNNING + WAITING; i++) {
        dmap_map_options options = {.timeout_s = i >= RUNNING && i % 2 ? 0.05 : 0};
        CU_ASSERT_EQUAL_FATAL(
            dmap_map_async(harness_pool, &calls_spend, dmap_array(&time, 1), dmap_discard(), &options, &calls[i]),
            DMAP_OK);
    }
    CU_ASSERT_EQUAL(dmap_wait(calls[0], 0.02), DMAP_PENDING);
    for (size_t i = RUNNING; i < RUNNING + WAITING; i++) {
        if (i % 2 == 0)
            CU_ASSERT_EQUAL(dmap_cancel(calls[i]), DMAP_OK);
        calls_end(calls[i], i % 2 ? DMAP_ETIMEOUT : DMAP_ECANCELLED);
    }
    for (size_t i = 0; i < RUNNING + WAITING; i++)
        dmap_call_free(calls[i]);
    uint64_t results[3];
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &calls_hash, dmap_range(0, 3), dmap_into(results), NULL), DMAP_OK);
    free(calls);
}

/* Freed at any time: while it waits, runs, has ended. The source is there until then: a map that follows is the end. */
static void test_free(void) {
    static uint64_t times[LONG];
    uint64_t results[3];
    harness_watch("freed calls", 60);
    for (int waits = 0; waits < 3; waits++) {
        dmap_call *call = begin_long(times, 2000, NULL);
        if (waits)
            CU_ASSERT_EQUAL(dmap_wait(call, waits * 0.02), DMAP_PENDING);
        dmap_call_free(call);
        while (dmap_step(harness_pool, 10) == DMAP_PENDING)
            continue;
        CU_ASSERT_EQUAL(dmap_map(harness_pool, &calls_hash, dmap_range(0, 3), dmap_into(results), NULL), DMAP_OK);
    }
    for (uint64_t i = 0; i < 300; i++) {
        dmap_call *call;
        CU_ASSERT_EQUAL(dmap_submit(harness_pool, &calls_hash, &i, 8, NULL, &call), DMAP_OK);
        if (i % 3 == 0)
            dmap_step(harness_pool, 0);
        dmap_call_free(call);
    }
    while (dmap_step(harness_pool, 10) != DMAP_END)
        continue;
}

/* It ends at its time; what runs of it, runs to its end. */
static void test_submit_timeout(void) {
    uint64_t time = 2000000;
    dmap_call *running, *next;
    if (harness_has("serial"))
        return; /* this thread cannot be called back from an item */
    harness_watch("a submitted item over its time", 60);
    dmap_map_options options = {.timeout_s = 0.1};
    CU_ASSERT_EQUAL_FATAL(dmap_submit(harness_pool, &calls_spend, &time, 8, &options, &running), DMAP_OK);
    calls_end(running, DMAP_ETIMEOUT);
    dmap_call_free(running);
    time = 10;
    CU_ASSERT_EQUAL_FATAL(dmap_submit(harness_pool, &calls_hash, &time, 8, NULL, &next), DMAP_OK);
    dmap_call_free(next);
    while (dmap_step(harness_pool, 10) != DMAP_END)
        continue;
}

/* The queue is full: who submits is told, or waits. */
static void test_full_queue(void) {
    uint64_t time = 1000;
    dmap_call *calls[200];
    size_t n = 0;
    dmap_map_options options = {.queue = 20, .no_wait = true};
    harness_watch("a full queue", 60);
    while (n < 200 && dmap_submit(harness_pool, &calls_spend, &time, 8, &options, &calls[n]) == DMAP_OK)
        n++;
    const char *helper = getenv("DMAP_HELPER"); /* it may have taken some meanwhile */
    CU_ASSERT(n == 20 || (helper && n > 20));
    options.no_wait = false;
    for (; n < 200; n++)
        CU_ASSERT_EQUAL_FATAL(dmap_submit(harness_pool, &calls_spend, &time, 8, &options, &calls[n]), DMAP_OK);
    for (size_t i = 0; i < n; i++) {
        calls_end(calls[i], DMAP_OK);
        dmap_call_free(calls[i]);
    }
}

void calls_add_ends_tests(CU_pSuite suite) {
    CU_ADD_TEST(suite, test_cancel);
    CU_ADD_TEST(suite, test_timeout);
    CU_ADD_TEST(suite, test_waiting);
    CU_ADD_TEST(suite, test_free);
    CU_ADD_TEST(suite, test_full_queue);
    CU_ADD_TEST(suite, test_submit_timeout);
}
