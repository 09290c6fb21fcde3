/* A worker's state for each task. It is made by the task's set-up before the worker's first item of that task, made
 * again when the shared data has changed, as it may have been made from them, and torn down in the end. */
#include <stdlib.h>

#include "crew/batch.h"
#include "crew/worker_proc.h"
#include "proc/copy.h"

void dmap__local_tear_down(dmap_context *ctx, dmap__local *local) {
    if (local->task && local->task->teardown) {
        dmap__crew_call none = {.task = local->task, .limit = UINT64_MAX}; /* a tear-down belongs to no call */
        dmap__crew_call *call = ctx->call;
        const _Atomic uint64_t *limit = ctx->limit;
        ctx->call = &none;
        ctx->limit = &none.limit;
        ctx->local = local;
        ctx->index = 0;
        const dmap_task *task = local->task;
        local->task = NULL; /* once, whatever it does */
        ctx->act = DMAP__ACT_TEARDOWN;
        dmap__worker_mark(ctx);
        task->teardown(ctx);
        dmap__copy_leave();
        dmap__worker_mark(NULL);
        ctx->act = DMAP__ACT_ITEM;
        ctx->call = call;
        ctx->limit = limit;
    }
    local->task = NULL;
    local->value = NULL;
}

int dmap__local_set_up(dmap_context *ctx, dmap__local *local, const dmap_task *task, uint64_t generation) {
    ctx->local = local;
    if (local->task && local->generation == generation)
        return 0;
    dmap__local_tear_down(ctx, local);
    ctx->local = local;
    ctx->index = 0;
    ctx->attempt = 1;
    ctx->text[0] = '\0';
    ctx->out_of_memory = false;
    ctx->act = DMAP__ACT_SETUP;
    dmap__worker_mark(ctx);
    int code = task->setup ? task->setup(ctx) : 0;
    dmap__copy_leave();
    dmap__worker_mark(NULL);
    ctx->act = DMAP__ACT_ITEM;
    if (!code) {
        local->task = task;
        local->generation = generation;
    }
    return code;
}

void dmap__worker_fail_set_up(dmap__worker *worker, dmap__outcome *log, int code) {
    const dmap_context *ctx = &worker->context;
    dmap_status status = ctx->out_of_memory ? DMAP_ENOMEM : DMAP_EITEM;
    dmap__trouble_set(&log->trouble, status, "the setup of task \"%s\" failed (code %d)%s%s",
                      worker->context.call->task->name, code, ctx->text[0] ? ": " : "", ctx->text);
    dmap__crew_lower_limit(worker->crew, worker->context.call, 0);
}

void dmap__worker_trim(dmap__worker *worker, size_t bytes) {
    if (worker->scratch_size > bytes) {
        free(worker->scratch);
        worker->scratch = NULL;
        worker->scratch_size = 0;
    }
    if (worker->fetched.size > bytes) {
        free(worker->fetched.items);
        worker->fetched = (dmap__fetched){0};
    }
    if (worker->proc)
        dmap__shm_channel_trim(&worker->proc->channel, bytes);
}
