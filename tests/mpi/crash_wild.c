/* Tasks that write where they must not: over the memory that their process shares with the rank. The rank may not crash
 * or hang; items may be lost to that, and the next map is whole again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash.h"
#include "crew/shm_channel.h"

typedef enum wild_kind {
    WILD_TABLE,  /* the table of results */
    WILD_HEAD,   /* all of the head */
    WILD_TURN,   /* the turn: as if the rank had been given it */
    WILD_COUNTS, /* sizes and counts, as large as they can be */
    WILD_KINDS
} wild_kind;

static void write_counts(dmap__shm_channel_head *head) {
    atomic_store(&head->done, UINT32_MAX);
    atomic_store(&head->used, UINT64_MAX - 5);
    head->size = UINT64_MAX;
    head->results = UINT64_MAX / 2;
    head->items = UINT64_MAX / 2;
    head->count = UINT32_MAX;
    head->crash = INT32_MAX;
    memset(head->text, 'x', sizeof head->text);
    memset(head->trace, 'x', sizeof head->trace);
}

#define NO_CHANNEL "there is no channel"

static int write_wild(dmap_context *ctx, const void *item, void *result) {
    (void)result;
    memset(dmap_result(ctx, 100), 1, 100);
    if (dmap_index(ctx) % 1000 != 900)
        return 0;
    dmap__shm_channel_head *head = look_channel();
    if (!head)
        return dmap_fail(ctx, 1, NO_CHANNEL);
    switch ((wild_kind) * (const uint64_t *)item) {
    case WILD_TABLE:
        memset((char *)head + head->results, 0xfe, 16 * (size_t)head->count);
        break;
    case WILD_HEAD:
        memset((void *)head, 0xff, sizeof *head);
        break;
    case WILD_TURN:
        atomic_store(&head->owner, (uint32_t)DMAP__OWNER_RANK);
        break;
    default:
        write_counts(head);
        _exit(2);
    }
    return 0;
}

static int plain(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)item + 1;
    return 0;
}

DMAP_TASK(crash_wild, .run = write_wild, .item_size = 8, .result_size = DMAP_VARIABLE);
DMAP_TASK(crash_plain, .run = plain, .item_size = 8, .result_size = 8);

static int count(void *arg, const dmap_item_result *r) {
    uint64_t *ended = arg;
    ++*ended;
    if (r->status == DMAP_ITEM_FAILED && strstr(r->error, NO_CHANNEL))
        harness_fail("item %" PRIu64 ": %s", r->index, r->error);
    if (r->status == DMAP_ITEM_OK && r->size != 100)
        harness_fail("item %" PRIu64 " has %zu bytes", r->index, r->size);
    return 0;
}

static void test_wild(void) {
    enum { N = 10000 };
    static uint64_t items[N], results[N];
    for (wild_kind kind = WILD_TABLE; kind < WILD_KINDS; kind++) {
        char what[32];
        uint64_t ended = 0;
        snprintf(what, sizeof what, "writes of kind %d", (int)kind);
        harness_watch(what, 60);
        for (int i = 0; i < N; i++)
            items[i] = (uint64_t)kind;
        dmap_map_options options = {.on_error = DMAP_KEEP_GOING, .progress = -1};
        dmap_status status =
            dmap_map(harness_pool, &crash_wild, dmap_array(items, N), dmap_each(count, &ended), &options);
        if (ended != N && kind != WILD_HEAD)
            harness_fail("%" PRIu64 " ended; %s: %s", ended, dmap_status_name(status), dmap_error(harness_pool));
        status = dmap_map(harness_pool, &crash_plain, dmap_array(items, N), dmap_into(results), NULL);
        CU_ASSERT_EQUAL(status, DMAP_OK);
        for (int i = 0; i < N; i++)
            CU_ASSERT_EQUAL(results[i], (uint64_t)kind + 1);
    }
}

void crash_add_wild(void) {
    CU_pSuite suite = CU_add_suite("wild", NULL, NULL);
    CU_ADD_TEST(suite, test_wild);
}
