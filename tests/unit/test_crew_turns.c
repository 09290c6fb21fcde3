/* A crew whose call takes a turn: items fail, a set-up fails, chunks are taken back, or are not wanted any more. */
#include <string.h>

#include "base/clock.h"
#include "crew/signals.h"
#include "crew_world.h"
#include "unit.h"

/* ---- failures ---- */

/* With DMAP_STOP everything below the lowest failure has run, and it is the last that is told of. */
static void test_stop(void) {
    for (unsigned round = unit_rounds(300); round; round--) {
        dmap__crew *crew = world_open((int)unit_below(5));
        uint64_t lowest = UINT64_MAX;
        for (int n = 0; n < 3; n++) {
            uint64_t at = unit_below(MOST);
            world.fails[at] = NEVER;
            lowest = at < lowest ? at : lowest;
        }
        dmap__crew_call call = world_begin(TASK_FIXED, DMAP__WANT_RESULTS);
        call.spec.stop = true;
        world_submit(crew, &call, 0, MOST);
        dmap__grant *grant = world_wait(crew);
        const dmap__outcome *outcome = &grant->outcome;
        CU_ASSERT_FATAL(outcome->n_failures == 1 && outcome->n_spans >= 1);
        CU_ASSERT_EQUAL(outcome->failures[0].position, lowest);
        uint64_t next = 0;
        for (size_t i = 0; i < outcome->n_spans && outcome->spans[i].begin == next; i++)
            next = outcome->spans[i].end;
        CU_ASSERT(next > lowest);
        for (uint64_t at = 0; at < lowest; at++)
            CU_ASSERT_EQUAL(world_result(outcome, at), (at + 1000) * 3);
        world_destroy(grant);
        world_close(crew);
    }
}

/* An item that is to be tried again does not stop the others, and leaves its place in the fold open. */
static void test_retry(void) {
    dmap__crew *crew = world_open(2);
    world.fails[10] = 1;
    dmap__crew_call call = world_begin(TASK_FIXED, DMAP__WANT_FOLD);
    call.spec.stop = true;
    call.spec.retries = 1;
    world_submit(crew, &call, 0, 20);
    dmap__grant *grant = world_wait(crew);
    CU_ASSERT_EQUAL(dmap__outcome_items(&grant->outcome), 20);
    CU_ASSERT_EQUAL(grant->outcome.n_failures, 1);
    CU_ASSERT_EQUAL_FATAL(grant->outcome.n_folds, 2);
    CU_ASSERT(grant->outcome.folds[0].end == 10 && grant->outcome.folds[1].begin == 11);
    world_destroy(grant);
    grant = world_submit(crew, &call, 10, 11);
    CU_ASSERT_PTR_EQUAL(world_wait(crew), grant);
    world_destroy(grant);
    world_close(crew);
}

static void test_setup_fails(void) {
    for (int workers = 0; workers <= 3; workers++) {
        dmap__crew *crew = world_open(workers);
        world.setup_code = 7;
        dmap__crew_call call = world_begin(TASK_FIXED, DMAP__WANT_RESULTS);
        world_submit(crew, &call, 0, MOST);
        dmap__grant *grant = world_wait(crew);
        CU_ASSERT_EQUAL(grant->outcome.trouble.status, DMAP_EITEM);
        CU_ASSERT_PTR_NOT_NULL(strstr(grant->outcome.trouble.text, "\"fixed\" failed (code 7): no setup today"));
        CU_ASSERT_EQUAL(dmap__outcome_items(&grant->outcome), 0);
        world_destroy(grant);
        world_close(crew);
        CU_ASSERT_EQUAL(atomic_load(&world.teardowns), 0);
    }
}

/* ---- while it runs ---- */

static void hold_first(void) {
    atomic_store(&world.hold, true);
}

static void wait_until_held(void) {
    while (!atomic_load(&world.held))
        dmap__clock_yield();
}

/* Items not begun come back; what runs ends, and the grant with it. A wait for nothing ends by its time. */
static void test_recall(void) {
    uint64_t ranges[2][2], back = 0, undone;
    dmap__crew *crew = world_open(2);
    dmap__crew_call call = world_begin(TASK_FIXED, DMAP__WANT_RESULTS);
    hold_first();
    world.fails[1] = 0;
    dmap__grant *grant = world_submit(crew, &call, 0, 1);
    wait_until_held();
    dmap__grant *second = world_submit(crew, &call, 1, MOST);
    int n = dmap__crew_recall(crew, second, MOST, ranges);
    for (int i = 0; i < n; i++) {
        back += ranges[i][1] - ranges[i][0];
        CU_ASSERT(ranges[i][0] >= 1 && ranges[i][1] <= MOST);
    }
    CU_ASSERT_PTR_EQUAL(world_wait(crew), second);
    CU_ASSERT_EQUAL(dmap__outcome_items(&second->outcome) + back, MOST - 1);
    CU_ASSERT_EQUAL(dmap__crew_recall(crew, grant, 1, ranges), 0);
    CU_ASSERT_EQUAL(dmap__crew_progress(crew, grant, &undone), 0);
    uint32_t heard = dmap__bell_heard(&world.bell);
    CU_ASSERT_PTR_NULL(dmap__crew_poll(crew));
    double began = dmap__clock_now();
    dmap__bell_wait(&world.bell, heard, 0.02);
    CU_ASSERT(dmap__clock_now() - began < 5);
    atomic_store(&world.hold, false);
    CU_ASSERT_PTR_EQUAL(world_wait(crew), grant);
    world_destroy(grant);
    world_destroy(second);
    world_close(crew);
}

/* A limit ends a task that asks for it (dmap_cancelled), and what is above is dropped. */
static void test_limit(void) {
    dmap__crew *crew = world_open(2);
    dmap__crew_call call = world_begin(TASK_FIXED, DMAP__WANT_RESULTS);
    hold_first();
    world_submit(crew, &call, 0, MOST);
    wait_until_held();
    dmap__crew_limit(crew, &call, 0);
    dmap__grant *grant = world_wait(crew);
    CU_ASSERT(dmap__outcome_items(&grant->outcome) < MOST);
    CU_ASSERT(grant->outcome.n_spans && grant->outcome.spans[0].begin == 0);
    world_destroy(grant);
    world_close(crew);
}

/* What is to be tried again, or was dropped, has ended on the board, but is not done. */
static void look_while_held(bool drops) {
    dmap__crew *crew = world_open(2);
    uint64_t undone = 0, ran = 0, ended = 0;
    world.fails[10] = 1;
    world.fails[20] = 1;
    dmap__crew_call call = world_begin(TASK_FIXED, DMAP__WANT_RESULTS);
    call.spec.retries = 1;
    hold_first();
    dmap__grant *grant = world_submit(crew, &call, 0, MOST);
    wait_until_held();
    if (drops)
        dmap__crew_limit(crew, &call, 1);
    for (double until = dmap__clock_now() + 60; ended < MOST - 1 && dmap__clock_now() < until; dmap__clock_yield())
        ended = dmap__crew_progress(crew, grant, &undone);
    CU_ASSERT_EQUAL(ended, MOST - 1);
    for (int i = 1; i < MOST; i++)
        ran += atomic_load(&world.ran[i]) && !world.fails[i];
    CU_ASSERT_EQUAL(ended - undone, ran);
    atomic_store(&world.hold, false);
    CU_ASSERT_PTR_EQUAL(world_wait(crew), grant);
    world_destroy(grant);
    world_close(crew);
}

static void test_progress(void) {
    look_while_held(false);
    look_while_held(true);
}

/* ---- the mask ---- */

/* Two looks at the same mask are equal, whatever was in their memory before. */
static void test_mask(void) {
    sigset_t a, b;
    memset(&a, 0x55, sizeof a);
    memset(&b, 0xaa, sizeof b);
    dmap__signals_get(&a);
    dmap__signals_get(&b);
    CU_ASSERT(dmap__signals_equal(&a, &b));
    sigaddset(&b, SIGUSR1);
    CU_ASSERT(!dmap__signals_equal(&a, &b));
}

int main(void) {
    CU_TestInfo tests[] = {
        {"stop at the lowest failure", test_stop},
        {"retry", test_retry},
        {"setup fails", test_setup_fails},
        {"recall", test_recall},
        {"limit", test_limit},
        {"progress", test_progress},
        {"mask", test_mask},
        CU_TEST_INFO_NULL,
    };
    return unit_run("crew, taking turns", tests);
}
