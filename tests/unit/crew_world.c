/* The world of the crew's tests. Workers write to the counters only; what is wrong in a worker is counted, and asserted
 * on the tests' own thread when the crew is closed. */
#include "crew_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "unit.h"

crew_world world;

static int set_up(dmap_context *ctx) {
    size_t size;
    if (dmap_local(ctx) || dmap_shared(ctx, &size) != world.shared)
        atomic_fetch_add(&world.wrong, 1);
    atomic_fetch_add(&world.setups, 1);
    if (world.setup_code)
        return dmap_fail(ctx, world.setup_code, "no setup today");
    dmap_set_local(ctx, &world);
    return 0;
}

static void tear_down(dmap_context *ctx) {
    if (dmap_local(ctx) != &world)
        atomic_fetch_add(&world.wrong, 1);
    atomic_fetch_add(&world.teardowns, 1);
}

static bool looks_right(const dmap_context *ctx, uint64_t number) {
    return dmap__crew_is_inside() && dmap_local(ctx) == &world && dmap_index(ctx) + 1000 == number &&
           dmap_shared(ctx, NULL) == world.shared;
}

static int run_item(dmap_context *ctx, const void *item, void *result) {
    uint64_t number, index = dmap_index(ctx);
    memcpy(&number, item, sizeof number);
    if (!looks_right(ctx, number))
        atomic_fetch_add(&world.wrong, 1);
    atomic_fetch_add(&world.ran[index], 1);
    while (index == 0 && atomic_load(&world.hold) && !dmap_cancelled(ctx)) {
        atomic_store(&world.held, true);
        dmap__clock_yield();
    }
    if (dmap_attempt(ctx) <= world.fails[index])
        return index % 2 ? dmap_fail(ctx, 5, "item %d says so", (int)index) : 5;
    number *= 3;
    void *place = result ? result : dmap_result(ctx, sizeof number);
    if (place)
        memcpy(place, &number, sizeof number);
    return place ? 0 : 1;
}

static int run_batch(dmap_context *ctx, const void *items, void *results, size_t count) {
    uint64_t first;
    memcpy(&first, items, sizeof first);
    for (size_t i = 0; i < count; i++) {
        uint64_t index = dmap_index(ctx) + i, number = (first + i) * 3;
        atomic_fetch_add(&world.ran[index], 1);
        if (dmap_attempt(ctx) <= world.fails[index])
            return 5;
        memcpy((unsigned char *)results + i * sizeof number, &number, sizeof number);
    }
    return looks_right(ctx, first) ? 0 : 99;
}

void world_combine(void *into, const void *from) {
    *(uint64_t *)into = *(uint64_t *)into * 31 + *(const uint64_t *)from;
}

static const dmap_task fixed_task = {.name = "fixed",
                                     .run = run_item,
                                     .item_size = 8,
                                     .result_size = 8,
                                     .setup = set_up,
                                     .teardown = tear_down,
                                     .combine = world_combine};
static const dmap_task variable_task = {.name = "variable",
                                        .run = run_item,
                                        .item_size = 8,
                                        .result_size = DMAP_VARIABLE,
                                        .setup = set_up,
                                        .teardown = tear_down};
static const dmap_task batch_task = {.name = "batch",
                                     .run_batch = run_batch,
                                     .item_size = 8,
                                     .result_size = 8,
                                     .setup = set_up,
                                     .teardown = tear_down,
                                     .combine = world_combine};
const dmap_task *const world_tasks[3] = {&batch_task, &fixed_task, &variable_task};

dmap__crew *world_open(int workers) {
    dmap__crew *crew = NULL;
    dmap__error error;
    dmap__crew_config config = {.backend = workers ? DMAP_THREADS : DMAP_SERIAL,
                                .workers = workers ? workers : 1,
                                .spins = workers > 3,
                                .bell = &world.bell,
                                .n_tasks = sizeof world_tasks / sizeof world_tasks[0]};
    memset(&world, 0, sizeof world);
    dmap__bell_init(&world.bell, false);
    CU_ASSERT_EQUAL_FATAL(dmap__crew_open(&config, &crew, &error), DMAP_OK);
    CU_ASSERT_EQUAL(dmap__crew_workers(crew), config.workers);
    return crew;
}

void world_close(dmap__crew *crew) {
    dmap__crew_close(crew);
    CU_ASSERT_EQUAL(atomic_load(&world.wrong), 0);
    CU_ASSERT(world.setup_code || atomic_load(&world.setups) == atomic_load(&world.teardowns));
}

dmap__crew_call world_begin(uint32_t task, dmap__want want) {
    static uint64_t calls;
    dmap__crew_call call;
    dmap__call_spec spec = {.task_id = task, .want = want};
    dmap__crew_call_init(&call, &spec, world_tasks[task], ++calls);
    return call;
}

dmap__grant *world_submit(dmap__crew *crew, dmap__crew_call *call, uint64_t from, uint64_t to) {
    dmap__grant *grant = calloc(1, sizeof *grant);
    CU_ASSERT_FATAL(grant != NULL);
    *grant = (dmap__grant){
        .call = call, .begin = from, .end = to, .attempt = 1, .layout = DMAP__LAYOUT_RANGE, .range_first = 1000};
    dmap__outcome_init(&grant->outcome, from, to);
    if (call->spec.want == DMAP__WANT_RESULTS && call->task->result_size == DMAP_VARIABLE)
        grant->outcome.refs = calloc((size_t)(to - from), sizeof(dmap_blob));
    else if (call->spec.want == DMAP__WANT_RESULTS)
        grant->outcome.fixed = dmap__memory_array(to - from, call->task->result_size);
    dmap__crew_submit(crew, grant);
    return grant;
}

dmap__grant *world_wait(dmap__crew *crew) {
    dmap__grant *grant;
    uint32_t heard = dmap__bell_heard(&world.bell);
    for (; !(grant = dmap__crew_poll(crew)); heard = dmap__bell_heard(&world.bell))
        if (!dmap__crew_step(crew))
            dmap__bell_wait(&world.bell, heard, 10);
    return grant;
}

void world_destroy(dmap__grant *grant) {
    dmap__outcome_fini(&grant->outcome);
    free(grant);
}

uint64_t world_result(const dmap__outcome *outcome, uint64_t position) {
    uint64_t i = position - outcome->begin, value = 0;
    if (outcome->refs && outcome->refs[i].size == sizeof value)
        memcpy(&value, outcome->refs[i].data, sizeof value);
    else if (outcome->fixed)
        memcpy(&value, outcome->fixed + i * sizeof value, sizeof value);
    return value;
}
