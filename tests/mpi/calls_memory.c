/* Many items of a mebibyte in flight: whoever submits them waits, and no rank's memory grows with their number. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"

#define MIB ((uint64_t)1 << 20)

/* A queue holds 64 MiB. Each item that has left it is there twice on the master until its result comes, and once at its
 * rank. It was 110 MiB in the end, and up to 450 on the way. */
#define MOST (800 * MIB)

enum { SIZE = 1 << 20 };

/* The peak of this process's memory, in bytes. */
static uint64_t peak(void) {
    char line[128];
    uint64_t kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %" SCNu64, &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib * 1024;
}

typedef struct told {
    uint64_t hash, peak;
} told;

/* The hash of a few bytes; a look at the memory now and then. */
static int run_large(dmap_context *ctx, const void *item, void *result) {
    told t = {hash((const unsigned char *)item + SIZE - 64, 64), 0};
    if (*(const uint64_t *)item % 16 == 0)
        t.peak = peak();
    memcpy(result, &t, sizeof t);
    (void)ctx;
    return 0;
}
DMAP_TASK(calls_large, .run = run_large, .item_size = SIZE, .result_size = sizeof(told));

static size_t count(void) {
    const char *is_long = getenv("DMAP_TEST_LONG");
    return is_long && !strcmp(is_long, "1") ? 100000 : harness_is_small() ? 200 : 1500;
}

static void set(unsigned char *item, uint64_t number) {
    memcpy(item, &number, sizeof number);
    memcpy(item + SIZE - 64, &number, sizeof number);
}

static void test_large(void) {
    size_t n = count();
    dmap_call **calls = calloc(n, sizeof *calls);
    unsigned char *item = calloc(1, SIZE);
    uint64_t most = 0, before = peak();
    CU_ASSERT_FATAL(calls && item);
    harness_watch("large items in flight", n > 10000 ? 3000 : 120);
    for (size_t i = 0; i < n; i++) {
        set(item, i);
        CU_ASSERT_EQUAL_FATAL(dmap_submit(harness_pool, &calls_large, item, SIZE, NULL, &calls[i]), DMAP_OK);
    }
    for (size_t i = 0; i < n; i++) {
        CU_ASSERT_EQUAL_FATAL(dmap_wait(calls[i], 60), DMAP_OK);
        const told *t = dmap_call_result(calls[i], NULL);
        set(item, i);
        CU_ASSERT_FATAL(t && t->hash == hash(item + SIZE - 64, 64));
        most = t->peak > most ? t->peak : most;
        dmap_call_free(calls[i]);
    }
    most = peak() > most ? peak() : most;
    printf("%zu MiB in flight, %" PRIu64 " MiB at most, ", n, (most - before) / MIB);
    CU_ASSERT(most < before + MOST || harness_is_small()); /* sanitizers have memory of their own for each byte */
    free(item);
    free(calls);
}

void calls_add_memory_tests(CU_pSuite suite) {
    CU_ADD_TEST(suite, test_large);
}
