/* Many calls of random size, priority, sink and end, made, cancelled and freed in any order; every result is right, and
 * reports balance. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"

enum { IN_FLIGHT = 200, MOST_ITEMS = 1000 };

typedef struct one {
    dmap_call *call;
    bool is_item, is_cancelled, has_time, unordered;
    uint64_t first, n, seen, sum;
    int sink; /* 0: into, 1: each, 2: discard */
    uint64_t results[MOST_ITEMS];
} one;

static uint64_t state, made, ended;

static int take(void *arg, const dmap_item_result *r) {
    one *o = arg;
    bool is_right = r->status == DMAP_ITEM_OK && *(const uint64_t *)r->data == mix(o->first + r->index);
    if (!is_right || (!o->unordered && r->index != o->seen))
        harness_fail("item %" PRIu64 " of a call from %" PRIu64 " is wrong", r->index, o->first);
    o->seen++;
    return 0;
}

static void make(one *o) {
    memset(o, 0, sizeof *o);
    o->first = draw(&state);
    o->is_item = draw_below(&state, 3) == 0;
    o->n = o->is_item ? 1 : draw_below(&state, draw_below(&state, 4) ? 30 : MOST_ITEMS);
    o->sink = (int)draw_below(&state, 3);
    o->unordered = draw_below(&state, 2);
    o->has_time = draw_below(&state, 20) == 0;
    o->first = o->first > UINT64_MAX - MOST_ITEMS ? 0 : o->first;
    dmap_map_options options = {.priority = (int)draw_below(&state, 5)};
    dmap_status status;
    if (o->is_item) {
        status = dmap_submit(harness_pool, &calls_hash, &o->first, 8, &options, &o->call);
    } else {
        options.unordered = o->unordered;
        options.timeout_s = o->has_time ? 1e-3 * (double)draw_below(&state, 20) : 0;
        dmap_sink sink = o->sink == 0 ? dmap_into(o->results) : o->sink == 1 ? dmap_each(take, o) : dmap_discard();
        status =
            dmap_map_async(harness_pool, &calls_hash, dmap_range(o->first, o->first + o->n), sink, &options, &o->call);
    }
    CU_ASSERT_EQUAL_FATAL(status, DMAP_OK);
    made++;
}

static void check(one *o) {
    dmap_status status = dmap_call_status(o->call);
    dmap_report report;
    dmap_call_report(o->call, &report);
    bool may_fail = o->is_cancelled || o->has_time;
    if (status != DMAP_OK && !(may_fail && (status == DMAP_ECANCELLED || status == DMAP_ETIMEOUT)))
        harness_fail("a call ended with %s: %s", dmap_status_name(status), dmap_call_error(o->call));
    if (status == DMAP_OK && o->is_item) {
        const uint64_t *result = dmap_call_result(o->call, NULL);
        CU_ASSERT(result && *result == mix(o->first));
    } else if (status == DMAP_OK) {
        CU_ASSERT_EQUAL(report.items, o->n);
        for (uint64_t i = 0; o->sink == 0 && i < o->n; i++)
            CU_ASSERT_EQUAL(o->results[i], mix(o->first + i));
    }
    if (o->sink == 1 && !o->is_item)
        CU_ASSERT_EQUAL(o->seen, report.items);
    dmap_call_free(o->call);
    o->call = NULL;
    ended++;
}

static void test_soak(void) {
    const char *wish = getenv("DMAP_SOAK");
    uint64_t calls = wish ? strtoull(wish, NULL, 10) : harness_is_small() ? 600 : 3000;
    one *all = calloc(IN_FLIGHT, sizeof *all);
    state = harness_seed;
    harness_watch("the soak", wish ? 3000 : 300);
    while (ended < calls) {
        one *o = &all[draw_below(&state, IN_FLIGHT)];
        if (!o->call && made < calls) {
            make(o);
        } else if (o->call && dmap_call_status(o->call) != DMAP_PENDING) {
            check(o);
        } else if (o->call && draw_below(&state, 30) == 0) {
            o->is_cancelled = true;
            CU_ASSERT_EQUAL(dmap_cancel(o->call), DMAP_OK);
        } else if (o->call && draw_below(&state, 4) == 0) {
            dmap_wait(o->call, 1e-3 * (double)draw_below(&state, 3));
        } else {
            dmap_step(harness_pool, made == calls ? 0.01 : 0);
        }
    }
    CU_ASSERT_EQUAL(made, calls);
    while (dmap_step(harness_pool, 1) != DMAP_END)
        continue;
    free(all);
}

void calls_add_soak(CU_pSuite suite) {
    CU_ADD_TEST(suite, test_soak);
}
