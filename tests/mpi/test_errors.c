/* What bad input gets: a status and a sentence, on the master; nothing hangs, and the pool works on. */
#include "test_errors.h"

#include <string.h>

static int add_one(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    uint64_t number;
    memcpy(&number, item, sizeof number);
    number++;
    memcpy(result, &number, sizeof number);
    return 0;
}

DMAP_TASK(plus_one, .run = add_one, .item_size = 8, .result_size = 8);

bool has_threads(void) {
    return !harness_has("serial");
}

static bool pool_works(void) {
    uint64_t results[100];
    dmap_status status = dmap_map(harness_pool, &plus_one, dmap_range(5, 105), dmap_into(results), NULL);
    for (uint64_t i = 0; i < 100 && status == DMAP_OK; i++)
        if (results[i] != i + 6)
            return false;
    return status == DMAP_OK && !*dmap_error(harness_pool);
}

void expect(const char *name, const dmap_pool *pool, dmap_status got, dmap_status wanted, const char *const *words) {
    const char *text = dmap_error(pool);
    if (got != wanted)
        harness_fail("%s: %s, wanted %s (%s)", name, dmap_status_name(got), dmap_status_name(wanted), text);
    for (; *words; words++)
        if (!strstr(text, *words))
            harness_fail("%s: \"%s\" does not say \"%s\"", name, text, *words);
    harness_watch(name, 30);
    if (!pool_works())
        harness_fail("after %s the pool does not work: %s", name, dmap_error(harness_pool));
}

static void add_tests(void) {
    errors_add_refusals();
    errors_add_tasks();
    errors_add_limits();
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
