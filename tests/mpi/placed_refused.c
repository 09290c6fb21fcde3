/* Ranks that may not write to the master's memory, for a while or for good: results come as messages then. If it is
 * refused when a chunk's first results are there already, the call fails with a sentence. */
#include "placed.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS   150
#define PASSING 8 /* kinds that are not too long a call */

/* ---- now and then ---- */

static void check(dmap_status status, const placed_item *items, const unsigned char *results, const placed_kind *kind) {
    size_t wrong = 0;
    for (size_t i = 0; i < ITEMS && status == DMAP_OK; i++)
        wrong += !placed_is_right(&items[i], results + i * kind->size, kind->size);
    CU_ASSERT_EQUAL(wrong, 0);
    if (status == DMAP_OK || (status == DMAP_EIO && items[0].refuse_in > 1 &&
                              strstr(dmap_error(harness_pool), "results cannot be written to the master's memory: ")))
        return;
    harness_fail("one in %u refused: %s: %s", items[0].refuse_in, dmap_status_name(status), dmap_error(harness_pool));
}

static void run_refused(const placed_kind *kind, uint32_t refuse_in) {
    placed_item *items = placed_items(ITEMS);
    unsigned char *results = malloc(ITEMS * kind->size);
    const dmap_map_options options = {.schedule = DMAP_STATIC};
    for (size_t i = 0; i < ITEMS; i++)
        items[i].refuse_in = refuse_in;
    check(dmap_map(harness_pool, kind->task, dmap_array(items, ITEMS), dmap_into(results), &options), items, results,
          kind);
    free(results);
    free(items);
}

static void test_now_and_then(void) {
    static const uint32_t often[] = {1, 2, 0, 5, 20, 0, 100};
    harness_watch("writes that are refused now and then", 100);
    for (int round = 0; round < (harness_is_small() ? 2 : PASSING); round++)
        for (size_t i = 0; i < sizeof often / sizeof *often; i++)
            run_refused(&placed_kinds[round % PASSING], often[i]);
}

/* ---- for good ---- */

/* What became of it on a rank. */
typedef enum forbidden { FORBIDDEN_NO, FORBIDDEN_YES, FORBIDDEN_IMPOSSIBLE } forbidden;

typedef struct answer {
    int32_t rank, forbidden;
} answer;

static int forbid(dmap_context *ctx, const void *item, void *result) {
    static _Atomic int once;
    (void)item;
    int was = FORBIDDEN_NO;
    if (dmap_rank(ctx) > 0 && atomic_compare_exchange_strong(&once, &was, FORBIDDEN_IMPOSSIBLE))
        atomic_store(&once, placed_forbid() ? FORBIDDEN_YES : FORBIDDEN_IMPOSSIBLE);
    burn(300e-6);
    *(answer *)result = (answer){dmap_rank(ctx), atomic_load(&once)};
    return 0;
}

DMAP_TASK(placed_forbidding, .run = forbid, .item_size = 8, .result_size = sizeof(answer));

/* On all other ranks, by items that find their way there: results are too small to pass. Returns on how many. */
static int forbid_all(void) {
    const dmap_map_options options = {.schedule = DMAP_STATIC, .chunk = 1};
    int ranks = dmap_ranks(harness_pool), done = 0;
    uint64_t n = (uint64_t)dmap_workers(harness_pool) * 2;
    answer *answers = calloc(n, sizeof *answers);
    bool *is_done = calloc((size_t)ranks, sizeof *is_done);
    for (double until = now_s() + 60; done < ranks - 1 && now_s() < until;) {
        CU_ASSERT_EQUAL(dmap_map(harness_pool, &placed_forbidding, dmap_range(0, n), dmap_into(answers), &options),
                        DMAP_OK);
        for (uint64_t i = 0; i < n; i++) {
            done += answers[i].forbidden == FORBIDDEN_YES && !is_done[answers[i].rank];
            is_done[answers[i].rank] |= answers[i].forbidden == FORBIDDEN_YES;
            if (answers[i].forbidden == FORBIDDEN_IMPOSSIBLE)
                until = 0;
        }
    }
    free(is_done);
    free(answers);
    return done;
}

/* The last of all: there is no way back. */
static void test_for_good(void) {
    int ranks = dmap_ranks(harness_pool);
    placed_count *before = calloc((size_t)ranks, sizeof *before);
    harness_watch("writes that are refused for good", 60);
    int can = placed_counts(before);
    if (harness_has("processes"))
        printf("skipped: a task cannot forbid it to the rank of its process, ");
    else if (forbid_all() < ranks - 1)
        printf("skipped: no filter of system calls, ");
    else
        for (size_t i = 0; i < PASSING; i++)
            run_refused(&placed_kinds[i], 0);
    placed_count written = placed_since(before);
    if (!harness_has("processes"))
        CU_ASSERT(written.bytes == 0 && (written.failed > 0) == (can > 0));
    free(before);
}

void placed_add_refused(void) {
    CU_pSuite suite = CU_add_suite("refused", NULL, NULL);
    CU_ADD_TEST(suite, test_now_and_then);
    CU_ADD_TEST(suite, test_for_good);
}
