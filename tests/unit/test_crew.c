/* A crew of threads, or of the caller itself: whole calls, of which every item comes back once, with its result or
 * failure; and what outlives a call: the workers' own state, and the shared data. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/spawn_record.h"
#include "crew_world.h"
#include "unit.h"

static void check_fold(const dmap__outcome *outcome) {
    dmap__fold plain;
    uint64_t wanted = 0, got = 0;
    dmap__fold_init(&plain, world_tasks[1], outcome->begin);
    for (uint64_t at = outcome->begin; at < outcome->end; at++) {
        uint64_t value = (at + 1000) * 3;
        CU_ASSERT(world.fails[at] ? dmap__fold_skip(&plain) : dmap__fold_push(&plain, &value, 1));
    }
    CU_ASSERT_EQUAL_FATAL(outcome->n_folds, 1);
    dmap__fold_finish(&plain, &wanted);
    dmap__fold_finish(&outcome->folds[0], &got);
    CU_ASSERT_EQUAL(got, wanted);
    dmap__fold_fini(&plain);
}

static void check_outcome(const dmap__outcome *outcome, const dmap__crew_call *call) {
    size_t failed = 0;
    CU_ASSERT_EQUAL(outcome->trouble.status, DMAP_OK);
    CU_ASSERT_EQUAL(dmap__outcome_items(outcome), outcome->end - outcome->begin);
    for (uint64_t at = outcome->begin; at < outcome->end; at++) {
        CU_ASSERT(atomic_load(&world.ran[at]) == 1 || (call->task->run_batch && atomic_load(&world.ran[at])));
        if (world.fails[at]) {
            CU_ASSERT_FATAL(failed < outcome->n_failures);
            const dmap__failure *failure = &outcome->failures[failed++];
            CU_ASSERT(failure->position == at && failure->code == 5 && failure->attempt == 1);
            CU_ASSERT(!failure->text || at % 2);
        } else if (call->spec.want == DMAP__WANT_RESULTS) {
            CU_ASSERT_EQUAL(world_result(outcome, at), (at + 1000) * 3);
        }
    }
    CU_ASSERT_EQUAL(failed, outcome->n_failures);
    if (call->spec.want == DMAP__WANT_FOLD)
        check_fold(outcome);
}

/* A call: a few grants out at a time, of random sizes, some of whose items fail for good. */
static void run_call(dmap__crew *crew) {
    uint32_t task = (uint32_t)unit_below(3);
    dmap__want want =
        task == TASK_VARIABLE ? DMAP__WANT_RESULTS * (dmap__want)unit_below(2) : (dmap__want)unit_below(3);
    for (size_t i = 0; i < MOST; i++) {
        world.fails[i] = unit_chance(10) ? NEVER : 0;
        atomic_store(&world.ran[i], 0);
    }
    dmap__crew_call call = world_begin(task, want);
    uint64_t next = 0;
    for (int out = 0; next < MOST || out;) {
        if (next < MOST && out < DMAP__CREW_GRANTS && unit_chance(2)) {
            uint64_t end = next + 1 + unit_below(200);
            world_submit(crew, &call, next, end < MOST ? end : MOST);
            next = end;
            out++;
        } else if (out) {
            dmap__grant *grant = world_wait(crew);
            check_outcome(&grant->outcome, &call);
            world_destroy(grant);
            out--;
        }
    }
    CU_ASSERT_PTR_NULL(dmap__crew_poll(crew));
}

static void test_calls(void) {
    for (int workers = 0; workers <= 6; workers++) {
        dmap__crew *crew = world_open(workers);
        for (unsigned round = unit_rounds(150); round; round--)
            run_call(crew);
        CU_ASSERT(atomic_load(&world.setups) <= 3 * (workers ? workers : 1));
        world_close(crew);
    }
}

/* New shared data: a worker that set up for the old sets up anew. */
static void test_share(void) {
    static const char data[2] = "ab";
    dmap__crew *crew = world_open(1);
    dmap__crew_call call = world_begin(TASK_FIXED, DMAP__WANT_NOTHING);
    for (int i = 0; i < 6; i++) {
        if (i % 2 == 0) {
            world.shared = data + i / 2 % 2;
            dmap__crew_share(crew, world.shared, 1, 0, -1);
        }
        world_submit(crew, &call, (uint64_t)i, (uint64_t)i + 1);
        world_destroy(world_wait(crew));
        CU_ASSERT_EQUAL(atomic_load(&world.setups), i / 2 + 1);
    }
    world_close(crew);
}

/* Results that nobody wants do not pile up. */
static void test_discard(void) {
    dmap__crew *crew = world_open(0);
    dmap__crew_call call = world_begin(TASK_VARIABLE, DMAP__WANT_NOTHING);
    world_submit(crew, &call, 0, MOST);
    dmap__grant *grant = world_wait(crew);
    CU_ASSERT_PTR_NOT_NULL_FATAL(grant->outcome.blocks);
    CU_ASSERT_PTR_NULL(grant->outcome.blocks->next);
    CU_ASSERT(grant->outcome.blocks->used <= 16);
    world_destroy(grant);
    world_close(crew);
}

/* Where items make items, the outcome tells how long one took at the most, for the end of a batch job. */
static void test_longest(void) {
    static struct {
        dmap__spawn_record head;
        uint64_t number;
    } item = {.head = {.size = sizeof item.number, .attempt = 1, .kind = DMAP__RECORD_ITEM}, .number = 1000};
    const dmap_blob items = {&item, sizeof item};
    dmap__crew *crew = world_open(1);
    dmap__crew_call call = world_begin(TASK_FIXED, DMAP__WANT_NOTHING);
    call.spec.spawns = true;
    call.spec.window = 1 << 20;
    dmap__grant *grant = calloc(1, sizeof *grant);
    CU_ASSERT_FATAL(grant != NULL);
    *grant = (dmap__grant){.call = &call, .end = 1, .attempt = 1, .layout = DMAP__LAYOUT_BLOBS, .items = &items};
    dmap__outcome_init(&grant->outcome, 0, 1);
    atomic_store(&world.hold, true);
    dmap__crew_submit(crew, grant);
    while (!atomic_load(&world.held))
        dmap__clock_yield();
    double held_s = dmap__clock_now(), seconds;
    while ((seconds = dmap__clock_now() - held_s) < 2e-3)
        dmap__clock_yield();
    atomic_store(&world.hold, false);
    CU_ASSERT_PTR_EQUAL(world_wait(crew), grant);
    CU_ASSERT_FATAL(grant->outcome.n_spans == 1);
    CU_ASSERT(grant->outcome.spans[0].seconds >= seconds);
    world_destroy(grant);
    world_close(crew);
}

static void test_close_at_once(void) {
    for (unsigned round = unit_rounds(200); round; round--)
        world_close(world_open((int)unit_below(6)));
    dmap__crew_close(NULL);
}

int main(void) {
    CU_TestInfo tests[] = {
        {"calls", test_calls},     {"shared data", test_share},   {"discarded results", test_discard},
        {"longest", test_longest}, {"close", test_close_at_once}, CU_TEST_INFO_NULL,
    };
    return unit_run("crew", tests);
}
