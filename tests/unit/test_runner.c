/* The runner: random batches of every layout, by run and by run_batch, with items that fail, a limit somewhere, and a
 * side that goes on or not. What the task was given, what the side was told, and where the runner stopped are those of
 * a plain loop. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "crew/runner.h"
#include "unit.h"

#define MOST  40
#define FIRST 1000 /* of a range */

enum { NEVER = 0, FAILS = 1, NO_RESULT = 2 };

/* One batch, and what became of it. */
static struct {
    uint64_t items[MOST], indices[MOST], results[MOST];
    dmap_blob blobs[MOST];
    uint8_t fate[MOST]; /* by place in the batch */
    uint32_t cancelled; /* the place of an item; MOST: none */
    bool goes_on;       /* behind an item that failed */
    uint32_t begun, n_begun, ran[MOST], ended[MOST], failures[MOST], whole;
    bool wrong;
} now;

static uint64_t number_of(uint64_t index) {
    return FIRST + index;
}

static uint32_t place_of(const dmap_context *ctx) {
    uint32_t i = 0;
    while (i < MOST && now.indices[i] != ctx->index)
        i++;
    return i;
}

/* ---- tasks ---- */

static int run_one(dmap_context *ctx, const void *item, void *result) {
    uint64_t number;
    uint32_t i = place_of(ctx);
    memcpy(&number, item, sizeof number);
    now.wrong |= number != number_of(ctx->index) || ctx->text[0] || dmap__worker_inside() != ctx;
    now.ran[i]++;
    if (now.fate[i] == FAILS)
        return dmap_fail(ctx, 7, "as it should");
    if (now.fate[i] == NO_RESULT && !result)
        return 0;
    void *place = result ? result : dmap_result(ctx, sizeof number);
    memcpy(place, &number, sizeof number);
    return 0;
}

static int run_many(dmap_context *ctx, const void *items, void *results, size_t n) {
    int code = 0;
    if (n == 1)
        return run_one(ctx, items, results);
    now.whole++;
    now.wrong |= ctx->act != DMAP__ACT_BATCH || now.n_begun != n;
    for (uint32_t i = 0, first = place_of(ctx); i < n; i++) {
        ((uint64_t *)results)[i] = *(const uint64_t *)items + i; /* of a range, there is the first number alone */
        code |= now.fate[first + i] == FAILS;
    }
    return code;
}

static void *take(dmap_context *ctx, size_t size) {
    return size == sizeof *now.results ? &now.results[place_of(ctx)] : NULL;
}

/* ---- the side ---- */

static dmap_blob blob_at(const dmap__runner *r, uint32_t i) {
    (void)r;
    return now.blobs[i];
}

static _Atomic uint8_t none_cancelled;
static _Atomic uint8_t *_Atomic cancels = &none_cancelled;

static bool is_cancelled(const dmap__runner *r, uint32_t i) {
    (void)r;
    return i == now.cancelled;
}

static void begin(dmap__runner *r, uint32_t n) {
    now.begun += n;
    now.n_begun = n;
    now.wrong |= place_of(r->ctx) >= r->count;
}

static void done(dmap__runner *r, uint32_t i) {
    now.ended[i]++;
    if (r->done)
        atomic_store(r->done, i + 1);
}

static bool failed(dmap__runner *r, uint32_t i, int code, dmap_item_status status) {
    const char *text = now.fate[i] == FAILS ? "as it should" : "gave no result";
    now.failures[i]++;
    now.wrong |= status != DMAP_ITEM_FAILED || code != (now.fate[i] == FAILS ? 7 : 1) || !strstr(r->ctx->text, text);
    r->ctx->text[0] = '\0';
    return now.goes_on;
}

/* ---- a batch ---- */

typedef struct batch {
    dmap_task task;
    dmap__crew_call call;
    dmap__crew_state crew;
    dmap_context ctx;
    dmap__runner_side side;
    dmap__runner runner;
    _Atomic uint32_t done;
} batch;

static void make_items(batch *t, uint32_t n) {
    uint64_t first = unit_below(500), stride = t->runner.indices ? 1 + unit_below(3) : 1;
    for (uint32_t i = 0; i < n; i++) {
        now.indices[i] = t->runner.indices ? first + (uint64_t)(n - i) * stride : first + i;
        now.items[i] = number_of(now.indices[i]);
        now.blobs[i] = (dmap_blob){&now.items[i], sizeof *now.items};
        now.fate[i] = unit_chance(8) ? FAILS : unit_chance(20) ? NO_RESULT : NEVER;
    }
    t->runner.first_index = first;
}

static void make(batch *t) {
    bool many = unit_chance(3);
    *t = (batch){.task = {.name = "t", .item_size = 8, .result_size = many || unit_chance(2) ? 8 : DMAP_VARIABLE}};
    memset(&now, 0, sizeof now);
    memset(now.indices, 0xff, sizeof now.indices);
    t->task.run = many ? NULL : run_one;
    t->task.run_batch = many ? run_many : NULL;
    t->side = (dmap__runner_side){.blob_at = blob_at, .begin = begin, .done = done, .failed = failed};
    t->side.is_cancelled = is_cancelled;
    t->call = (dmap__crew_call){.task = &t->task, .limit = UINT64_MAX};
    t->ctx = (dmap_context){
        .call = &t->call, .limit = &t->call.limit, .crew = &t->crew, .attempt = 1, .item_size = 8, .take = take};
    t->runner = (dmap__runner){.side = &t->side,
                               .ctx = &t->ctx,
                               .layout = (dmap__layout)unit_below(many ? 2 : 3),
                               .items = (const unsigned char *)now.items,
                               .indices = unit_chance(3) ? now.indices : NULL,
                               .range_first = FIRST,
                               .count = 1 + (uint32_t)unit_below(MOST),
                               .singly = unit_chance(3),
                               .results = t->task.result_size == 8 ? (unsigned char *)now.results : NULL,
                               .result_step = 8,
                               .done = unit_chance(2) ? &t->done : NULL};
    t->runner.next = unit_chance(4) ? (uint32_t)unit_below(t->runner.count) : 0;
    make_items(t, t->runner.count);
    now.goes_on = unit_chance(2);
    t->runner.cancels = unit_chance(2) ? &cancels : NULL;
    now.cancelled = t->runner.cancels && unit_chance(2) ? (uint32_t)unit_below(t->runner.count) : MOST;
    if (unit_chance(3))
        atomic_store(&t->call.limit, now.indices[unit_below(t->runner.count)]);
}

static bool item_fails(const batch *t, uint32_t i) {
    return now.fate[i] == FAILS || (now.fate[i] == NO_RESULT && t->task.result_size == DMAP_VARIABLE);
}

static bool is_plain(const batch *t) {
    const dmap__runner *r = &t->runner;
    return t->task.run && t->task.result_size == 8 && r->layout != DMAP__LAYOUT_BLOBS && !r->indices;
}

/* Short items that lie side by side run on in a thread, though nobody wants them: whoever takes their results, or
 * chooses r->count, looks at that. */
static bool stops_at(const batch *t, uint32_t i) {
    return (now.indices[i] >= atomic_load(&t->call.limit) && (!is_plain(t) || t->runner.done)) ||
           (i == now.cancelled && !is_plain(t));
}

static void check_item(const batch *t, uint32_t i, bool runs, bool whole) {
    const bool fails = item_fails(t, i);
    CU_ASSERT_EQUAL(now.ran[i], runs && !whole);
    CU_ASSERT_EQUAL(now.failures[i], runs && !whole && fails);
    CU_ASSERT(!runs || fails || now.results[i] == now.items[i]);
    if (!whole && !is_plain(t))
        CU_ASSERT_EQUAL(now.ended[i], runs && !fails);
}

static void check(batch *t, uint32_t from, bool whole, bool goes_on) {
    const dmap__runner *r = &t->runner;
    uint32_t end = from, in_row = 0;
    bool stopped = false, clean = true, ends = false;
    for (uint32_t i = from; i < r->count; i++) {
        stopped = stopped || (!whole && stops_at(t, i));
        check_item(t, i, !stopped, whole);
        if (stopped)
            continue;
        end = i + 1;
        clean = clean && (whole || !item_fails(t, i));
        in_row = clean ? i + 1 : in_row;
        stopped = ends = !whole && item_fails(t, i) && !now.goes_on;
    }
    CU_ASSERT_EQUAL(r->next, end);
    CU_ASSERT_EQUAL(goes_on, !ends);
    CU_ASSERT(!r->done || now.goes_on || in_row == 0 || atomic_load(&t->done) == in_row);
    CU_ASSERT(!now.wrong && !dmap__worker_inside() && t->ctx.act == DMAP__ACT_ITEM);
}

static void test_batches(void) {
    batch *t = malloc(sizeof *t);
    CU_ASSERT_FATAL(t != NULL);
    for (unsigned round = unit_rounds(4000); round; round--) {
        make(t);
        uint32_t from = t->runner.next, failing = 0;
        bool is_one = t->task.run_batch && !t->runner.singly && !from && t->runner.count > 1 && !t->runner.indices;
        for (uint32_t i = 0; i < t->runner.count; i++)
            failing += now.fate[i] == FAILS;
        bool goes_on = dmap__runner_run(&t->runner);
        CU_ASSERT_EQUAL(now.whole, is_one);
        check(t, from, is_one && !failing, goes_on);
    }
    free(t);
}

int main(void) {
    CU_TestInfo tests[] = {{"batches", test_batches}, CU_TEST_INFO_NULL};
    return unit_run("runner", tests);
}
