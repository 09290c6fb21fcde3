/* Running a batch in the worker's own thread. */
#include "base/clock.h"
#include "crew/batch.h"
#include "crew/cancel.h"
#include "proc/copy.h"

static const void *item_at(const dmap__batch *b, uint32_t offset, uint64_t *number, dmap_context *ctx) {
    const dmap__grant *grant = b->grant;
    if (grant->layout == DMAP__LAYOUT_ARRAY)
        return b->items + (size_t)(offset - b->begin) * ctx->item_size;
    if (grant->layout == DMAP__LAYOUT_RANGE) {
        *number = grant->range_first + ctx->index;
        return number;
    }
    const dmap_blob *blob = (const dmap_blob *)grant->items + offset;
    ctx->item_size = blob->size;
    return blob->data;
}

static bool is_cancelled(const dmap__batch *b, uint32_t offset) {
    return dmap__cancel_of(b->grant, offset, offset + 1) != DMAP__CANCEL_NONE;
}

/* What the task returned, and what it should have done. */
static bool end_item(dmap__worker *worker, dmap__batch *b, uint32_t offset, int code) {
    dmap_context *ctx = &worker->context;
    const dmap__crew_call *call = worker->context.call;
    dmap_item_status status = DMAP_ITEM_FAILED;
    if (call->spec.item_timeout_s > 0 && dmap__clock_now() - ctx->began_s > call->spec.item_timeout_s) {
        status = DMAP_ITEM_TIMEOUT;
        dmap_fail(ctx, code, "over its %g seconds", call->spec.item_timeout_s);
    } else if (!code && !ctx->out_of_memory) {
        if (b->results || ctx->has_result)
            return true;
        code = dmap_fail(ctx, 1, "the task \"%s\" gave no result: dmap_result was not called", call->task->name);
    }
    if (status == DMAP_ITEM_FAILED && is_cancelled(b, offset))
        status = DMAP_ITEM_CANCELLED; /* that is why it failed: it is not tried again */
    return dmap__batch_record_failure(worker, b, offset, code, 0, status);
}

static void begin_item(dmap__worker *worker) {
    dmap_context *ctx = &worker->context;
    ctx->has_result = false;
    ctx->result_size = 0;
    if (worker->context.call->spec.item_timeout_s > 0)
        ctx->began_s = dmap__clock_now();
}

/* True if the item is above the limit: in a shuffled grant, any may be. */
static bool is_unwanted(const dmap__worker *worker, const dmap__grant *grant) {
    return grant->indices &&
           worker->context.index >= atomic_load_explicit(&worker->context.call->limit, memory_order_relaxed);
}

static bool has_cancels(const dmap__batch *b) {
    return dmap__cancel_first(b->grant, b->done, b->end) < b->end;
}

/* No item needs more than its place and its number: the way of short items. */
static bool is_plain(const dmap__worker *worker, const dmap__batch *b) {
    return b->results && worker->context.call->spec.item_timeout_s <= 0 && !b->grant->indices &&
           b->grant->layout != DMAP__LAYOUT_BLOBS && !has_cancels(b);
}

/* What the task is given for the result of an item: NULL if there is no result of fixed size, or none at all. */
static unsigned char *result_at(const dmap__worker *worker, const dmap__batch *b, uint32_t offset) {
    bool has_place = worker->context.call->task->result_size && b->results;
    return has_place ? b->results + (size_t)(offset - b->begin) * b->result_step : NULL;
}

static void run_plain(dmap__worker *worker, dmap__batch *b) {
    dmap_context *ctx = &worker->context;
    dmap_task_fn *run = worker->context.call->task->run;
    const size_t item_step = b->grant->layout == DMAP__LAYOUT_ARRAY ? ctx->item_size : 0;
    const size_t result_step = b->result_step;
    const uint32_t end = b->end;
    uint64_t number;
    uint32_t i = b->done;
    ctx->index = b->grant->begin + i;
    const unsigned char *item = item_at(b, i, &number, ctx);
    uint64_t index = ctx->index, first = b->grant->range_first;
    unsigned char *result = result_at(worker, b, i);
    bool go_on = true;
    for (; i < end && go_on; i++, item += item_step, result += result_step) {
        number = first + index;
        ctx->index = index++;
        ctx->result = result;
        int code = run(ctx, item, result);
        dmap__copy_leave();
        if (code)
            go_on = end_item(worker, b, i, code);
    }
    b->done = i;
}

static void run_items(dmap__worker *worker, dmap__batch *b) {
    dmap_context *ctx = &worker->context;
    dmap_task_fn *run = worker->context.call->task->run;
    unsigned char *result = result_at(worker, b, b->done);
    uint64_t number;
    bool go_on = true;
    for (uint32_t i = b->done; i < b->end && go_on; i++, result += b->result_step) {
        ctx->index = dmap__grant_index(b->grant, b->grant->begin + i);
        b->done = i + 1;
        if (is_unwanted(worker, b->grant))
            continue;
        if (is_cancelled(b, i)) {
            go_on = dmap__batch_drop_item(worker, b, i);
            dmap__batch_keep_variable(worker, b, i);
            continue;
        }
        const void *item = item_at(b, i, &number, ctx);
        ctx->result = result;
        begin_item(worker);
        int code = run(ctx, item, result);
        dmap__copy_leave();
        go_on = end_item(worker, b, i, code);
        dmap__batch_keep_variable(worker, b, i);
    }
}

static int call_batch(dmap__worker *worker, const dmap__batch *b, uint32_t offset, uint32_t count) {
    dmap_context *ctx = &worker->context;
    uint64_t number;
    ctx->index = dmap__grant_index(b->grant, b->grant->begin + offset);
    const void *items = item_at(b, offset, &number, ctx);
    unsigned char *results = result_at(worker, b, offset);
    ctx->result = results;
    begin_item(worker);
    ctx->act = count > 1 ? DMAP__ACT_BATCH : DMAP__ACT_ITEM;
    int code = worker->context.call->task->run_batch(ctx, items, results, count);
    dmap__copy_leave();
    ctx->act = DMAP__ACT_ITEM;
    return code;
}

/* One call for the whole batch; if it fails, or the items are not neighbours, one by one. */
static void run_whole(dmap__worker *worker, dmap__batch *b) {
    bool neighbours = b->grant->layout != DMAP__LAYOUT_BLOBS && !b->grant->indices;
    uint32_t n = b->end - b->begin;
    if (n > 1 && neighbours && !b->singly && !has_cancels(b) && !call_batch(worker, b, b->begin, n)) {
        b->done = b->end;
        return;
    }
    bool go_on = true;
    for (uint32_t i = b->done; i < b->end && go_on; i++) {
        worker->context.text[0] = '\0';
        worker->context.index = dmap__grant_index(b->grant, b->grant->begin + i);
        b->done = i + 1;
        if (is_unwanted(worker, b->grant))
            continue;
        go_on = is_cancelled(b, i) ? dmap__batch_drop_item(worker, b, i)
                                   : end_item(worker, b, i, call_batch(worker, b, i, 1));
    }
}

void dmap__worker_run_items(dmap__worker *worker, dmap__batch *b) {
    dmap__worker_mark(&worker->context);
    if (worker->context.call->task->run_batch)
        run_whole(worker, b);
    else
        (is_plain(worker, b) ? run_plain : run_items)(worker, b);
    dmap__worker_mark(NULL);
}
