/* Functions of the program's that do not return where they were called, or return twice: pthread_exit, fork, longjmp.
 * Exceptions are C++: tests/cli/cplusplus. */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dmap/call.h>

#include "harness.h"

enum { ITEMS = 200 };

static bool has_words(const char *text, const char *word) {
    return strstr(text, word) || harness_fail("no \"%s\" in: %s", word, text);
}

/* ---- pthread_exit ---- */

static _Noreturn void *stay(void *unused) {
    (void)unused;
    for (;;)
        pause();
}

/* A process ends with its worker's thread, whatever other threads it has. */
static void end_one_of_two(void) {
    pthread_t other;
    if (pthread_create(&other, NULL, stay, NULL) == 0)
        pthread_detach(other);
    pthread_exit(NULL);
}

static int end_thread(dmap_context *ctx, const void *item, void *result) {
    uint64_t n = *(const uint64_t *)item;
    *(uint64_t *)result = n + 1;
    if (n % 50 == 20 && dmap_attempt(ctx) == 1)
        end_one_of_two();
    return 0;
}

static int end_thread_in_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    uint64_t first = *(const uint64_t *)items;
    for (size_t i = 0; i < count; i++)
        ((uint64_t *)results)[i] = first + i + 1;
    for (size_t i = 0; i < count; i++)
        if ((first + i) % 50 == 20 && dmap_attempt(ctx) == 1)
            pthread_exit(NULL);
    return 0;
}

static int end_thread_variable(dmap_context *ctx, const void *item, void *result) {
    uint64_t n = *(const uint64_t *)item, *place = dmap_result(ctx, 8);
    (void)result;
    *place = n + 1;
    if (n % 50 == 20 && dmap_attempt(ctx) == 1)
        pthread_exit(NULL);
    return 0;
}

static void add_up(void *into, const void *from) {
    *(uint64_t *)into += *(const uint64_t *)from;
}

static int end_thread_in_setup(dmap_context *ctx) {
    (void)ctx;
    pthread_exit(NULL);
}

static int give_one(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item;
    *(uint64_t *)result = 1;
    return 0;
}

static void end_thread_in_teardown(dmap_context *ctx) {
    (void)ctx;
    pthread_exit(NULL);
}

DMAP_TASK(no_return_exit, .run = end_thread, .item_size = 8, .result_size = 8, .combine = add_up);
DMAP_TASK(no_return_batch, .run_batch = end_thread_in_batch, .item_size = 8, .result_size = 8);
DMAP_TASK(no_return_variable, .run = end_thread_variable, .item_size = 8, .result_size = DMAP_VARIABLE);
DMAP_TASK(no_return_setup, .run = give_one, .item_size = 8, .result_size = 8, .setup = end_thread_in_setup);
DMAP_TASK(no_return_teardown, .run = give_one, .item_size = 8, .result_size = 8, .teardown = end_thread_in_teardown);

/* Four items end their thread at their first attempt: they fail, or are tried again, as any that fail. */
static void check_exits(const dmap_task *task) {
    uint64_t results[ITEMS] = {0};
    dmap_results *table = NULL;
    bool is_variable = task->result_size == DMAP_VARIABLE;
    dmap_map_options options = {.retries = 1, .progress = -1};
    dmap_sink sink = is_variable ? dmap_collect(&table) : dmap_into(results);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, task, dmap_range(0, ITEMS), sink, &options), DMAP_OK);
    for (uint64_t i = 0; i < ITEMS; i++) {
        const uint64_t *result = is_variable ? dmap_results_at(table, i, NULL) : &results[i];
        if (!result || *result != i + 1)
            harness_fail("%s: item %d has a wrong result", task->name, (int)i);
    }
    dmap_results_free(table);
    options = (dmap_map_options){.on_error = DMAP_KEEP_GOING, .progress = -1};
    CU_ASSERT_EQUAL(dmap_map(harness_pool, task, dmap_range(0, ITEMS), dmap_discard(), &options), DMAP_EITEM);
    dmap_report report;
    dmap_report_get(harness_pool, &report);
    CU_ASSERT_EQUAL(report.failed, 4);
    CU_ASSERT_EQUAL(report.items, ITEMS);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, task, dmap_range(0, ITEMS), dmap_discard(), NULL), DMAP_EITEM);
    has_words(dmap_error(harness_pool), "item 20 (attempt 1): ");
    if (!harness_has("processes"))
        has_words(dmap_error(harness_pool), "the task ended its thread (pthread_exit)");
}

/* Results that go straight to the master's memory, also those of a batch whose last item ends its thread. */
static int end_thread_large(dmap_context *ctx, const void *item, void *result) {
    uint64_t n = *(const uint64_t *)item;
    *(uint64_t *)result = n + 1;
    if (n % 10 == 9 && dmap_attempt(ctx) == 1)
        pthread_exit(NULL);
    return 0;
}

enum { LARGE_ITEMS = 4000, LARGE = 1024, WORKERS_MOST = 16 };
DMAP_TASK(no_return_large, .run = end_thread_large, .item_size = 8, .result_size = LARGE);

static void check_large(void) {
    unsigned char *results = calloc(LARGE_ITEMS, LARGE);
    uint64_t wrong = 0;
    dmap_map_options options = {.retries = 1, .progress = -1};
    if (!results)
        return;
    size_t n = harness_has("processes") ? 200 : LARGE_ITEMS; /* a process is replaced each time */
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &no_return_large, dmap_range(0, n), dmap_into(results), &options), DMAP_OK);
    for (uint64_t i = 0; i < n; i++)
        wrong += *(uint64_t *)(void *)(results + i * LARGE) != i + 1;
    CU_ASSERT_EQUAL(wrong, 0);
    free(results);
}

/* Its tear-downs are due when the shared data change, before the set-up that follows, and when the pool is closed. */
static void check_teardown(void) {
    dmap_map_options options = {.on_error = DMAP_KEEP_GOING, .progress = -1};
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &no_return_teardown, dmap_range(0, 99), dmap_discard(), NULL), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_share(harness_pool, "new", 3), DMAP_OK);
    dmap_status status = dmap_map(harness_pool, &no_return_teardown, dmap_range(0, 99), dmap_discard(), &options);
    CU_ASSERT(status == DMAP_EITEM || (status == DMAP_OK && harness_has("processes")));
    /* A worker that had no item of that call has its tear-down before it. */
    for (int tries = 0; status == DMAP_EITEM && tries < WORKERS_MOST; tries++)
        status = dmap_map(harness_pool, &no_return_teardown, dmap_range(0, 99), dmap_discard(), NULL);
    CU_ASSERT_EQUAL(status, DMAP_OK);
}

static void test_exit(void) {
    uint64_t sum = 0;
    dmap_map_options options = {.retries = 1, .progress = -1};
    harness_watch("pthread_exit", 100);
    check_exits(&no_return_exit);
    check_exits(&no_return_batch);
    check_exits(&no_return_variable);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &no_return_exit, dmap_range(0, ITEMS), dmap_fold(&sum), &options), DMAP_OK);
    CU_ASSERT_EQUAL(sum, ITEMS * (ITEMS + 1) / 2);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &no_return_setup, dmap_range(0, 9), dmap_discard(), NULL), DMAP_EITEM);
    has_words(dmap_error(harness_pool), "the setup of task \"no_return_setup\" failed");
    check_large();
    check_teardown();
    harness_watch("", 0);
}

/* ---- fork ---- */

/* Both sides return; the parent once its child is gone, so that a child that goes on shows. */
static int fork_and_return(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)item + 1;
    if (*(const uint64_t *)item % 50)
        return 0;
    pid_t child = fork();
    int status = -1;
    if (child == 0)
        return 0;
    while (waitpid(child, &status, 0) < 0)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 5;
}

static int fork_in_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    uint64_t first = *(const uint64_t *)items;
    for (size_t i = 0; i < count; i++) {
        uint64_t item = first + i;
        int code = fork_and_return(ctx, &item, (uint64_t *)results + i);
        if (code)
            return code;
    }
    return 0;
}

DMAP_TASK(no_return_fork, .run = fork_and_return, .item_size = 8, .result_size = 8);
DMAP_TASK(no_return_fork_batch, .run_batch = fork_in_batch, .item_size = 8, .result_size = 8);

static pid_t child_of_sink;

static int fork_in_sink(void *arg, const dmap_item_result *result) {
    (void)arg;
    if (result->index == 3)
        child_of_sink = fork();
    return 0;
}

static pid_t child_of_done;

static void fork_when_done(void *arg, dmap_call *call) {
    (void)arg, (void)call;
    child_of_done = fork();
}

static void check_fork_when_done(void) {
    dmap_map_options options = {.on_done = fork_when_done};
    uint64_t results[4];
    int status = -1;
    dmap_call *call;
    harness_watch("fork in on_done", 60);
    CU_ASSERT_EQUAL(
        dmap_map_async(harness_pool, &no_return_exit, dmap_range(0, 4), dmap_into(results), &options, &call), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_wait(call, -1), DMAP_OK);
    CU_ASSERT(child_of_done > 0 && waitpid(child_of_done, &status, 0) == child_of_done);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    dmap_call_free(call);
}

static void test_fork(void) {
    uint64_t results[ITEMS];
    int status = -1;
    harness_watch("fork in a task", 100);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &no_return_fork, dmap_range(0, ITEMS), dmap_into(results), NULL), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &no_return_fork_batch, dmap_range(0, ITEMS), dmap_into(results), NULL),
                    DMAP_OK);
    harness_watch("fork in a sink", 100);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &no_return_fork, dmap_range(0, ITEMS), dmap_each(fork_in_sink, NULL), NULL),
                    DMAP_OK);
    CU_ASSERT(child_of_sink > 0 && waitpid(child_of_sink, &status, 0) == child_of_sink);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    check_fork_when_done();
    harness_watch("", 0);
}

/* The pool is the parent's. */
static void test_forked(void) {
    uint64_t results[4];
    int status = -1;
    harness_watch("a map in a forked process", 60);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dmap_status said[3] = {dmap_map(harness_pool, &no_return_exit, dmap_range(0, 4), dmap_into(results), NULL),
                               dmap_share(harness_pool, "x", 1), dmap_close(harness_pool)};
        bool refused = said[0] == DMAP_EINVAL && said[1] == DMAP_EINVAL && said[2] == DMAP_EINVAL;
        _exit(refused && strstr(dmap_error(NULL), "a copy (by fork) of process") ? 0 : 1);
    }
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &no_return_exit, dmap_range(0, 4), dmap_into(results), NULL), DMAP_OK);
    harness_watch("", 0);
}

/* ---- longjmp ---- */

static jmp_buf back;

static int jump(void *arg, const dmap_item_result *result) {
    (void)arg, (void)result;
    longjmp(back, 1);
}

static int call_inside(void *arg, const dmap_item_result *result) {
    uint64_t out[4];
    (void)result;
    *(dmap_status *)arg = dmap_map(harness_pool, &no_return_exit, dmap_range(0, 4), dmap_into(out), NULL);
    return 0;
}

static __attribute__((noinline)) void leave_call(void) {
    if (!setjmp(back))
        dmap_map(harness_pool, &no_return_exit, dmap_range(0, ITEMS), dmap_each(jump, NULL), NULL);
}

/* The last test: the pool can only be closed then, which the harness does. */
static void test_longjmp(void) {
    uint64_t results[4];
    dmap_status inside = DMAP_OK;
    harness_watch("longjmp out of a sink", 60);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &no_return_exit, dmap_range(0, 4), dmap_each(call_inside, &inside), NULL),
                    DMAP_OK);
    CU_ASSERT_EQUAL(inside, DMAP_EINVAL);
    has_words(dmap_error(NULL), "called by a source or sink function");
    leave_call();
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &no_return_exit, dmap_range(0, 4), dmap_into(results), NULL), DMAP_EINVAL);
    has_words(dmap_error(NULL), "left it by longjmp: the pool can only be closed");
    harness_watch("", 0);
}

static void add(void) {
    CU_pSuite suite = CU_add_suite("functions that do not return", NULL, NULL);
    CU_ADD_TEST(suite, test_exit);
    CU_ADD_TEST(suite, test_fork);
    CU_ADD_TEST(suite, test_forked);
    CU_ADD_TEST(suite, test_longjmp);
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add);
}
