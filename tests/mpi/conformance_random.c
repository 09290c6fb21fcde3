/* Cases drawn at random from the seed: all choices, failures, burning items, a slow rank, small windows, stops. */
#include "cases.h"
#include "conformance.h"

#include <stdlib.h>

static bool chance(uint64_t *state, uint64_t one_in) {
    return draw_below(state, one_in) == 0;
}

static uint64_t draw_count(uint64_t *state) {
    uint64_t most = UINT64_C(1) << draw_below(state, harness_is_small() ? 12 : 16);
    return draw_below(state, most + 1);
}

static void draw_world(uint64_t *state, test_case *c) {
    world *w = &c->world;
    w->key = draw(state);
    w->fail_key = draw(state);
    if (chance(state, 3))
        w->fail_one_in = 1 + (uint32_t)draw_below(state, UINT64_C(1) << draw_below(state, 14));
    if (chance(state, 4)) {
        w->fail_at[0] = draw_below(state, c->count + 1);
        w->fail_times = 1 + (uint32_t)draw_below(state, 3);
    }
    if (chance(state, 3))
        w->burn_ns = (uint32_t)(draw_below(state, 20000000) / (c->count + 1)) + 1;
    if (chance(state, 2))
        w->slow_rank = (uint32_t)draw_below(state, (uint64_t)dmap_ranks(harness_pool));
}

static void draw_options(uint64_t *state, test_case *c) {
    dmap_map_options *o = &c->options;
    o->schedule = (dmap_schedule)draw_below(state, 5);
    o->chunk = chance(state, 2) ? 0 : 1 + draw_below(state, c->count < 2000 ? c->count + 9 : 5000);
    if (o->chunk && c->count / o->chunk > 3000)
        o->chunk = c->count / 3000 + 1;
    o->window = chance(state, 2) ? 0 : 4096 + draw_below(state, 1 << 20);
    o->on_error = chance(state, 2) ? DMAP_STOP : DMAP_KEEP_GOING;
    o->retries = chance(state, 2) ? 0 : (int)draw_below(state, 5);
    o->seed = draw(state);
}

static test_case draw_case(uint64_t *state) {
    test_case c;
    do {
        c = case_of((case_source)draw_below(state, SOURCES), (case_sink)draw_below(state, SINKS), draw_count(state));
        c.variable_items = chance(state, 3);
        c.variable_results = chance(state, 3);
        c.batch = chance(state, 3);
        c.cost = chance(state, 4);
    } while (!case_is_possible(&c));
    draw_world(state, &c);
    draw_options(state, &c);
    if (chance(state, 10))
        c.sink_stops_at = draw_below(state, c.count + 1);
    if (c.source == SOURCE_PULL && chance(state, 5))
        c.source_fails_at = draw_below(state, c.count + 1);
    return c;
}

static void test_random(void) {
    const char *wanted = getenv("DMAP_CASES");
    long cases = wanted ? strtol(wanted, NULL, 10) : harness_is_small() ? 150 : harness_is_long() ? 10000 : 1000;
    uint64_t state = harness_seed;
    for (long i = 0; i < cases; i++) {
        test_case c = draw_case(&state);
        if (!case_run(&c))
            return;
    }
    CU_PASS("no case has failed");
}

void conformance_add_random(void) {
    CU_pSuite suite = CU_add_suite("random", NULL, NULL);
    CU_ADD_TEST(suite, test_random);
}
