/* How the end of a process is told: the sentence, the status, how often, and whom it costs. */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crash.h"

static bool has_words(const char *text, const char *const *words) {
    for (; *words; words++)
        if (!text || !strstr(text, *words))
            return harness_fail("no \"%s\" in: %s", *words, text ? text : "(nothing)");
    return true;
}
#define CHECK_WORDS(text, ...) has_words(text, (const char *const[]){__VA_ARGS__, NULL})

/* ---- sentences ---- */

/* The item is a fate. */
static __attribute__((noinline)) int crash_here(dmap_context *ctx, fate what) {
    int code = fate_meet(ctx, what);
    __asm__ volatile(""); /* no tail call: this frame is to be seen */
    return code;
}

static int meet(dmap_context *ctx, const void *item, void *result) {
    *(uint64_t *)result = 1;
    return crash_here(ctx, (fate) * (const uint64_t *)item);
}

DMAP_TASK(crash_meet, .run = meet, .item_size = 8, .result_size = 8);

static dmap_status map_fate(fate what, dmap_map_options *options) {
    uint64_t items[3] = {FATE_GOOD, (uint64_t)what, FATE_GOOD}, results[3];
    options->progress = -1;
    return dmap_map(harness_pool, &crash_meet, dmap_array(items, 3), dmap_into(results), options);
}

static void test_sentences(void) {
    static const struct {
        fate what;
        const char *words[4];
    } cases[] = {
        {FATE_SEGV, {"killed by SIGSEGV in fate_meet+0x", " < ", "meet+0x", NULL}},
        {FATE_OVERFLOW, {"killed by SIGSEGV in overflow+0x", " < overflow+0x", NULL}},
        {FATE_ABORT, {"killed by SIGABRT in abort+0x", " < fate_meet", NULL}},
        {FATE_FPE, {"killed by SIGFPE in ", "fate_meet+0x", NULL}},
        {FATE_BUS, {"killed by SIGBUS in ", " < ", NULL}},
        {FATE_EXIT, {"exited with code 3", NULL}},
        {FATE__EXIT, {"exited with code 9", NULL}},
        {FATE_HANG, {"over its 0.3 seconds", NULL}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* A death that is told with its stack takes a while where the machine is busy. */
        dmap_map_options options = {.item_timeout_s = cases[i].what == FATE_HANG ? 0.3 : 30};
        harness_watch("sentences", 60);
        CU_ASSERT_EQUAL(map_fate(cases[i].what, &options), DMAP_EITEM);
        const char *text = dmap_error(harness_pool);
        CHECK_WORDS(text, "item 1 (attempt 1): ", " (on ", ", rank ", ", worker ", ", core ");
        has_words(text, cases[i].words);
        if (cases[i].what != FATE_HANG)
            CHECK_WORDS(text, "(process ");
        if (harness_has("verbose"))
            printf("\n  %s", text);
    }
}

/* ---- a task that ends its process every time ---- */

static int end_always(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    _exit(4);
}

DMAP_TASK(crash_always, .run = end_always, .item_size = 8, .result_size = 0);

typedef struct counts {
    uint64_t ok, crashed, failed, timeout, other;
    int attempts;
} counts;

static int count(void *arg, const dmap_item_result *r) {
    counts *c = arg;
    c->ok += r->status == DMAP_ITEM_OK;
    c->crashed += r->status == DMAP_ITEM_CRASHED;
    c->failed += r->status == DMAP_ITEM_FAILED;
    c->timeout += r->status == DMAP_ITEM_TIMEOUT;
    c->attempts += r->attempt;
    return 0;
}

static void test_always(void) {
    counts c = {0};
    dmap_map_options options = {.on_error = DMAP_KEEP_GOING, .retries = 2, .progress = -1};
    harness_watch("a task that ends its process every time", 60);
    dmap_status status = dmap_map(harness_pool, &crash_always, dmap_range(0, 40), dmap_each(count, &c), &options);
    CU_ASSERT_EQUAL(status, DMAP_EITEM);
    CU_ASSERT_EQUAL(c.crashed, 40);
    CU_ASSERT_EQUAL(c.attempts, 120);
    CHECK_WORDS(dmap_error(harness_pool), "(attempt 3): exited with code 4 (process ");
}

/* ---- set-up ---- */

typedef enum set_up_kind { SET_UP_GOOD, SET_UP_REFUSES, SET_UP_CRASHES, SET_UP_EXITS, SET_UP_KILLED } set_up_kind;

typedef struct told {
    set_up_kind kind;
    char path[96]; /* of a file that gets a byte at each set-up */
} told;            /* dmap_share's data */

static void note(const char *path) {
    int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (write(file, "s", 1) != 1)
        _exit(99);
    close(file);
}

static int set_up(dmap_context *ctx) {
    const told *t = dmap_shared(ctx, NULL);
    if (t)
        note(t->path);
    switch (t ? t->kind : SET_UP_GOOD) {
    case SET_UP_REFUSES:
        return dmap_fail(ctx, 6, "no licence");
    case SET_UP_CRASHES:
        abort();
    case SET_UP_EXITS:
        exit(8);
    case SET_UP_KILLED:
        raise(SIGKILL);
        break;
    default:
        break;
    }
    return 0;
}

static int nothing(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    memcpy(result, item, 8);
    return 0;
}

DMAP_TASK(crash_set_up, .run = nothing, .item_size = 8, .result_size = 8, .setup = set_up);

static void test_set_up(void) {
    static const char *const words[][3] = {{NULL},
                                           {"(code 6)", "no licence", NULL},
                                           {"killed by SIGABRT in ", "set_up+0x", NULL},
                                           {"exited with code 8", NULL},
                                           {"killed by SIGKILL", NULL}};
    uint64_t results[100];
    told t = {.kind = SET_UP_GOOD};
    struct stat before = {0}, after;
    const char *place = getenv("TMPDIR");
    snprintf(t.path, sizeof t.path, "%.60s/dmap-crash-XXXXXX", place ? place : "/tmp");
    close(mkstemp(t.path));
    for (set_up_kind kind = SET_UP_REFUSES; kind <= SET_UP_KILLED; kind++) {
        harness_watch("a set-up that fails", 60);
        t.kind = kind;
        CU_ASSERT_EQUAL(dmap_share(harness_pool, &t, sizeof t), DMAP_OK);
        dmap_map_options options = {.on_error = DMAP_KEEP_GOING, .retries = 3, .progress = -1};
        dmap_status status = dmap_map(harness_pool, &crash_set_up, dmap_range(0, 100), dmap_into(results), &options);
        CU_ASSERT_EQUAL(status, DMAP_EITEM);
        CHECK_WORDS(dmap_error(harness_pool), "the setup of task \"crash_set_up\" failed", "rank ");
        has_words(dmap_error(harness_pool), words[kind]);
        /* Each worker tries once, but for SIGKILL, which may have come from outside. */
        CU_ASSERT_EQUAL(stat(t.path, &after), 0);
        CU_ASSERT(after.st_size - before.st_size <= dmap_workers(harness_pool) * (kind == SET_UP_KILLED ? 4 : 1));
        before = after;
    }
    unlink(t.path);
    CU_ASSERT_EQUAL(dmap_share(harness_pool, NULL, 0), DMAP_OK);
    dmap_status status = dmap_map(harness_pool, &crash_set_up, dmap_range(0, 100), dmap_into(results), NULL);
    CU_ASSERT_EQUAL(status, DMAP_OK);
    CU_ASSERT_EQUAL(results[99], 99);
}

/* ---- memory ---- */

/* The item says how to run out of it: a result, or an allocation that the task does not check. */
static int want_too_much(dmap_context *ctx, const void *item, void *result) {
    static const size_t size = (size_t)1 << 60;
    (void)result;
    if (*(const uint64_t *)item == 2 && !dmap_result(ctx, size))
        return 0;
    char *volatile place = *(const uint64_t *)item == 1 ? malloc(size) : "";
    if (!place)
        raise(SIGSEGV);
    return dmap_result(ctx, 0) ? 0 : 1;
}

DMAP_TASK(crash_memory, .run = want_too_much, .item_size = 8, .result_size = DMAP_VARIABLE);

static void test_memory(void) {
    uint64_t items[] = {0, 1, 0, 0};
    counts c = {0};
    dmap_map_options options = {.on_error = DMAP_KEEP_GOING, .progress = -1};
    harness_watch("memory", 60);
    dmap_status status = dmap_map(harness_pool, &crash_memory, dmap_array(items, 4), dmap_each(count, &c), &options);
    CU_ASSERT_EQUAL(status, DMAP_EITEM);
    CU_ASSERT_EQUAL(c.crashed, 1);
    CU_ASSERT_EQUAL(c.ok, 3);
    items[1] = 2;
    status = dmap_map(harness_pool, &crash_memory, dmap_array(items, 4), dmap_discard(), NULL);
    CU_ASSERT_EQUAL(status, DMAP_ENOMEM);
    CHECK_WORDS(dmap_error(harness_pool), "item 1 ", "out of memory", "1152921504606846976 bytes", "worker ");
}

/* ---- a call that stops ---- */

/* Item 0 fails after a while; the others wait to be told. */
static int wait_for_word(dmap_context *ctx, const void *item, void *result) {
    double end = now_s() + 200;
    (void)result;
    if (*(const uint64_t *)item == 0) {
        usleep(100000);
        return 3;
    }
    while (!dmap_cancelled(ctx) && now_s() < end)
        usleep(1000);
    return 0;
}

DMAP_TASK(crash_waits, .run = wait_for_word, .item_size = 8, .result_size = 0);

static void test_cancelled(void) {
    double began = now_s();
    harness_watch("a call that stops", 60);
    dmap_map_options options = {.chunk = 1, .progress = -1};
    dmap_status status = dmap_map(harness_pool, &crash_waits, dmap_range(0, 50), dmap_discard(), &options);
    CU_ASSERT_EQUAL(status, DMAP_EITEM);
    CU_ASSERT(now_s() - began < 100);
    CHECK_WORDS(dmap_error(harness_pool), "item 0 ");
}

void crash_add_ends(void) {
    CU_pSuite suite = CU_add_suite("ends", NULL, NULL);
    CU_ADD_TEST(suite, test_sentences);
    CU_ADD_TEST(suite, test_always);
    CU_ADD_TEST(suite, test_set_up);
    CU_ADD_TEST(suite, test_memory);
    CU_ADD_TEST(suite, test_cancelled);
}
