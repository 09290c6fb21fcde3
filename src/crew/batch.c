/* What a batch writes into its deque's log beside results: failures, and the folds of what was run between them.
 * Invariant (WANT_FOLD): results in [fold_from, the item that runs) lie in scratch and are in no fold yet (of variable
 * size, there are none: each is folded as soon as it is there); a failed item is never folded, and a final one leaves a
 * gap of its index, so that brackets stay those of a run without it. A failure lowers the crew's limit if nothing above
 * it is wanted; it does not stop other workers. */
#include "crew/batch.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/stop_signal.h"
#include "crew/cancel.h"
#include "proc/copy.h"

void dmap__batch_fail_memory(dmap__worker *worker, dmap__batch *b, const char *what) {
    dmap__trouble_set(&b->log->trouble, DMAP_ENOMEM, "out of memory for %s", what);
    dmap__crew_lower_limit(worker->crew, worker->context.call, 0);
}

bool dmap__batch_place_in_scratch(dmap__worker *worker, dmap__batch *b, size_t needed) {
    if (needed > worker->scratch_size) {
        free(worker->scratch);
        worker->scratch_size = 0;
        worker->scratch = malloc(needed);
        if (!worker->scratch)
            return false;
        worker->scratch_size = needed;
    }
    b->results = worker->scratch;
    return true;
}

void dmap__batch_flush_fold(dmap__worker *worker, dmap__batch *b, uint32_t offset) {
    const dmap_context *ctx = &worker->context;
    if (worker->context.call->spec.want != DMAP__WANT_FOLD || b->fold_from >= offset)
        return;
    size_t before = b->fold_from - b->begin, n = offset - b->fold_from;
    dmap__fold *fold = dmap__outcome_fold_at(b->log, b->grant->begin + b->fold_from, worker->context.call->task);
    if (!fold || !(b->results ? dmap__fold_push(fold, b->results + before * b->result_step, n)
                              : dmap__fold_push_blob(fold, (dmap_blob){ctx->result, ctx->result_size})))
        dmap__batch_fail_memory(worker, b, "folded results");
    b->fold_from = offset;
    dmap__copy_leave();
}

static void skip_in_fold(dmap__worker *worker, dmap__batch *b, uint32_t offset, dmap__verdict verdict) {
    if (worker->context.call->spec.want != DMAP__WANT_FOLD)
        return;
    dmap__batch_flush_fold(worker, b, offset);
    b->fold_from = offset + 1;
    if (verdict != DMAP__VERDICT_FAILED)
        return;
    dmap__fold *fold = dmap__outcome_fold_at(b->log, b->grant->begin + offset, worker->context.call->task);
    if (!fold || !dmap__fold_skip(fold))
        dmap__batch_fail_memory(worker, b, "folded results");
}

bool dmap__batch_record_failure(dmap__worker *worker, dmap__batch *b, uint32_t offset, int code, int signal,
                                dmap_item_status status) {
    const dmap__crew_call *call = worker->context.call;
    dmap_context *ctx = &worker->context;
    dmap__failure failure = {.position = b->grant->begin + offset,
                             .seconds = (dmap__clock_now() - b->began_s) / (offset - b->begin + 1),
                             .status = (int32_t)status,
                             .code = code,
                             .signal = signal,
                             .attempt = ctx->attempt,
                             .worker = ctx->number,
                             .core = worker->core,
                             .out_of_memory = ctx->out_of_memory};
    dmap__verdict verdict = dmap__stop_signal_is(signal)
                                ? DMAP__VERDICT_RETRY /* it was cut off, and has not failed */
                                : dmap__verdict_of(&call->spec, (int)status, ctx->attempt - b->grant->losses, true);
    if (!dmap__outcome_add_failure(b->log, &failure, ctx->text[0] ? ctx->text : NULL))
        dmap__batch_fail_memory(worker, b, "a failure");
    if (verdict == DMAP__VERDICT_RETRY)
        dmap__board_undo(b->slot, 1);
    skip_in_fold(worker, b, offset, verdict);
    ctx->text[0] = '\0';
    ctx->out_of_memory = false;
    if (verdict != DMAP__VERDICT_STOP)
        return true;
    dmap__crew_lower_limit(worker->crew, worker->context.call, call->spec.spawns ? 0 : ctx->index);
    return b->grant->indices != NULL;
}

uint32_t dmap__batch_reached(const dmap__worker *worker) {
    const dmap__batch *b = &worker->batch;
    return b->grant->indices ? b->begin + worker->runner.next - 1 : (uint32_t)(worker->context.index - b->grant->begin);
}

bool dmap__batch_is_cancelled(const dmap_context *ctx) {
    const dmap__worker *worker = (const dmap__worker *)((const char *)ctx - offsetof(dmap__worker, context));
    const dmap__batch *b = &worker->batch;
    uint32_t offset = dmap__batch_reached(worker);
    uint32_t end = ctx->act == DMAP__ACT_BATCH ? b->begin + worker->runner.count : offset + 1;
    return dmap__cancel_of(b->grant, offset, end) != DMAP__CANCEL_NONE;
}

static bool is_unwanted(const dmap__worker *worker, const dmap__batch *b) {
    uint64_t limit = atomic_load_explicit(&worker->context.call->limit, memory_order_relaxed);
    return dmap__grant_index(b->grant, b->grant->begin + b->done) >= limit;
}

bool dmap__batch_runs_on(const dmap__worker *worker, const dmap__batch *b) {
    return !is_unwanted(worker, b) && dmap__cancel_of(b->grant, b->done, b->done + 1) == DMAP__CANCEL_NONE;
}

bool dmap__batch_pass(dmap__worker *worker, dmap__batch *b) {
    dmap_context *ctx = &worker->context;
    uint32_t offset = b->done;
    if (is_unwanted(worker, b)) {
        if (!b->grant->indices || !atomic_load(&ctx->call->limit))
            return false;
        skip_in_fold(worker, b, offset, DMAP__VERDICT_FAILED);
        b->done++;
        return true;
    }
    ctx->index = dmap__grant_index(b->grant, b->grant->begin + offset);
    ctx->has_result = false;
    b->done++;
    dmap_fail(ctx, 1, "cancelled before it was begun");
    return dmap__batch_record_failure(worker, b, offset, 0, 0, DMAP_ITEM_CANCELLED);
}

void dmap__batch_keep_variable(dmap__worker *worker, dmap__batch *b, uint32_t offset) {
    const dmap_context *ctx = &worker->context;
    if (worker->context.call->spec.want == DMAP__WANT_RESULTS && !b->results && ctx->has_result)
        b->grant->outcome.refs[offset] = (dmap_blob){ctx->result, ctx->result_size};
    if (worker->context.call->spec.want == DMAP__WANT_RESULTS)
        return;
    if (!b->results)
        dmap__batch_flush_fold(worker, b, offset + 1);
    dmap__block_reset(ctx->blocks);
}
