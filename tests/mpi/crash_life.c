/* The life of workers' processes: what they see and hold, how often they set up and tear down, when they are replaced,
 * and sizes at both ends. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crash.h"

/* ---- what is around a task ---- */

typedef struct around {
    int32_t pid, parent, group, descriptors;
    int32_t inner; /* status of a map inside */
    bool is_bound, has_mask, has_variable;
} around;

static int look_around(dmap_context *ctx, const void *item, void *result) {
    sigset_t mask;
    uint64_t out[2];
    (void)ctx, (void)item;
    around *a = result;
    memset(a, 0, sizeof *a);
    a->pid = (int32_t)getpid();
    a->parent = (int32_t)getppid();
    a->group = (int32_t)getpgrp();
    a->descriptors = look_descriptors();
    sigemptyset(&mask);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i < 32; i++)
        a->has_mask = a->has_mask || sigismember(&mask, i);
    a->has_variable = getenv("DMAP_CHILD") || getenv("OMPI_COMM_WORLD_RANK") || getenv("PMI_RANK") || getenv("PMI_FD");
    a->inner = (int32_t)dmap_map(harness_pool, &(dmap_task){.name = "x"}, dmap_range(0, 2), dmap_into(out), NULL);
    return 0;
}

DMAP_TASK(crash_around, .run = look_around, .item_size = 8, .result_size = sizeof(around));

static void test_around(void) {
    around all[64];
    harness_watch("what is around a task", 60);
    dmap_status status = dmap_map(harness_pool, &crash_around, dmap_range(0, 64), dmap_into(all), NULL);
    CU_ASSERT_EQUAL(status, DMAP_OK);
    for (int i = 0; i < 64; i++) {
        CU_ASSERT(all[i].pid != (int32_t)getpid());
        CU_ASSERT_EQUAL(all[i].group, all[i].pid);
        CU_ASSERT_EQUAL(all[i].inner, DMAP_EINVAL);
        CU_ASSERT(!all[i].has_mask && !all[i].has_variable);
        if (all[i].descriptors > 5) /* 0 to 3; a lifeline of forked ones */
            harness_fail("a process has %d descriptors", (int)all[i].descriptors);
    }
}

/* ---- set-up, tear-down, shared data ---- */

typedef struct shared {
    char path[96];
    uint64_t version;
} shared;

static void note(const dmap_context *ctx, char letter) {
    const shared *s = dmap_shared(ctx, NULL);
    int file = open(s->path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (write(file, &letter, 1) != 1)
        abort();
    close(file);
}

static int set_up(dmap_context *ctx) {
    uint64_t *version = malloc(sizeof *version);
    *version = ((const shared *)dmap_shared(ctx, NULL))->version;
    dmap_set_local(ctx, version);
    note(ctx, 's');
    return 0;
}

static void tear_down(dmap_context *ctx) {
    free(dmap_local(ctx));
    note(ctx, 't');
}

/* Every 50th item ends its process, at its first attempt. */
static int use_local(dmap_context *ctx, const void *item, void *result) {
    const shared *s = dmap_shared(ctx, NULL);
    if (*(const uint64_t *)item % 50 == 49 && dmap_attempt(ctx) == 1 && s->version % 2)
        _exit(1);
    *(uint64_t *)result = *(const uint64_t *)dmap_local(ctx) * 1000 + s->version;
    return 0;
}

DMAP_TASK(crash_local, .run = use_local, .item_size = 8, .result_size = 8, .setup = set_up, .teardown = tear_down);

/* Letters in the file: set-ups and tear-downs so far. */
static void read_notes(const char *path, int *set_ups, int *tear_downs) {
    FILE *file = fopen(path, "r");
    *set_ups = *tear_downs = 0;
    for (int c; file && (c = getc(file)) != EOF;) {
        *set_ups += c == 's';
        *tear_downs += c == 't';
    }
    if (file)
        fclose(file);
}

static void test_set_ups(void) {
    shared s = {.version = 0};
    const char *place = getenv("TMPDIR");
    snprintf(s.path, sizeof s.path, "%.60s/dmap-crash-XXXXXX", place ? place : "/tmp");
    int file = mkstemp(s.path), set_ups = 0, tear_downs = 0, workers = dmap_workers(harness_pool), deaths = 0;
    uint64_t results[400];
    harness_watch("set-up and tear-down", 100);
    CU_ASSERT_FATAL(file >= 0);
    close(file);
    for (s.version = 1; s.version <= 6; s.version++) {
        dmap_map_options options = {.retries = 1, .progress = -1};
        CU_ASSERT_EQUAL(dmap_share(harness_pool, &s, sizeof s), DMAP_OK);
        dmap_status status = dmap_map(harness_pool, &crash_local, dmap_range(0, 400), dmap_into(results), &options);
        CU_ASSERT_EQUAL(status, DMAP_OK);
        for (int i = 0; i < 400; i++)
            if (results[i] != s.version * 1001)
                harness_fail("version %" PRIu64 ": item %d has %" PRIu64, s.version, i, results[i]);
        deaths += s.version % 2 ? 8 : 0;
        read_notes(s.path, &set_ups, &tear_downs);
        CU_ASSERT(set_ups >= 1 && set_ups <= (int)s.version * workers + deaths);
        /* Who died did not tear down, nor did who has not worked since. */
        CU_ASSERT(tear_downs <= set_ups && set_ups - tear_downs <= workers + deaths);
    }
    CU_ASSERT_EQUAL(dmap_share(harness_pool, NULL, 0), DMAP_OK);
    unlink(s.path);
}

/* ---- sizes ---- */

static int turn_round(dmap_context *ctx, const void *item, void *result) {
    size_t size = dmap_item_size(ctx);
    (void)result;
    unsigned char *place = dmap_result(ctx, size);
    for (size_t i = 0; i < size; i++)
        place[i] = ((const unsigned char *)item)[size - 1 - i];
    return 0;
}

static int count_nothing(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    return dmap_item_size(ctx) == 0 && !result ? 0 : 1;
}

DMAP_TASK(crash_turns, .run = turn_round, .item_size = DMAP_VARIABLE, .result_size = DMAP_VARIABLE);
DMAP_TASK(crash_nothing, .run = count_nothing, .item_size = DMAP_VARIABLE, .result_size = 0);

static bool is_turned(const unsigned char *data, size_t n, const dmap_blob *item) {
    bool same = n == item->size && data;
    for (size_t i = 0; same && i < n; i++)
        same = data[i] == ((const unsigned char *)item->data)[n - 1 - i];
    return same;
}

/* Large ones between empty ones, and again small ones after them. */
static void test_sizes(void) {
    size_t large = harness_is_small() ? 5000000 : 100000000;
    unsigned char *bytes = malloc(large);
    dmap_blob items[40] = {{NULL, 0}};
    dmap_results *table;
    harness_watch("sizes", 100);
    CU_ASSERT_FATAL(bytes != NULL);
    fill(bytes, large, 1);
    for (size_t i = 0; i < 40; i++)
        items[i] = i % 3 == 0 ? (dmap_blob){NULL, 0} : (dmap_blob){bytes + i, i == 10 || i == 31 ? large - i : i * 100};
    for (int round = 0; round < 2; round++) {
        dmap_status status = dmap_map(harness_pool, &crash_turns, dmap_blobs(items, 40), dmap_collect(&table), NULL);
        CU_ASSERT_EQUAL(status, DMAP_OK);
        for (uint64_t i = 0; table && i < 40; i++) {
            size_t n = 0;
            const unsigned char *data = dmap_results_at(table, i, &n);
            if (!is_turned(data, n, &items[i]))
                harness_fail("item %" PRIu64 " has a wrong result of %zu bytes", i, n);
        }
        dmap_results_free(table);
    }
    free(bytes);
    memset(items, 0, sizeof items);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &crash_nothing, dmap_blobs(items, 40), dmap_discard(), NULL), DMAP_OK);
}

/* ---- address space ---- */

static int limit_addresses(dmap_context *ctx) {
    struct rlimit limit;
    (void)ctx;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = 1 << 20; /* less than there is: nothing more can be mapped */
    return setrlimit(RLIMIT_AS, &limit);
}

static int allocate(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    size_t size = (size_t)1 << 26;
    char *place = malloc(size);
    if (*(const uint64_t *)item == 7 && place == NULL)
        raise(SIGSEGV);
    *(uint64_t *)result = place == NULL;
    free(place);
    return 0;
}

DMAP_TASK(crash_limited, .run = allocate, .item_size = 8, .result_size = 8, .setup = limit_addresses);

static void test_addresses(void) {
    uint64_t results[20] = {0};
    dmap_map_options options = {.progress = -1};
    harness_watch("addresses", 60);
    dmap_status status = dmap_map(harness_pool, &crash_limited, dmap_range(0, 20), dmap_into(results), &options);
    CU_ASSERT_EQUAL(status, DMAP_EITEM);
    CU_ASSERT(strstr(dmap_error(harness_pool), "item 7 (attempt 1): killed by SIG") != NULL);
    for (int i = 0; i < 7; i++)
        CU_ASSERT_EQUAL(results[i], 1);
}

/* ---- memory that is kept ---- */

#define MUCH ((size_t)40 << 20)

static int answer_much(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    unsigned char *place = dmap_result(ctx, MUCH);
    if (place)
        place[0] = place[MUCH - 1] = 1;
    return !place;
}

DMAP_TASK(crash_much, .run = answer_much, .item_size = 8, .result_size = DMAP_VARIABLE);

/* Bytes of memory in the channels of the run: a worker's process has its channel as descriptor 3. */
static uint64_t in_channels(void) {
    int pids[64], n = look_workers(pids, 64);
    uint64_t bytes = 0;
    for (int i = 0; i < n; i++) {
        char path[64];
        struct stat info;
        snprintf(path, sizeof path, "/proc/%d/fd/3", pids[i]);
        if (stat(path, &info) == 0)
            bytes += (uint64_t)info.st_blocks * 512;
    }
    return bytes;
}

/* Once a call has ended little of what its results took is kept: on the master at once, elsewhere soon. */
static void test_kept(void) {
    dmap_map_options options = {.chunk = 1, .schedule = DMAP_DYNAMIC, .progress = -1};
    uint64_t most = (uint64_t)dmap_ranks(harness_pool) * (33u << 20), kept;
    harness_watch("memory of results that is kept", 60);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(dmap_map(harness_pool, &crash_much, dmap_range(0, 12), dmap_discard(), &options), DMAP_OK);
    double end = now_s() + (dmap_ranks(harness_pool) > 1 ? 20 : 0);
    while ((kept = in_channels()) > most && now_s() < end)
        usleep(1000);
    if (kept > most)
        harness_fail("%" PRIu64 " MiB are kept", kept >> 20);
}

/* The run time of a thread sanitizer wants addresses of its own. */
#ifdef __SANITIZE_THREAD__
#define HAS_ADDRESSES false
#else
#define HAS_ADDRESSES true
#endif

void crash_add_life(void) {
    CU_pSuite suite = CU_add_suite("life", NULL, NULL);
    CU_ADD_TEST(suite, test_around);
    CU_ADD_TEST(suite, test_set_ups);
    CU_ADD_TEST(suite, test_sizes);
    CU_ADD_TEST(suite, test_kept);
    if (HAS_ADDRESSES)
        CU_ADD_TEST(suite, test_addresses);
}
