/* Items that workers read from another process's memory: each is as it was, whatever batches they are read in; what
 * cannot be read ends the call. */
#include <string.h>

#include "direct_world.h"
#include "unit.h"

#define SMALL ((size_t)24)
#define LARGE ((size_t)8192)

static unsigned char byte_of(uint64_t index) {
    return (unsigned char)(index * 37 + index / 256);
}

/* All bytes of an item are that of its index; its result is the index. */
static int look(const void *item, size_t size, uint64_t index, uint64_t *result) {
    unsigned char bytes[LARGE];
    memset(bytes, byte_of(index), size);
    *result = index;
    return memcmp(item, bytes, size) ? 77 : 0;
}

static int run(dmap_context *ctx, const void *item, void *result) {
    return look(item, dmap_item_size(ctx), dmap_index(ctx), result);
}

static int run_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    int code = 0;
    for (size_t i = 0; i < count; i++)
        code |= look((const unsigned char *)items + i * SMALL, SMALL, dmap_index(ctx) + i, (uint64_t *)results + i);
    return code;
}

static const dmap_task tasks[] = {{.name = "small", .run = run, .item_size = SMALL, .result_size = 8},
                                  {.name = "large", .run = run, .item_size = LARGE, .result_size = 8},
                                  {.name = "batch", .run_batch = run_batch, .item_size = SMALL, .result_size = 8}};

static void run_items(direct_world *w, int workers, const dmap_task *task, uint64_t begin, uint64_t end, size_t from) {
    direct_open(w, begin, end, (size_t)(end - begin) * task->item_size);
    for (uint64_t i = begin; i < end; i++)
        memset(w->place + (size_t)(i - begin) * task->item_size, byte_of(i), task->item_size);
    direct_forbid(w, from);
    w->grant.layout = DMAP__LAYOUT_ARRAY;
    w->grant.items_at = (uint64_t)(uintptr_t)w->place;
    direct_run(w, workers, task);
}

static void test_items(void) {
    for (unsigned round = unit_rounds(90); round; round--) {
        direct_world w;
        const dmap_task *task = &tasks[round % 3];
        uint64_t begin = unit_below(100), end = begin + 1 + unit_below(task->item_size == LARGE ? 150 : 30000);
        run_items(&w, (int)unit_below(5), task, begin, end, SIZE_MAX);
        const dmap__outcome *outcome = &w.grant.outcome;
        size_t wrong = 0;
        CU_ASSERT_EQUAL(outcome->trouble.status, DMAP_OK);
        CU_ASSERT_EQUAL(outcome->n_failures, 0);
        CU_ASSERT_EQUAL(dmap__outcome_items(outcome), end - begin);
        for (uint64_t i = begin; i < end; i++)
            wrong += ((const uint64_t *)(const void *)outcome->fixed)[i - begin] != i;
        CU_ASSERT_EQUAL(wrong, 0);
        direct_close(&w);
    }
}

static void test_unreadable(void) {
    direct_world w;
    run_items(&w, 0, &tasks[1], 0, 200, 100 * LARGE);
    const dmap__trouble *trouble = &w.grant.outcome.trouble;
    CU_ASSERT_EQUAL(trouble->status, DMAP_EIO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trouble->text, "cannot be read from the master's memory: Bad address"));
    CU_ASSERT_EQUAL(w.grant.outcome.limit, 0);
    direct_close(&w);
}

int main(void) {
    CU_TestInfo tests_of_items[] = {{"items", test_items}, {"unreadable", test_unreadable}, CU_TEST_INFO_NULL};
    return unit_run("fetch", tests_of_items);
}
