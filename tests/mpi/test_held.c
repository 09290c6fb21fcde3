/* Every sink after every way in which a call may end: cell by cell the table of <dmap/dmap.h>. The back end and the
 * number of ranks are the run's: see CMakeLists.txt.
 *
 * A call that is drained has items that wait for a word, in every worker: so those that have begun lie apart. A lone
 * serial rank cannot say that word while an item waits: there the source drains the call. A set-up that fails is that
 * of one worker; the others wait, until they are told to stop, so that this one has to take an item. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "held.h"

#define PULLED 40 /* items of a source that then has nothing more, without an end */

static const struct {
    const char *name;
    dmap_status status;
} endings[ENDINGS] = {[ALL_DONE] = {"all done", DMAP_OK},
                      [LOWEST_FAILED] = {"the lowest that failed", DMAP_EITEM},
                      [SOME_FAILED] = {"some failed, the others go on", DMAP_EITEM},
                      [ITEM_NO_MEMORY] = {"no memory for a result", DMAP_ENOMEM},
                      [SOURCE_FAILED] = {"the source failed", DMAP_EIO},
                      [DRAINED] = {"drained", DMAP_ECANCELLED},
                      [DRAINED_KEEP_GOING] = {"drained, keep going", DMAP_ECANCELLED},
                      [DRAINED_FAILING] = {"an item fails while drained", DMAP_ECANCELLED},
                      [DRAINED_FAILING_KEEP_GOING] = {"an item fails while drained, keep going", DMAP_ECANCELLED},
                      [STOPPED] = {"stopped", DMAP_ECANCELLED},
                      [TIMED_OUT] = {"the time is over", DMAP_ETIMEOUT},
                      [SET_UP_FAILED] = {"a set-up failed", DMAP_EITEM},
                      [MERGE_NO_MEMORY] = {"no memory to merge", DMAP_ENOMEM}};

static bool is_alone(void) {
    return harness_has("serial") && dmap_ranks(harness_pool) == 1;
}

static bool drains(const held *h) {
    return h->how >= DRAINED && h->how <= DRAINED_FAILING_KEEP_GOING;
}

static bool keeps_going(const held *h) {
    return h->how == SOME_FAILED || h->how == DRAINED_KEEP_GOING || h->how == DRAINED_FAILING_KEEP_GOING;
}

/* ---- what goes on while it runs ---- */

static orders told;

static void drain(held *h) {
    if (h->drained)
        return;
    h->drained = true;
    CU_ASSERT_EQUAL(dmap_drain(harness_pool), DMAP_OK);
    FILE *word = fopen(told.word, "w");
    CU_ASSERT_PTR_NOT_NULL(word);
    if (word)
        fclose(word);
}

static int next(void *arg, dmap_blob *item) {
    held *h = arg;
    static uint64_t number;
    if (h->how == SOURCE_FAILED && h->pulled == ITEMS)
        return -5;
    if (h->how != SOURCE_FAILED && h->pulled == PULLED) {
        if (drains(h))
            drain(h);
        return DMAP_PULL_LATER;
    }
    number = h->pulled++;
    *item = (dmap_blob){&number, sizeof number};
    return DMAP_PULL_ITEM;
}

static int hear_begin(void *arg, const dmap_emission *emission) {
    (void)emission;
    ((held *)arg)->begun++;
    return 0;
}

/* A serial rank is heard when its item has ended: there the second look has to do. */
static bool has_begun(const held *h) {
    int workers = dmap_workers(harness_pool);
    return harness_has("serial") ? h->watched >= 2 : h->begun >= (workers > 1 ? 2 : 1);
}

static int look_on(void *arg, const dmap_progress *progress) {
    held *h = arg;
    h->watched++;
    if (drains(h) && !is_alone() && has_begun(h))
        drain(h);
    bool by_watch = h->how == STOPPED && h->sink != ORDERED && h->sink != UNORDERED;
    h->stopped = h->stopped || (by_watch && progress->ended >= 20);
    return h->stopped;
}

static double cost(void *arg, uint64_t index) {
    (void)arg;
    return (double)(mix(index) % 50);
}

/* ---- a call ---- */

static dmap_sink sink_of(held *h) {
    switch (h->sink) {
    case INTO:
        return dmap_into(h->into + 1);
    case COLLECT:
        return dmap_collect(&h->results);
    case FOLD:
        return dmap_fold(&h->folded);
    case FOLD_BLOB:
        return dmap_fold_blob(&h->merged, &h->merged_size);
    case DISCARD:
        return dmap_discard();
    default:
        return dmap_each(held_take, h);
    }
}

static const dmap_task *task_of(const held *h) {
    if (h->how == MERGE_NO_MEMORY)
        return &held_greedy;
    return h->sink == FOLD_BLOB || h->how == ITEM_NO_MEMORY ? &held_blob : &held_fixed;
}

static bool is_pulled(const held *h) {
    return h->how == SOURCE_FAILED || h->how == STOPPED || h->how == TIMED_OUT || (drains(h) && is_alone());
}

static bool is_possible(const held *h) {
    if (h->has_cost && (is_pulled(h) || h->sink == DISCARD))
        return false;
    if (h->how == MERGE_NO_MEMORY)
        return h->sink == FOLD_BLOB;
    return h->how != ITEM_NO_MEMORY || (h->sink != INTO && h->sink != FOLD);
}

static void give_orders(const held *h) {
    bool fails_late = h->how == DRAINED_FAILING || h->how == DRAINED_FAILING_KEEP_GOING;
    told = (orders){.fails_at = h->how == LOWEST_FAILED ? L
                                : fails_late            ? 0
                                                        : NEVER,
                    .greedy_at = h->how == ITEM_NO_MEMORY ? L : NEVER,
                    .fails_some = h->how == SOME_FAILED,
                    .fails_once = fails_late,
                    .set_up_fails = h->how == SET_UP_FAILED,
                    .waits = h->how == SET_UP_FAILED ? !harness_has("serial") : drains(h) && !is_alone(),
                    .waits_from = h->how == SET_UP_FAILED ? 10 : 0,
                    .last_rank = dmap_ranks(harness_pool) - 1,
                    .last_worker = harness_has("serial") ? 0 : 1};
    snprintf(told.word, sizeof told.word, "/tmp/dmap-held-%d", (int)getpid());
    unlink(told.word);
    CU_ASSERT_EQUAL(dmap_share(harness_pool, &told, sizeof told), DMAP_OK);
}

static void end_a_call(ending how, held_sink sink, bool has_cost) {
    held h = {.how = how, .sink = sink, .has_cost = has_cost};
    if (!is_possible(&h))
        return;
    harness_watch(endings[how].name, 120);
    held_prepare(&h);
    give_orders(&h);
    dmap_map_options options = {.on_error = keeps_going(&h) ? DMAP_KEEP_GOING : DMAP_STOP,
                                .retries = told.fails_once ? 1 : 0,
                                .unordered = sink == UNORDERED,
                                .timeout_s = how == TIMED_OUT ? 0.1 : 0,
                                .cost = has_cost ? cost : NULL,
                                .on_emit = hear_begin,
                                .on_emit_arg = &h,
                                .on_watch = look_on,
                                .on_watch_arg = &h};
    dmap_source source = is_pulled(&h) ? dmap_pull(next, &h) : dmap_range(0, ITEMS);
    h.said = dmap_map(harness_pool, task_of(&h), source, sink_of(&h), &options);
    if (h.said != endings[how].status || !*dmap_error(harness_pool) != (h.said == DMAP_OK))
        held_wrong(&h, "the call says something else", (uint64_t)h.said);
    held_look(&h);
    unlink(told.word);
}

static void test_every_cell(void) {
    for (int how = 0; how < ENDINGS; how++)
        for (int sink = 0; sink < SINKS; sink++)
            for (int has_cost = 0; has_cost < 2; has_cost++)
                end_a_call((ending)how, (held_sink)sink, has_cost);
}

/* ---- a function that is slow ---- */

#define MANY 3000

typedef struct slow {
    uint64_t delivered, late;
    bool stopped;
} slow;

static int take_slowly(void *arg, const dmap_item_result *r) {
    slow *s = arg;
    (void)r;
    s->late += s->stopped;
    s->delivered++;
    burn(1e-3);
    return 0;
}

static int stop_soon(void *arg, const dmap_progress *progress) {
    slow *s = arg;
    s->stopped = progress->ended > 0;
    return s->stopped;
}

/* Of a part that is delivered a little at a time nothing more comes when the call was stopped or its time is over. */
static void test_rest_of_a_part(void) {
    slow stopped = {0}, timed = {0};
    orders none = {.fails_at = NEVER, .greedy_at = NEVER};
    dmap_map_options by_watch = {
        .chunk = MANY, .schedule = DMAP_DYNAMIC, .on_watch = stop_soon, .on_watch_arg = &stopped};
    dmap_map_options by_time = {.chunk = MANY, .schedule = DMAP_DYNAMIC, .timeout_s = 0.1};
    harness_watch("the rest of a part", 60);
    CU_ASSERT_EQUAL(dmap_share(harness_pool, &none, sizeof none), DMAP_OK);
    CU_ASSERT_EQUAL(
        dmap_map(harness_pool, &held_fixed, dmap_range(0, MANY), dmap_each(take_slowly, &stopped), &by_watch),
        DMAP_ECANCELLED);
    CU_ASSERT_EQUAL(stopped.late, 0);
    CU_ASSERT_EQUAL(dmap_map(harness_pool, &held_fixed, dmap_range(0, MANY), dmap_each(take_slowly, &timed), &by_time),
                    DMAP_ETIMEOUT);
    CU_ASSERT(timed.delivered < MANY);
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("held", NULL, NULL);
    CU_ADD_TEST(suite, test_every_cell);
    CU_ADD_TEST(suite, test_rest_of_a_part);
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
