/* What a pool takes while it streams, and while it does nothing.
 *
 * The master's peak memory for 20 million pulled items is that for one million, and the window, whatever holds the
 * stream up: nothing, an item 0 of 2 s, a slow sink. The kernel's mark of the peak (VmHWM) is set back before each. */
#include "large.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MIB    ((uint64_t)1 << 20)
#define WINDOW (16 * MIB)
#define CHUNKS (48 * MIB) /* items and results of the chunks out, and what malloc keeps */

static void doze(double seconds) {
    struct timespec wait = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&wait, NULL);
}

/* ---- streaming ---- */

typedef struct stream {
    uint64_t next, count, delivered, wrong;
    bool slow;
} stream;

static int next(void *arg, dmap_blob *item) {
    stream *s = arg;
    if (s->next == s->count)
        return 0;
    s->next++;
    *item = (dmap_blob){&s->next, 8};
    return 1;
}

static int take(void *arg, const dmap_item_result *r) {
    stream *s = arg;
    s->wrong += r->index != s->delivered || *(const uint64_t *)r->data != r->index + 2;
    s->delivered++;
    if (s->slow && s->delivered % 10000 == 0)
        doze(0.002);
    return 0;
}

static void reset_peak(void) {
    FILE *f = fopen("/proc/self/clear_refs", "w");
    if (f) {
        fputs("5", f);
        fclose(f);
    }
}

/* Bytes, from a line of the process's status. */
static uint64_t status_of(const char *name) {
    char line[128];
    uint64_t kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, name, strlen(name)) && sscanf(line + strlen(name), ": %" SCNu64, &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib * 1024;
}

static uint64_t peak(void) {
    return status_of("VmHWM");
}

/* ---- what is kept of large results that nobody wants ---- */

enum { MUCH = 64 << 20 };

static int answer_much(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item;
    memset(result, 1, MUCH);
    return 0;
}

DMAP_TASK(large_much, .run = answer_much, .item_size = 8, .result_size = MUCH);

static void check_kept(void) {
    uint64_t before = status_of("VmRSS");
    harness_watch("large results that nobody wants", 60);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &large_much, dmap_range(0, 4), dmap_discard(), NULL), DMAP_OK);
    uint64_t after = status_of("VmRSS");
    printf("%" PRIu64 " MiB kept, ", after > before ? (after - before) / MIB : 0);
    CU_ASSERT_TRUE(after < before + 40 * MIB || harness_is_small()); /* sanitizers keep what is freed */
}

static uint64_t peak_of(uint64_t count, bool slow_item, bool slow_sink) {
    const dmap_map_options options = {.window = WINDOW, .progress = -1};
    stream s = {.count = count, .slow = slow_sink};
    char held = slow_item;
    CU_ASSERT_EQUAL(dmap_share(harness_pool, &held, 1), DMAP_OK);
    harness_watch(slow_item ? "a stream, item 0 slow" : slow_sink ? "a stream, sink slow" : "a stream", 80);
    reset_peak();
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &large_step, dmap_pull(next, &s), dmap_each(take, &s), &options), DMAP_OK);
    CU_ASSERT_EQUAL(s.delivered, count);
    CU_ASSERT_EQUAL(s.wrong, 0);
    return peak();
}

void large_test_memory(void) {
    check_kept();
    uint64_t count = harness_is_small() ? 2000000 : 20000000;
    uint64_t base = peak_of(1000000, false, false);
    for (int i = 0; i < 3; i++) {
        uint64_t high = peak_of(count, i == 1, i == 2);
        printf("%" PRIu64 " MiB above %" PRIu64 ", ", high > base ? (high - base) / MIB : 0, base / MIB);
        CU_ASSERT_TRUE(high < base + WINDOW + CHUNKS || harness_is_small()); /* sanitizers keep what is freed */
    }
}

/* ---- idling ---- */

#define MOST_RANKS 64
#define IDLE_S     5

typedef struct process {
    int32_t rank, pid;
} process;

static int tell_process(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    process self = {dmap_rank(ctx), (int32_t)getpid()};
    memcpy(result, &self, sizeof self);
    doze(0.001);
    return 0;
}

DMAP_TASK(large_process, .run = tell_process, .item_size = 8, .result_size = sizeof(process));

/* Seconds on a core of all threads of a process. */
static double used_s(int pid) {
    char path[300];
    double sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *threads = opendir(path);
    const struct dirent *entry;
    while (threads && (entry = readdir(threads))) {
        double ns = 0;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, entry->d_name);
        FILE *f = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (f && fscanf(f, "%lf", &ns) == 1)
            sum += ns * 1e-9;
        if (f)
            fclose(f);
    }
    if (threads)
        closedir(threads);
    return sum;
}

/* The processes of the ranks, by rank; those of other hosts and those not met are 0. Returns how many were met. */
static int find_processes(int *pids) {
    process told[400];
    int met = 0;
    for (int tries = 0; tries < 20 && met < dmap_ranks(harness_pool); tries++) {
        const dmap_map_options options = {.chunk = 1, .schedule = DMAP_DYNAMIC};
        CU_ASSERT_EQUAL(dmap_map(harness_pool, &large_process, dmap_range(0, 400), dmap_into(told), &options), DMAP_OK);
        for (int i = 0; i < 400; i++) {
            met += pids[told[i].rank] == 0;
            pids[told[i].rank] = told[i].pid;
        }
    }
    return met;
}

static double used_by_all(const int *pids) {
    double sum = 0;
    for (int rank = 0; rank < dmap_ranks(harness_pool); rank++)
        sum += used_s(pids[rank]);
    return sum;
}

void large_test_idle(void) {
    int pids[MOST_RANKS] = {0};
    harness_watch("an idle pool", 60);
    CU_ASSERT_TRUE(dmap_ranks(harness_pool) <= MOST_RANKS);
    if (dmap_ranks(harness_pool) > MOST_RANKS)
        return;
    CU_ASSERT_EQUAL(find_processes(pids), dmap_ranks(harness_pool));
    doze(0.5);
    double before = used_by_all(pids);
    CU_ASSERT_TRUE(before > 0);
    doze(IDLE_S);
    double share = (used_by_all(pids) - before) / IDLE_S;
    printf("%.2f %% of a core, ", 100 * share);
    CU_ASSERT_TRUE(share < 0.02);
}
