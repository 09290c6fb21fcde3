/* Large items and results: 300 of 0 to 20 MB each way, and one item and one result of 2.5 GiB, which must go to another
 * rank ("away" among the arguments). Results follow from a hash of the item, so they need not be kept twice; the huge
 * item is the same 61 MiB again and again, so it takes no memory on the master. */
#include "large.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MB        ((size_t)1000000)
#define MIB       ((size_t)1 << 20)
#define GIB       ((size_t)1 << 30)
#define N         300
#define HUGE_SIZE (2 * GIB + GIB / 2 + 13)
#define REPEATED  (61 * MIB)

/* Bytes of the result of an item with this hash. */
static size_t result_size(const void *item, size_t item_size, uint64_t key) {
    size_t wanted = 0;
    if (item_size >= GIB)
        return 8;
    if (item_size == sizeof wanted) {
        memcpy(&wanted, item, sizeof wanted);
        return wanted;
    }
    return key % 10 == 0 ? 0 : (size_t)(key % (harness_is_small() ? MB : 20 * MB));
}

static int answer(dmap_context *ctx, const void *item, void *result) {
    (void)result;
    uint64_t key = hash(item, dmap_item_size(ctx));
    size_t size = result_size(item, dmap_item_size(ctx), key);
    void *place = dmap_result(ctx, size);
    if (!place)
        return 1;
    fill(place, size, key);
    return 0;
}

DMAP_TASK(large_answer, .run = answer, .item_size = DMAP_VARIABLE, .result_size = DMAP_VARIABLE);

static bool is_filled(const unsigned char *bytes, size_t size, uint64_t key) {
    unsigned char piece[8192];
    for (size_t i = 0; i < size; i += sizeof piece) {
        size_t n = size - i < sizeof piece ? size - i : sizeof piece;
        fill(piece, n, key + i);
        if (memcmp(bytes + i, piece, n))
            return false;
    }
    return true;
}

static bool is_answer(const dmap_blob *item, const dmap_results *results, uint64_t index) {
    size_t size;
    uint64_t key = hash(item->data, item->size);
    const void *data = dmap_results_at(results, index, &size);
    return data && size == result_size(item->data, item->size, key) && is_filled(data, size, key);
}

static void map_and_check(const dmap_blob *items, size_t n) {
    dmap_results *results;
    dmap_report report;
    uint64_t wrong = 0;
    dmap_status status = dmap_map(harness_pool, &large_answer, dmap_blobs(items, n), dmap_collect(&results), NULL);
    if (status != DMAP_OK)
        harness_fail("%s: %s", dmap_status_name(status), dmap_error(harness_pool));
    for (size_t i = 0; i < n && status == DMAP_OK; i++)
        wrong += !is_answer(&items[i], results, i);
    CU_ASSERT_EQUAL(wrong, 0);
    dmap_report_get(harness_pool, &report);
    printf("%.1f s, of it %.1f s in tasks, ", report.seconds, report.busy_s);
    dmap_results_free(results);
}

static bool has_memory(uint64_t bytes) {
    uint64_t there = memory_available();
    if (there >= bytes)
        return true;
    printf("skipped: %" PRIu64 " MiB of memory are free, this wants %" PRIu64 ", ", there >> 20, bytes >> 20);
    return false;
}

void large_test_bytes(void) {
    dmap_blob items[N];
    size_t most = harness_is_small() ? MB : 20 * MB;
    uint64_t state = harness_seed;
    unsigned char *bytes = malloc(2 * most);
    if (!has_memory(8 * GIB) || !bytes) {
        free(bytes);
        return;
    }
    harness_watch("300 items of up to 20 MB", 85);
    fill(bytes, 2 * most, harness_seed);
    for (size_t i = 0; i < N; i++)
        items[i] = (dmap_blob){bytes + draw_below(&state, most), i % 10 ? 9 + (size_t)draw_below(&state, most) : 0};
    map_and_check(items, N);
    free(bytes);
}

/* ---- 2.5 GiB ---- */

/* The same bytes at every REPEATED bytes of `size`; NULL: it cannot be had. */
static unsigned char *map_repeated(size_t size) {
    int fd = memfd_create("repeated", 0);
    unsigned char *all = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool good = fd >= 0 && all != MAP_FAILED && !ftruncate(fd, (off_t)REPEATED);
    for (size_t at = 0; good && at < size; at += REPEATED) {
        size_t n = size - at < REPEATED ? size - at : REPEATED;
        good = mmap(all + at, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED;
    }
    if (fd >= 0)
        close(fd);
    if (!good)
        return NULL;
    fill(all, REPEATED, harness_seed);
    return all;
}

void large_test_huge(void) {
    if (!has_memory(10 * GIB))
        return;
    size_t size = HUGE_SIZE;
    unsigned char *bytes = map_repeated(size);
    CU_ASSERT_PTR_NOT_NULL(bytes);
    if (!bytes)
        return;
    harness_watch("an item of 2.5 GiB", 85);
    map_and_check(&(dmap_blob){bytes, size}, 1);
    munmap(bytes, size);
    harness_watch("a result of 2.5 GiB", 85);
    map_and_check(&(dmap_blob){&size, sizeof size}, 1);
}
