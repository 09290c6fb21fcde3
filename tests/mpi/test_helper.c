/* A pool's helper moves calls along while the program computes; functions of the program's wait for it. The back end
 * and the number of ranks are the run's: see CMakeLists.txt. "funnelled": MPI is started with MPI_THREAD_FUNNELED. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper.h"
#include "pools.h"

enum { MANY = 3000 };

static bool is_funnelled;

static dmap_pool *open_pool(void) {
    dmap_options options = pools_back_end;
    options.helper = true;
    return pools_open(&options, DMAP_OK);
}

/* The program computes: it calls nothing of dmap's but what never moves a call along. */
static void compute(void) {
    static _Atomic uint64_t sum;
    for (int i = 0; i < 100000; i++)
        atomic_fetch_add_explicit(&sum, (uint64_t)i, memory_order_relaxed);
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double now_s(void) {
    return seconds(CLOCK_MONOTONIC);
}

static void compute_until_ended(const dmap_call *call) {
    while (dmap_call_status(call) == DMAP_PENDING)
        compute();
}

/* As many chunks as there are items: far more than are out at a time. */
static dmap_call *begin(dmap_pool *pool, const dmap_task *task, dmap_sink sink, dmap_map_options options) {
    dmap_call *call = NULL;
    options.schedule = DMAP_DYNAMIC;
    options.chunk = 1;
    CU_ASSERT_EQUAL(dmap_map_async(pool, task, dmap_range(0, MANY), sink, &options, &call), DMAP_OK);
    return call;
}

static void check(const uint64_t *results) {
    uint64_t wrong = 0;
    for (uint64_t i = 0; i < MANY; i++)
        wrong += results[i] != i * i;
    CU_ASSERT_EQUAL(wrong, 0);
}

/* ---- it moves calls along ---- */

static void test_moves_along(void) {
    static uint64_t results[3][MANY];
    dmap_pool *pool = open_pool();
    dmap_call *calls[3];
    for (int i = 0; i < 3; i++)
        calls[i] = begin(pool, &pools_square, dmap_into(results[i]), (dmap_map_options){0});
    for (int i = 0; i < 3; i++) {
        compute_until_ended(calls[i]);
        CU_ASSERT_EQUAL(dmap_call_status(calls[i]), DMAP_OK);
        check(results[i]);
        dmap_call_free(calls[i]);
    }
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
}

/* Without it nothing of a call that is not out already is begun. */
static void test_rests_without(void) {
    static uint64_t results[MANY];
    dmap_pool *pool = pools_open(&pools_back_end, DMAP_OK);
    dmap_call *call = begin(pool, &pools_square, dmap_into(results), (dmap_map_options){0});
    for (double until = now_s() + 2; now_s() < until;)
        compute();
    CU_ASSERT_EQUAL(dmap_call_status(call), DMAP_PENDING);
    CU_ASSERT_EQUAL(dmap_wait(call, -1), DMAP_OK);
    check(results);
    dmap_call_free(call);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
}

/* While there is nothing to move along it sleeps: with no call, with one that is open for submits, with items that run,
 * and with what waits for the owner. The process does not take a core meanwhile. */
static void test_sleeps(void) {
    dmap_pool *pool = open_pool();
    dmap_call *calls[2] = {NULL, NULL};
    dmap_stream *stream = NULL;
    uint64_t number = 3;
    for (int step = 0; step < 4; step++) {
        if (step == 1) {
            CU_ASSERT_EQUAL(dmap_submit(pool, &pools_square, &number, 8, NULL, &calls[0]), DMAP_OK);
            CU_ASSERT_EQUAL(dmap_wait(calls[0], -1), DMAP_OK);
        } else if (step == 2) {
            calls[1] = begin(pool, &pools_held, dmap_discard(), (dmap_map_options){0});
        } else if (step == 3) {
            CU_ASSERT_EQUAL(dmap_cancel(calls[1]), DMAP_OK);
            compute_until_ended(calls[1]);
            CU_ASSERT_EQUAL(dmap_stream_open(pool, &pools_square, dmap_range(0, 100), NULL, &stream), DMAP_OK);
        }
        double began = seconds(CLOCK_PROCESS_CPUTIME_ID);
        usleep(500000);
        double took = seconds(CLOCK_PROCESS_CPUTIME_ID) - began;
        if (took > 0.25)
            fprintf(stderr, "step %d: %.3f s of a core in half a second\n", step, took);
        CU_ASSERT(took <= 0.25);
    }
    dmap_stream_close(stream);
    dmap_call_free(calls[0]);
    dmap_call_free(calls[1]);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
}

/* ---- functions of the program's ---- */

typedef struct seen {
    pthread_t owner;
    dmap_pool *pool;
    uint64_t given, next, taken;
    bool is_owners;
    unsigned done;
} seen;

static void note(seen *s) {
    s->is_owners = s->is_owners && pthread_equal(s->owner, pthread_self());
}

static int give(void *arg, dmap_blob *item) {
    seen *s = arg;
    note(s);
    s->given = s->next;
    *item = (dmap_blob){&s->given, 8};
    return s->next++ < MANY ? DMAP_PULL_ITEM : DMAP_PULL_END;
}

static int take(void *arg, const dmap_item_result *result) {
    seen *s = arg;
    note(s);
    s->taken += *(const uint64_t *)result->data == result->index * result->index;
    return 0;
}

static double cost(void *arg, uint64_t index) {
    note(arg);
    return (double)(index % 7);
}

static int watch(void *arg, const dmap_progress *progress) {
    (void)progress;
    note(arg);
    return 0;
}

static void done(void *arg, dmap_call *call) {
    seen *s = arg;
    note(s);
    s->done++;
    dmap_call_free(call);
}

static void test_program_functions(void) {
    static uint64_t results[MANY];
    seen s = {.owner = pthread_self(), .pool = open_pool(), .is_owners = true};
    dmap_map_options tells = {.on_done = done, .on_done_arg = &s};
    dmap_map_options costs = {.on_done = done, .on_done_arg = &s, .cost = cost, .cost_arg = &s, .unordered = true};
    dmap_map_options watched = {.on_done = done, .on_done_arg = &s, .on_watch = watch, .on_watch_arg = &s};
    dmap_call *call;
    CU_ASSERT_EQUAL(dmap_map_async(s.pool, &pools_square, dmap_pull(give, &s), dmap_each(take, &s), &tells, &call),
                    DMAP_OK);
    begin(s.pool, &pools_square, dmap_each(take, &s), tells);
    begin(s.pool, &pools_square, dmap_into(results), costs);
    begin(s.pool, &pools_square, dmap_discard(), watched);
    for (double until = now_s() + 0.2; now_s() < until;)
        compute();
    while (s.done < 4)
        CU_ASSERT(dmap_step(s.pool, 10) != DMAP_EINVAL);
    CU_ASSERT(s.is_owners);
    CU_ASSERT_EQUAL(s.taken, 2 * MANY);
    check(results);
    CU_ASSERT_EQUAL(dmap_close(s.pool), DMAP_OK);
}

/* An end that the helper saw is told by the owner. */
static void test_told_later(void) {
    seen s = {.owner = pthread_self(), .pool = open_pool(), .is_owners = true};
    dmap_call *call =
        begin(s.pool, &pools_square, dmap_discard(), (dmap_map_options){.on_done = done, .on_done_arg = &s});
    struct pollfd look = {.fd = dmap_fd(s.pool), .events = POLLIN};
    dmap_step(s.pool, 0); /* from here on it is readable for what the helper does alone */
    compute_until_ended(call);
    CU_ASSERT_EQUAL(s.done, 0);
    CU_ASSERT_EQUAL(poll(&look, 1, -1), 1);
    CU_ASSERT_EQUAL(dmap_step(s.pool, 0), DMAP_OK);
    CU_ASSERT_EQUAL(s.done, 1);
    CU_ASSERT(s.is_owners);
    CU_ASSERT_EQUAL(dmap_step(s.pool, 0), DMAP_END);
    CU_ASSERT_EQUAL(dmap_close(s.pool), DMAP_OK);
}

/* ---- other threads ---- */

enum { SUBMITS = 300, ENDLESS = 20 };

typedef struct submitter {
    dmap_pool *pool;
    dmap_call *calls[SUBMITS], *endless[ENDLESS];
    _Atomic bool is_over;
    unsigned failed;
} submitter;

/* Waits for room in the queue, which nobody but the helper makes; and cancels. */
static void *submit_all(void *arg) {
    submitter *s = arg;
    dmap_map_options options = {.queue = 20};
    for (uint64_t i = 0; i < SUBMITS; i++)
        s->failed += dmap_submit(s->pool, &pools_square, &i, 8, &options, &s->calls[i]) != DMAP_OK;
    for (uint64_t i = 0; i < ENDLESS; i++)
        s->failed += dmap_submit(s->pool, &pools_held, &i, 8, NULL, &s->endless[i]) != DMAP_OK;
    for (uint64_t i = 0; i < ENDLESS; i++)
        s->failed += dmap_cancel(s->endless[i]) != DMAP_OK;
    atomic_store(&s->is_over, true);
    return NULL;
}

static void test_other_threads(void) {
    static submitter s;
    pthread_t thread;
    s = (submitter){.pool = open_pool()};
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, submit_all, &s), 0);
    while (!atomic_load(&s.is_over))
        compute();
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(s.failed, 0);
    for (uint64_t i = 0; i < ENDLESS; i++) {
        compute_until_ended(s.endless[i]);
        CU_ASSERT_EQUAL(dmap_call_status(s.endless[i]), DMAP_ECANCELLED);
        dmap_call_free(s.endless[i]);
    }
    for (uint64_t i = 0; i < SUBMITS; i++) {
        compute_until_ended(s.calls[i]);
        const uint64_t *result = dmap_call_result(s.calls[i], NULL);
        CU_ASSERT(result && *result == i * i);
        dmap_call_free(s.calls[i]);
    }
    CU_ASSERT_EQUAL(dmap_close(s.pool), DMAP_OK);
}

/* ---- beside the owner ---- */

/* The owner comes and goes, as the helper works: calls are made, looked at, waited for, cancelled, freed. */
static void test_beside(void) {
    static uint64_t results[MANY], others[50];
    dmap_pool *pool = open_pool();
    dmap_item_result r;
    dmap_stream *stream = NULL;
    dmap_call *call = begin(pool, &pools_square, dmap_into(results), (dmap_map_options){0});
    CU_ASSERT_EQUAL(dmap_stream_open(pool, &pools_square, dmap_range(0, 500), NULL, &stream), DMAP_OK);
    for (uint64_t i = 0; i < 500; i++) {
        dmap_report report;
        dmap_call *cancelled;
        CU_ASSERT_EQUAL(dmap_stream_next(stream, -1, &r), DMAP_OK);
        CU_ASSERT(r.index == i && *(const uint64_t *)r.data == i * i);
        dmap_call_report(call, &report);
        CU_ASSERT(report.items <= MANY);
        if (i % 50)
            continue;
        cancelled = begin(pool, &pools_held, dmap_discard(), (dmap_map_options){0});
        CU_ASSERT_EQUAL(dmap_cancel(cancelled), DMAP_OK);
        CU_ASSERT_EQUAL(dmap_map(pool, &pools_square, dmap_range(0, 50), dmap_into(others), NULL), DMAP_OK);
        if (i % 100)
            compute_until_ended(cancelled);
        dmap_call_free(cancelled);
        CU_ASSERT_EQUAL(dmap_map_async(pool, NULL, dmap_range(0, 1), dmap_discard(), NULL, &cancelled), DMAP_EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(pool), "the task is NULL"));
    }
    CU_ASSERT_EQUAL(dmap_stream_next(stream, -1, &r), DMAP_END);
    dmap_stream_close(stream);
    CU_ASSERT_EQUAL(dmap_wait(call, -1), DMAP_OK);
    check(results);
    dmap_call_free(call);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
}

/* A copy of the program has no helper, and the calls are not its own. */
static void test_fork(void) {
    static uint64_t results[MANY];
    dmap_pool *pool = open_pool();
    dmap_call *call = begin(pool, &pools_square, dmap_into(results), (dmap_map_options){0});
    for (int i = 0; i < 3; i++) {
        int status = 1;
        pid_t child = fork();
        if (!child)
            _exit(dmap_wait(call, -1) == DMAP_EINVAL && dmap_step(pool, -1) == DMAP_EINVAL ? 0 : 1);
        CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
        CU_ASSERT_EQUAL(status, 0);
    }
    compute_until_ended(call);
    check(results);
    dmap_call_free(call);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
}

static void test_close(void) {
    static const dmap_on_close ways[] = {DMAP_CLOSE_DROP, DMAP_CLOSE_FINISH, DMAP_CLOSE_KILL};
    static uint64_t results[MANY];
    for (size_t i = 0; i < 3; i++) {
        dmap_options options = pools_back_end;
        options.helper = true;
        options.on_close = ways[i];
        dmap_pool *pool = pools_open(&options, DMAP_OK);
        dmap_call *call = begin(pool, &pools_square, dmap_into(results), (dmap_map_options){0}), *endless = NULL;
        if (ways[i] != DMAP_CLOSE_FINISH)
            endless = begin(pool, &pools_held, dmap_discard(), (dmap_map_options){0});
        CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
        CU_ASSERT(dmap_call_status(call) == DMAP_OK || (endless && dmap_call_status(call) == DMAP_ECANCELLED));
        CU_ASSERT(!endless || dmap_call_status(endless) == DMAP_ECANCELLED);
        dmap_call_free(call);
        dmap_call_free(endless);
    }
}

/* ---- refused ---- */

static void test_refused(void) {
    dmap_options options = pools_back_end;
    options.helper = true;
    options.backend = DMAP_SERIAL;
    options.workers = 0;
    CU_ASSERT_PTR_NULL(pools_open(&options, DMAP_EUNSUPPORTED));
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(NULL), "DMAP_SERIAL"));
    if (!is_funnelled || pools_ranks() == 1)
        return;
    options = pools_back_end;
    options.helper = true;
    CU_ASSERT_PTR_NULL(pools_open(&options, DMAP_EUNSUPPORTED));
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(NULL), "MPI_THREAD_SERIALIZED"));
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(NULL), "DMAP_HELPER=yes"));
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("helper", NULL, NULL);
    CU_ADD_TEST(suite, test_refused);
    if (is_funnelled && pools_ranks() > 1)
        return;
    CU_ADD_TEST(suite, test_moves_along);
    CU_ADD_TEST(suite, test_rests_without);
    CU_ADD_TEST(suite, test_sleeps);
    CU_ADD_TEST(suite, test_program_functions);
    CU_ADD_TEST(suite, test_told_later);
    CU_ADD_TEST(suite, test_other_threads);
    CU_ADD_TEST(suite, test_beside);
    CU_ADD_TEST(suite, test_fork);
    CU_ADD_TEST(suite, test_close);
    helper_add_asks(suite);
    helper_add_pools(suite);
}

int main(int argc, char **argv) {
    unsetenv("DMAP_HELPER"); /* of the tests, one wants none */
    is_funnelled = argc > 3 && !strcmp(argv[3], "funnelled");
    return pools_run(argc, argv, !is_funnelled, add_tests);
}
