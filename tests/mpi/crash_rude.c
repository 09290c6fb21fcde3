/* Tasks that do to their process what a program of its own may do: timers, descriptors closed, files opened in their
 * place, the channel forged or cut, copies of the process made, items that never end. It costs their own items, at the
 * most, and no time limit is lost to it. */
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "crash.h"
#include "crew/shm_channel.h"

enum { STAGE = 3 }; /* the channel's descriptor in a process */

/* ---- a timer that strikes while memory is made ---- */

static void strike(int number) {
    (void)number;
}

static int set_timer(dmap_context *ctx, const void *item, void *result) {
    struct sigaction action = {.sa_handler = strike};
    struct itimerval often = {{0, 1000}, {0, 1000}};
    (void)item, (void)result;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    size_t size = harness_is_small() ? 50000000 : 200000000;
    unsigned char *place = dmap_result(ctx, size);
    if (!place)
        return 1;
    place[0] = place[size - 1] = 7;
    return 0;
}

DMAP_TASK(rude_timer, .run = set_timer, .item_size = 8, .result_size = DMAP_VARIABLE);

static void test_timer(void) {
    dmap_map_options options = {.progress = -1};
    harness_watch("a timer in a task", 60);
    dmap_status status = dmap_map(harness_pool, &rude_timer, dmap_range(0, 3), dmap_discard(), &options);
    if (status != DMAP_OK)
        harness_fail("%s", dmap_error(harness_pool));
}

/* ---- tasks that hang, having forged the channel ---- */

typedef enum forged { FORGED_END, FORGED_PAST, FORGED_FUTURE, FORGED_NO_NUMBER, FORGED_KINDS } forged;

static int forge(dmap_context *ctx, const void *item, void *result) {
    dmap__shm_channel_head *head = look_channel();
    (void)ctx, (void)result;
    if (!head)
        return 1; /* a failure is not the end that is counted */
    switch ((forged) * (const uint64_t *)item) {
    case FORGED_END:
        atomic_store(&head->owner, (uint32_t)DMAP__OWNER_ENDED);
        break;
    case FORGED_PAST:
        atomic_store(&head->began_s, -1e300);
        break;
    case FORGED_FUTURE:
        atomic_store(&head->began_s, 1e300);
        break;
    default:
        atomic_store(&head->began_s, NAN);
    }
    for (;;)
        pause();
}

static int add_one(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)item + 1;
    return 0;
}

DMAP_TASK(rude_forge, .run = forge, .item_size = 8, .result_size = 0);
DMAP_TASK(rude_none, .run = add_one, .item_size = 8, .result_size = 8);

static int count_ends(void *arg, const dmap_item_result *r) {
    int *ends = arg;
    *ends += r->status == DMAP_ITEM_TIMEOUT || r->status == DMAP_ITEM_CRASHED;
    return 0;
}

/* After a rude one all is well again. */
static void check_whole(void) {
    enum { N = 1000 };
    uint64_t results[N] = {0};
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &rude_none, dmap_range(0, N), dmap_into(results), NULL), DMAP_OK);
    for (uint64_t i = 0; i < N; i++)
        CU_ASSERT_EQUAL(results[i], i + 1);
}

static void test_forged(void) {
    int ends = 0;
    dmap_map_options options = {.on_error = DMAP_KEEP_GOING, .item_timeout_s = 0.2, .progress = -1};
    harness_watch("forged channels", 60);
    dmap_status status =
        dmap_map(harness_pool, &rude_forge, dmap_range(0, FORGED_KINDS), dmap_each(count_ends, &ends), &options);
    CU_ASSERT_EQUAL(status, DMAP_EITEM);
    CU_ASSERT_EQUAL(ends, FORGED_KINDS);
    check_whole();
}

/* ---- the channel's descriptor ---- */

typedef enum harm { HARM_CUT, HARM_CLOSE, HARM_REPLACE, HARM_KINDS } harm;

/* Item 1 does the harm; the result is larger than what was there. */
static int do_harm(dmap_context *ctx, const void *item, void *result) {
    char path[] = "/dev/shm/dmap-rude-XXXXXX";
    struct stat info = {0};
    size_t size = 20000000;
    int file = -1;
    (void)result;
    if (dmap_index(ctx) != 1)
        return dmap_result(ctx, 8) ? 0 : 1;
    switch ((harm) * (const uint64_t *)item) {
    case HARM_CUT:
        if (ftruncate(STAGE, 0))
            return dmap_result(ctx, 8) ? 0 : 1; /* not allowed: so be it */
        return 0;
    case HARM_REPLACE:
        syscall(SYS_close_range, 3, ~0u, 0);
        file = mkstemp(path);
        break;
    default:
        syscall(SYS_close_range, 3, ~0u, 0);
    }
    unsigned char *place = dmap_result(ctx, size);
    if (place)
        memset(place, 1, size);
    if (file >= 0 && (fstat(file, &info) || info.st_size || unlink(path)))
        return dmap_fail(ctx, 2, "the task's file was written to");
    return place ? 0 : 1;
}

DMAP_TASK(rude_harm, .run = do_harm, .item_size = 8, .result_size = DMAP_VARIABLE);

static void test_harm(void) {
    for (uint64_t kind = 0; kind < HARM_KINDS; kind++) {
        uint64_t items[3] = {kind, kind, kind};
        dmap_map_options options = {.on_error = DMAP_KEEP_GOING, .progress = -1};
        harness_watch("descriptors that are closed, or cut", 60);
        dmap_status status = dmap_map(harness_pool, &rude_harm, dmap_array(items, 3), dmap_discard(), &options);
        CU_ASSERT_EQUAL(status, kind == HARM_CUT ? DMAP_OK : DMAP_EITEM);
        CU_ASSERT(status == DMAP_OK || strstr(dmap_error(harness_pool), "closed descriptors") != NULL);
        check_whole();
    }
}

/* ---- tasks that return twice ---- */

/* The item waits for its copy to leave: that it comes to another item, or does not leave, fails that item. */
static int return_twice(void) {
    static pid_t copy = -1;
    int status = -1;
    if (copy == 0)
        return 1;
    copy = fork();
    if (copy == 0)
        return 0;
    for (double end = dmap__clock_now() + 60; waitpid(copy, &status, WNOHANG) != copy && dmap__clock_now() < end;)
        dmap__clock_sleep(0.0001);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 2;
}

static int run_twice(dmap_context *ctx, const void *item, void *result) {
    int code = return_twice();
    return code ? dmap_fail(ctx, code, "there is a second worker") : add_one(ctx, item, result);
}

static int run_batch_twice(dmap_context *ctx, const void *items, void *results, size_t count) {
    int code = return_twice();
    for (size_t i = 0; i < count; i++)
        ((uint64_t *)results)[i] = *(const uint64_t *)items + i + 1;
    return code ? dmap_fail(ctx, code, "there is a second worker") : 0;
}

static int set_up_twice(dmap_context *ctx) {
    int code = return_twice();
    return code ? dmap_fail(ctx, code, "there is a second worker") : 0;
}

DMAP_TASK(rude_twice, .run = run_twice, .item_size = 8, .result_size = 8);
DMAP_TASK(rude_batch_twice, .run_batch = run_batch_twice, .item_size = 8, .result_size = 8);
DMAP_TASK(rude_set_up_twice, .run = add_one, .item_size = 8, .result_size = 8, .setup = set_up_twice);

static void test_twice(void) {
    enum { N = 100 };
    const struct {
        const dmap_task *task;
        double item_timeout_s;
    } calls[] = {{&rude_twice, 0}, {&rude_twice, 60}, {&rude_batch_twice, 0}, {&rude_set_up_twice, 0}};
    harness_watch("tasks that return twice", 100);
    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
        uint64_t results[N] = {0};
        dmap_map_options options = {.item_timeout_s = calls[c].item_timeout_s, .progress = -1};
        if (dmap_map(harness_pool, calls[c].task, dmap_range(0, N), dmap_into(results), &options) != DMAP_OK)
            harness_fail("call %zu: %s", c, dmap_error(harness_pool));
        for (uint64_t i = 0; i < N; i++)
            CU_ASSERT_EQUAL(results[i], i + 1);
    }
    check_whole();
}

/* ---- a call that is over ---- */

static int hang(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    while (dmap_index(ctx) == 5)
        pause();
    return 0;
}

DMAP_TASK(rude_hang, .run = hang, .item_size = 8, .result_size = 0);

static void test_call_timeout(void) {
    dmap_map_options options = {.timeout_s = 0.3, .progress = -1};
    harness_watch("a call that is over", 60);
    double begin = dmap__clock_now();
    dmap_status status = dmap_map(harness_pool, &rude_hang, dmap_range(0, 10), dmap_discard(), &options);
    CU_ASSERT_EQUAL(status, DMAP_ETIMEOUT);
    CU_ASSERT(dmap__clock_now() - begin < 60);
    check_whole();
}

void crash_add_rude(void) {
    CU_pSuite suite = CU_add_suite("rude", NULL, NULL);
    CU_ADD_TEST(suite, test_timer);
    CU_ADD_TEST(suite, test_forged);
    CU_ADD_TEST(suite, test_harm);
    CU_ADD_TEST(suite, test_twice);
    CU_ADD_TEST(suite, test_call_timeout);
}
