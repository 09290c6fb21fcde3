/* The runner. A task may not come back from an item: its process dies, or its thread ends (dmap__worker_resume). So
 * what was reached is written before each item, in ctx->index and r->next, and, where another process looks on, after
 * it in *r->done. */
#include "crew/runner.h"

#include "base/clock.h"
#include "proc/copy.h"

static uint64_t index_of(const dmap__runner *r, uint32_t i) {
    return r->indices ? r->indices[i] : r->first_index + i;
}

static bool is_wanted(const dmap__runner *r, uint64_t index) {
    return index < atomic_load_explicit(r->ctx->limit, memory_order_relaxed);
}

static const void *item_at(const dmap__runner *r, uint32_t i, uint64_t *number) {
    dmap_context *ctx = r->ctx;
    if (r->layout == DMAP__LAYOUT_ARRAY)
        return r->items + (size_t)i * ctx->item_size;
    if (r->layout == DMAP__LAYOUT_RANGE) {
        *number = r->range_first + ctx->index;
        return number;
    }
    dmap_blob blob = r->side->blob_at(r, i);
    ctx->item_size = blob.size;
    return blob.data;
}

/* What the task is given for the result of an item: NULL if there is no result of fixed size, or none at all. */
static unsigned char *result_at(const dmap__runner *r, uint32_t i) {
    bool has_place = r->ctx->call->task->result_size && r->results;
    return has_place ? r->results + (size_t)i * r->result_step : NULL;
}

/* Has the task run n items, from i on, in one call. Inlined, as it is on the way of each item. */
static inline __attribute__((always_inline)) int call(dmap__runner *r, uint32_t i, uint64_t index, uint32_t n) {
    dmap_context *ctx = r->ctx;
    const dmap_task *task = ctx->call->task;
    uint64_t number;
    ctx->index = index;
    ctx->result = result_at(r, i);
    ctx->result_size = 0;
    ctx->has_result = ctx->out_of_memory = false;
    ctx->text[0] = '\0';
    if (ctx->call->spec.item_timeout_s > 0)
        ctx->began_s = dmap__clock_now();
    if (r->side->begin)
        r->side->begin(r, n);
    const void *item = item_at(r, i, &number);
    ctx->act = n > 1 ? DMAP__ACT_BATCH : DMAP__ACT_ITEM;
    int code = task->run ? task->run(ctx, item, ctx->result) : task->run_batch(ctx, item, ctx->result, n);
    dmap__copy_leave();
    ctx->act = DMAP__ACT_ITEM;
    return code;
}

static bool is_late(const dmap_context *ctx) {
    const double timeout_s = ctx->call->spec.item_timeout_s;
    return timeout_s > 0 && dmap__clock_now() - ctx->began_s > timeout_s;
}

static __attribute__((noinline, cold)) bool end_badly(dmap__runner *r, uint32_t i, int code) {
    dmap_context *ctx = r->ctx;
    if (is_late(ctx)) {
        dmap_fail(ctx, code, "over its %g seconds", ctx->call->spec.item_timeout_s);
        return r->side->failed(r, i, code, DMAP_ITEM_TIMEOUT);
    }
    if (!code && !ctx->out_of_memory)
        code = dmap_fail(ctx, 1, "the task \"%s\" gave no result: dmap_result was not called", ctx->call->task->name);
    return r->side->failed(r, i, code, DMAP_ITEM_FAILED);
}

/* What the task returned, and what it should have done. Returns true if the batch goes on. */
static inline bool end_item(dmap__runner *r, uint32_t i, int code) {
    const dmap_context *ctx = r->ctx;
    bool has_result = ctx->has_result || ctx->call->task->result_size != DMAP_VARIABLE;
    if (code || ctx->out_of_memory || !has_result || is_late(ctx))
        return end_badly(r, i, code);
    r->side->done(r, i);
    return true;
}

/* No item needs more than its place and its number: the way of short items. */
static bool is_plain(const dmap__runner *r) {
    const dmap__crew_call *call = r->ctx->call;
    return call->task->run && call->task->result_size != DMAP_VARIABLE && call->spec.item_timeout_s <= 0 &&
           r->layout != DMAP__LAYOUT_BLOBS && !r->indices;
}

/* What is the same for all items is written once. Made twice, in functions of their own, so that nothing else is on the
 * way of an item: with `done` and without. The batches of a thread are short, so there nobody looks at the limit, or
 * says how far it came. */
static inline __attribute__((always_inline)) bool run_plain(dmap__runner *r, _Atomic uint32_t *done) {
    dmap_context *ctx = r->ctx;
    dmap_task_fn *run = ctx->call->task->run;
    const size_t item_step = r->layout == DMAP__LAYOUT_ARRAY ? ctx->item_size : 0, result_step = r->result_step;
    const uint32_t count = r->count;
    uint32_t i = r->next;
    uint64_t number, index = ctx->index = index_of(r, i);
    const uint64_t range_first = r->range_first;
    const unsigned char *item = item_at(r, i, &number);
    unsigned char *result = result_at(r, i);
    bool goes_on = true;
    if (r->side->begin)
        r->side->begin(r, 1);
    for (; i < count && goes_on && (!done || is_wanted(r, index)); i++, item += item_step, result += result_step) {
        number = range_first + index;
        ctx->index = index++;
        ctx->result = result;
        ctx->text[0] = '\0'; /* of an item that ended well all the same */
        int code = run(ctx, item, result);
        dmap__copy_leave();
        if (code)
            goes_on = end_badly(r, i, code);
        else if (done)
            atomic_store_explicit(done, i + 1, memory_order_release);
    }
    r->next = i;
    return goes_on;
}

static __attribute__((noinline)) bool run_plain_told(dmap__runner *r) {
    return run_plain(r, r->done);
}

static __attribute__((noinline)) bool run_plain_alone(dmap__runner *r) {
    return run_plain(r, NULL);
}

static bool is_cancelled(const dmap__runner *r, uint32_t i) {
    return r->cancels && atomic_load_explicit(r->cancels, memory_order_acquire) && r->side->is_cancelled(r, i);
}

static bool run_each(dmap__runner *r) {
    bool goes_on = true;
    for (uint32_t i = r->next; i < r->count && goes_on; i++) {
        uint64_t index = index_of(r, i);
        if (!is_wanted(r, index) || is_cancelled(r, i))
            break;
        r->next = i + 1;
        goes_on = end_item(r, i, call(r, i, index, 1));
    }
    return goes_on;
}

/* One call of the task for the whole batch, if the items are neighbours. False: they are to be run one by one. */
static bool run_whole(dmap__runner *r) {
    bool is_one = r->layout != DMAP__LAYOUT_BLOBS && !r->indices && !r->singly && r->next == 0 && r->count > 1;
    if (!r->ctx->call->task->run_batch || !is_one || call(r, 0, index_of(r, 0), r->count))
        return false;
    r->next = r->count;
    r->side->done(r, r->count - 1);
    return true;
}

bool dmap__runner_run(dmap__runner *r) {
    bool goes_on;
    dmap__worker_mark(r->ctx);
    if (!is_plain(r))
        goes_on = run_whole(r) || run_each(r);
    else
        goes_on = (r->done ? run_plain_told : run_plain_alone)(r);
    dmap__worker_mark(NULL);
    return goes_on;
}
