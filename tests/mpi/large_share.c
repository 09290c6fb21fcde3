/* dmap_share: every worker of every rank sees the same bytes, set-up runs again for them, and the ranks of a host map
 * one copy, which shows as one inode. */
#include "large.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_WORKERS 256

typedef struct sight {
    int32_t rank, worker;
    uint64_t size, sum, inode;
    uint64_t sum_at_set_up;
} sight;

/* The inode behind an address; 0: none. */
static uint64_t inode_at(const void *address) {
    char line[512];
    uint64_t found = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && !found && fgets(line, sizeof line, f)) {
        uint64_t begin, end, inode;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %" SCNu64, &begin, &end, &inode) == 3 &&
            begin <= (uintptr_t)address && (uintptr_t)address < end)
            found = inode;
    }
    if (f)
        fclose(f);
    return found;
}

static int set_up(dmap_context *ctx) {
    size_t size;
    const void *data = dmap_shared(ctx, &size);
    sight *made = calloc(1, sizeof *made);
    if (!made)
        return 1;
    made->size = size;
    made->sum = made->sum_at_set_up = hash(data, size);
    made->inode = data ? inode_at(data) : 0;
    dmap_set_local(ctx, made);
    return 0;
}

static void tear_down(dmap_context *ctx) {
    free(dmap_local(ctx));
}

static int look(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    size_t size;
    sight seen = *(const sight *)dmap_local(ctx);
    const unsigned char *data = dmap_shared(ctx, &size);
    nanosleep(&(struct timespec){0, 500000}, NULL);
    seen.rank = dmap_rank(ctx);
    seen.worker = dmap_worker(ctx);
    if (size != seen.size || (data == NULL) != (size == 0) || (uintptr_t)data % 64)
        seen.size = UINT64_MAX;
    memcpy(result, &seen, sizeof seen);
    return 0;
}

DMAP_TASK(large_look, .run = look, .item_size = 8, .result_size = sizeof(sight), .setup = set_up,
          .teardown = tear_down);

/* One map; marks the workers that were met. Returns results that are wrong. */
static uint64_t look_once(size_t size, uint64_t sum, bool *met, uint64_t *inode) {
    static sight seen[1000];
    const dmap_map_options options = {.chunk = 4, .schedule = DMAP_DYNAMIC};
    dmap_status status = dmap_map(harness_pool, &large_look, dmap_range(0, 1000), dmap_into(seen), &options);
    if (status != DMAP_OK)
        harness_fail("%s: %s", dmap_status_name(status), dmap_error(harness_pool));
    uint64_t wrong = status != DMAP_OK;
    for (int i = 0; i < 1000 && status == DMAP_OK; i++) {
        const sight *s = &seen[i];
        wrong += s->size != size || s->sum != sum;
        wrong += size && *inode && s->inode != *inode &&
                 !strcmp(dmap_host(harness_pool, s->rank), dmap_host(harness_pool, 0));
        if (s->rank == 0 || dmap_ranks(harness_pool) == 1)
            *inode = s->inode;
        met[(s->rank * 7 + s->worker) % MOST_WORKERS] = true;
    }
    return wrong;
}

static void share_and_look(const void *data, size_t size) {
    bool met[MOST_WORKERS] = {0};
    int n_met = 0;
    uint64_t inode = 0, wrong = 0, sum = hash(data, size);
    harness_watch("shared data", 60);
    CU_ASSERT_EQUAL(dmap_share(harness_pool, data, size), DMAP_OK);
    for (int tries = 0; tries < 20 && n_met < dmap_workers(harness_pool); tries++) {
        wrong += look_once(size, sum, met, &inode);
        n_met = 0;
        for (int i = 0; i < MOST_WORKERS; i++)
            n_met += met[i];
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(n_met, dmap_workers(harness_pool));
}

void large_test_share(void) {
    size_t most = harness_is_small() ? 3000000 : 100000000;
    unsigned char *data = malloc(most);
    CU_ASSERT_PTR_NOT_NULL(data);
    if (!data)
        return;
    fill(data, most, 1);
    share_and_look(NULL, 0);
    share_and_look(data, 1);
    share_and_look(data, most);
    fill(data, most, 2);
    share_and_look(data, most);
    share_and_look(data, 4097);
    share_and_look(data, 0);
    share_and_look(data, most);
    free(data);
}
