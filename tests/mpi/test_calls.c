/* Calls in flight: made, waited for, looked at; items submitted by one thread and by several; calls made from
 * inside calls. The back end and the number of ranks are the run's: see CMakeLists.txt. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"

static int run_hash(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    uint64_t number;
    memcpy(&number, item, sizeof number);
    number = mix(number);
    memcpy(result, &number, sizeof number);
    return 0;
}
DMAP_TASK(calls_hash, .run = run_hash, .item_size = 8, .result_size = 8);

static int run_spend(dmap_context *ctx, const void *item, void *result) {
    uint64_t microseconds;
    memcpy(&microseconds, item, sizeof microseconds);
    double until = now_s() + (double)microseconds * 1e-6;
    while (now_s() < until && !dmap_cancelled(ctx))
        continue;
    memcpy(result, &microseconds, sizeof microseconds);
    return 0;
}
DMAP_TASK(calls_spend, .run = run_spend, .item_size = 8, .result_size = 8);

static int run_copy(dmap_context *ctx, const void *item, void *result) {
    (void)result;
    size_t size = dmap_item_size(ctx);
    void *place = dmap_result(ctx, size);
    if (place && size)
        memcpy(place, item, size);
    return place ? 0 : 1;
}
DMAP_TASK(calls_copy, .run = run_copy, .item_size = DMAP_VARIABLE, .result_size = DMAP_VARIABLE);

static int run_odd(dmap_context *ctx, const void *item, void *result) {
    uint64_t number;
    memcpy(&number, item, sizeof number);
    if (number % 2)
        return dmap_fail(ctx, 7, "%d is odd", (int)number);
    memcpy(result, &number, sizeof number);
    return 0;
}
DMAP_TASK(calls_odd, .run = run_odd, .item_size = 8, .result_size = 8);

DMAP_TASK(calls_empty, .item_size = 8, .result_size = 8);

void calls_end(dmap_call *call, dmap_status wanted) {
    dmap_status status = dmap_wait(call, 60);
    if (status != wanted)
        harness_fail("a call ended with %s instead of %s: %s", dmap_status_name(status), dmap_status_name(wanted),
                     dmap_call_error(call));
    CU_ASSERT_EQUAL(dmap_call_status(call), wanted);
    CU_ASSERT_EQUAL(dmap_wait(call, 0), wanted);
}

/* ---- maps ---- */

enum { MAPS = 40, ITEMS = 300 };

static void test_maps(void) {
    dmap_call *calls[MAPS];
    uint64_t(*results)[ITEMS] = calloc(MAPS, sizeof *results);
    harness_watch("maps in flight", 120);
    for (uint64_t m = 0; m < MAPS; m++)
        CU_ASSERT_EQUAL_FATAL(
            dmap_map_async(harness_pool, &calls_hash, dmap_range(m, m + ITEMS), dmap_into(results[m]), NULL, &calls[m]),
            DMAP_OK);
    CU_ASSERT_EQUAL(dmap_call_status(calls[MAPS - 1]), DMAP_PENDING);
    for (int m = MAPS - 1; m >= 0; m--) {
        dmap_report report;
        calls_end(calls[m], DMAP_OK);
        CU_ASSERT_STRING_EQUAL(dmap_call_error(calls[m]), "");
        dmap_call_report(calls[m], &report);
        CU_ASSERT_EQUAL(report.items, ITEMS);
        CU_ASSERT_EQUAL(report.failed, 0);
    }
    for (uint64_t m = 0; m < MAPS; m++) {
        for (uint64_t i = 0; i < ITEMS; i++)
            CU_ASSERT_EQUAL(results[m][i], mix(m + i));
        dmap_call_free(calls[m]);
    }
    free(results);
}

/* The numbers of a map that runs grow, and do not contradict one another. */
static void test_report_so_far(void) {
    enum { N = 20000 };
    dmap_call *call;
    dmap_report last = {0}, report;
    size_t between = 0;
    dmap_map_options options = {.schedule = DMAP_DYNAMIC, .chunk = 1, .on_error = DMAP_KEEP_GOING};
    harness_watch("the report of a map that runs", 120);
    CU_ASSERT_EQUAL_FATAL(dmap_map_async(harness_pool, &calls_odd, dmap_range(0, N), dmap_discard(), &options, &call),
                          DMAP_OK);
    while (dmap_call_status(call) == DMAP_PENDING) {
        dmap_call_report(call, &report);
        CU_ASSERT(report.items >= last.items && report.failed >= last.failed && report.seconds >= last.seconds);
        CU_ASSERT(report.items <= N && report.failed <= report.items && report.chunks >= report.items);
        CU_ASSERT(report.seconds > 0 && report.workers == dmap_workers(harness_pool));
        between += report.items > last.items && report.failed > last.failed && report.items < N;
        last = report;
        dmap_step(harness_pool, 0);
    }
    calls_end(call, DMAP_EITEM);
    CU_ASSERT(between > 0);
    dmap_call_report(call, &report);
    CU_ASSERT(report.items == N && report.failed == N / 2 && report.chunks >= N);
    last = report;
    dmap_call_report(call, &report);
    CU_ASSERT(report.seconds >= last.seconds && report.seconds <= last.seconds);
    dmap_call_free(call);
}

/* The blocking call goes on with others in flight, and each has its own error. */
static void test_beside_others(void) {
    dmap_call *odd, *slow;
    uint64_t result[4], times[2] = {200000, 200000}, spent[2] = {0};
    harness_watch("a map beside others", 60);
    CU_ASSERT_EQUAL(dmap_map_async(harness_pool, &calls_odd, dmap_range(2, 8), dmap_discard(), NULL, &odd), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_map_async(harness_pool, &calls_spend, dmap_array(times, 2), dmap_into(spent), NULL, &slow),
                    DMAP_OK);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &calls_hash, dmap_range(0, 4), dmap_into(result), NULL), DMAP_OK);
    CU_ASSERT_EQUAL(result[3], mix(3));
    calls_end(odd, DMAP_EITEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_call_error(odd), "item 1 (attempt 1): 3 is odd"));
    calls_end(slow, DMAP_OK);
    CU_ASSERT_EQUAL(spent[1], 200000);
    dmap_call_free(odd);
    dmap_call_free(slow);
}

/* Ten items behind a call that would last minutes. */
static void test_short_behind_long(void) {
    enum { LONG = 100000 };
    uint64_t *times = malloc(LONG * sizeof *times), results[10];
    dmap_call *long_one, *short_one;
    for (size_t i = 0; i < LONG; i++)
        times[i] = 3000;
    harness_watch("a short call behind a long one", 60);
    CU_ASSERT_EQUAL(
        dmap_map_async(harness_pool, &calls_spend, dmap_array(times, LONG), dmap_discard(), NULL, &long_one), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_wait(long_one, 0.2), DMAP_PENDING);
    CU_ASSERT_EQUAL(dmap_map_async(harness_pool, &calls_hash, dmap_range(5, 15), dmap_into(results), NULL, &short_one),
                    DMAP_OK);
    calls_end(short_one, DMAP_OK);
    CU_ASSERT_EQUAL(results[9], mix(14));
    CU_ASSERT_EQUAL(dmap_call_status(long_one), DMAP_PENDING);
    CU_ASSERT_EQUAL(dmap_cancel(long_one), DMAP_OK);
    calls_end(long_one, DMAP_ECANCELLED);
    dmap_call_free(long_one);
    dmap_call_free(short_one);
    free(times);
}

/* ---- submitted items ---- */

static void test_submit(void) {
    enum { N = 3000 };
    dmap_call **calls = calloc(N, sizeof *calls);
    harness_watch("submitted items", 120);
    for (uint64_t i = 0; i < N; i++)
        CU_ASSERT_EQUAL_FATAL(dmap_submit(harness_pool, &calls_hash, &i, sizeof i, NULL, &calls[i]), DMAP_OK);
    for (size_t done = 0; done < N; done++) {
        size_t which, size;
        CU_ASSERT_EQUAL_FATAL(dmap_wait_any(calls, N, 60, &which), DMAP_OK);
        const uint64_t *result = dmap_call_result(calls[which], &size);
        CU_ASSERT_FATAL(result && size == 8);
        CU_ASSERT_EQUAL(*result, mix(which));
        dmap_call_free(calls[which]);
        calls[which] = NULL;
    }
    free(calls);
}

static void test_submit_sizes(void) {
    static unsigned char bytes[300000];
    dmap_call *calls[40];
    harness_watch("submitted items of any size", 120);
    fill(bytes, sizeof bytes, 5);
    for (size_t i = 0; i < 40; i++)
        CU_ASSERT_EQUAL_FATAL(dmap_submit(harness_pool, &calls_copy, bytes, i * i * 190, NULL, &calls[i]), DMAP_OK);
    for (size_t i = 0; i < 40; i++) {
        size_t size;
        calls_end(calls[i], DMAP_OK);
        const void *result = dmap_call_result(calls[i], &size);
        CU_ASSERT_FATAL(result && size == i * i * 190);
        CU_ASSERT(memcmp(result, bytes, size) == 0);
        dmap_call_free(calls[i]);
    }
    uint64_t odd = 5;
    CU_ASSERT_EQUAL(dmap_submit(harness_pool, &calls_odd, &odd, 8, &(dmap_map_options){.retries = 2}, &calls[0]),
                    DMAP_OK);
    calls_end(calls[0], DMAP_EITEM);
    CU_ASSERT_PTR_NULL(dmap_call_result(calls[0], NULL));
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_call_error(calls[0]), "(attempt 3): 5 is odd"));
    dmap_call_free(calls[0]);
}

enum { THREADS = 4, EACH = 500 };

typedef struct submitter {
    pthread_t thread;
    uint64_t first;
    _Atomic size_t made;
    dmap_call *calls[EACH];
    int failed;
} submitter;

static void *submit_all(void *arg) {
    submitter *s = arg;
    dmap_map_options options = {.queue = 50};
    for (uint64_t i = 0; i < EACH; i++) {
        uint64_t number = s->first + i;
        s->failed += dmap_submit(harness_pool, &calls_hash, &number, 8, &options, &s->calls[i]) != DMAP_OK;
        if (i % 7 == 0)
            s->failed += dmap_cancel(s->calls[i]) != DMAP_OK;
        atomic_store(&s->made, i + 1);
    }
    return NULL;
}

/* Other threads submit and cancel, and wait for room in the queue, while this one moves the calls along. */
static void test_submit_from_threads(void) {
    submitter *all = calloc(THREADS, sizeof *all);
    harness_watch("items submitted by other threads", 120);
    for (size_t t = 0; t < THREADS; t++) {
        all[t].first = t * 1000000;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&all[t].thread, NULL, submit_all, &all[t]), 0);
    }
    double until = now_s() + 60;
    size_t ended = 0;
    while (ended < (size_t)THREADS * EACH && now_s() < until) {
        dmap_status status = dmap_step(harness_pool, 0.01);
        CU_ASSERT(status == DMAP_OK || status == DMAP_PENDING || status == DMAP_END);
        ended = 0;
        for (size_t t = 0; t < THREADS; t++)
            for (size_t i = 0, made = atomic_load(&all[t].made); i < made; i++)
                ended += dmap_call_status(all[t].calls[i]) != DMAP_PENDING;
    }
    for (size_t t = 0; t < THREADS; t++) {
        pthread_join(all[t].thread, NULL);
        CU_ASSERT_EQUAL(all[t].failed, 0);
        for (size_t i = 0; i < EACH; i++) {
            dmap_status status = dmap_wait(all[t].calls[i], 60);
            const uint64_t *result = dmap_call_result(all[t].calls[i], NULL);
            CU_ASSERT(status == DMAP_OK ? result && *result == mix(all[t].first + i)
                                        : status == DMAP_ECANCELLED && i % 7 == 0);
            dmap_call_free(all[t].calls[i]);
        }
    }
    free(all);
}

/* ---- calls from inside calls ---- */

typedef struct chain {
    dmap_call *next;
    int told, left;
    bool refused;
} chain;

static void go_on(void *arg, dmap_call *call) {
    chain *c = arg;
    c->told++;
    c->refused = dmap_wait(call, 0) == DMAP_EINVAL && dmap_step(harness_pool, 0) == DMAP_EINVAL;
    dmap_call_free(call);
    if (--c->left > 0)
        CU_ASSERT_EQUAL(dmap_map_async(harness_pool, &calls_hash, dmap_range(0, 3), dmap_discard(),
                                       &(dmap_map_options){.on_done = go_on, .on_done_arg = c}, &c->next),
                        DMAP_OK);
}

static void test_on_done(void) {
    chain c = {.left = 20};
    harness_watch("calls made by on_done", 60);
    CU_ASSERT_EQUAL(dmap_map_async(harness_pool, &calls_hash, dmap_range(0, 3), dmap_discard(),
                                   &(dmap_map_options){.on_done = go_on, .on_done_arg = &c}, &c.next),
                    DMAP_OK);
    for (dmap_status status = DMAP_OK; status == DMAP_OK || status == DMAP_PENDING;)
        status = dmap_step(harness_pool, 10);
    CU_ASSERT_EQUAL(c.told, 20);
    CU_ASSERT(c.refused);
}

enum { MORE = 1000 };

typedef struct flood {
    dmap_call *first, *calls[MORE];
    int refused, told;
} flood;

static void count_told(void *arg, dmap_call *call) {
    (void)call;
    ((flood *)arg)->told++;
}

static void submit_more(void *arg, dmap_call *call) {
    flood *f = arg;
    dmap_map_options options = {.queue = 10, .on_done = count_told, .on_done_arg = f};
    for (uint64_t i = 0; i < MORE; i++)
        f->refused += dmap_submit(harness_pool, &calls_hash, &i, 8, &options, &f->calls[i]) != DMAP_OK;
    dmap_call_free(call);
}

/* More than the queue holds: what submits from inside of a call does not wait for room. */
static void test_on_done_submits(void) {
    static flood f;
    harness_watch("a thousand items submitted by on_done", 60);
    CU_ASSERT_EQUAL(dmap_map_async(harness_pool, &calls_hash, dmap_range(0, 3), dmap_discard(),
                                   &(dmap_map_options){.on_done = submit_more, .on_done_arg = &f}, &f.first),
                    DMAP_OK);
    while (dmap_step(harness_pool, 60) != DMAP_END)
        continue;
    CU_ASSERT(f.refused == 0 && f.told == MORE);
    for (uint64_t i = 0; i < MORE; i++) {
        const uint64_t *result = dmap_call_result(f.calls[i], NULL);
        CU_ASSERT(result && *result == mix(i));
        dmap_call_free(f.calls[i]);
    }
}

static int make_more(void *arg, const dmap_item_result *result) {
    dmap_call **calls = arg;
    uint64_t number = result->index;
    dmap_status first = dmap_map_async(harness_pool, &calls_hash, dmap_range(0, 3), dmap_discard(), NULL, &calls[0]);
    dmap_status second = dmap_submit(harness_pool, &calls_hash, &number, 8, NULL, &calls[1]);
    dmap_status nested = dmap_map(harness_pool, &calls_hash, dmap_range(0, 3), dmap_discard(), NULL);
    return !(first == DMAP_OK && second == DMAP_OK && nested == DMAP_EINVAL);
}

static void test_made_inside(void) {
    dmap_call *calls[2];
    harness_watch("calls made by a sink", 60);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &calls_hash, dmap_range(0, 1), dmap_each(make_more, calls), NULL), DMAP_OK);
    calls_end(calls[0], DMAP_OK);
    calls_end(calls[1], DMAP_OK);
    CU_ASSERT_EQUAL(*(const uint64_t *)dmap_call_result(calls[1], NULL), mix(0));
    dmap_call_free(calls[0]);
    dmap_call_free(calls[1]);
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("calls", NULL, NULL);
    if (harness_has("soak")) {
        calls_add_soak(suite);
        return;
    }
    if (harness_has("memory")) {
        calls_add_memory_tests(suite);
        return;
    }
    CU_ADD_TEST(suite, test_maps);
    CU_ADD_TEST(suite, test_report_so_far);
    CU_ADD_TEST(suite, test_beside_others);
    CU_ADD_TEST(suite, test_short_behind_long);
    CU_ADD_TEST(suite, test_submit);
    CU_ADD_TEST(suite, test_submit_sizes);
    CU_ADD_TEST(suite, test_submit_from_threads);
    CU_ADD_TEST(suite, test_on_done);
    CU_ADD_TEST(suite, test_on_done_submits);
    CU_ADD_TEST(suite, test_made_inside);
    calls_add_stream_tests(suite);
    calls_add_ends_tests(suite);
    calls_add_asked_tests(suite);
    calls_add_beside_tests(suite);
    calls_add_bad_tests(suite);
    calls_add_loop_tests(suite);
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
