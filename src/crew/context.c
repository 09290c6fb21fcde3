/* The calls that a task function makes. They read and write its own context only: no locks. */
#include "crew/context.h"

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/seed.h"
#include "base/text.h"
#include "crew/emission.h"

uint64_t dmap_index(const dmap_context *ctx) {
    return ctx->index;
}

size_t dmap_item_size(const dmap_context *ctx) {
    return ctx->item_size;
}

void *dmap__context_take(dmap_context *ctx, size_t size) {
    return dmap__block_take(ctx->blocks, size);
}

static void *variable_result(dmap_context *ctx, size_t size) {
    size_t room = dmap__memory_pad(ctx->result_size);
    if (!ctx->has_result || size > room) {
        void *place = ctx->take(ctx, size);
        if (!place) {
            ctx->out_of_memory = true;
            dmap_fail(ctx, 1, "out of memory for a result of %zu bytes", size);
            return NULL;
        }
        if (ctx->has_result)
            memcpy(place, ctx->result, ctx->result_size);
        ctx->result = place;
    }
    ctx->has_result = true;
    ctx->result_size = size;
    return ctx->result;
}

void *dmap_result(dmap_context *ctx, size_t size) {
    static _Alignas(DMAP__ALIGNMENT) unsigned char nothing[DMAP__ALIGNMENT]; /* the place of no bytes */
    size_t fixed = ctx->call->task->result_size;
    if (fixed == DMAP_VARIABLE)
        return variable_result(ctx, size);
    if (size != fixed)
        return NULL;
    return fixed ? ctx->result : nothing;
}

bool dmap__context_emit(dmap_context *ctx, const void *data, size_t size) {
    dmap__crew_state *crew = ctx->crew;
    bool put = dmap__emissions_put(crew->emissions, ctx->call->id, ctx->index, ctx->attempt, (dmap_blob){data, size},
                                   ctx->limit);
    if (put)
        crew->tell(crew->tell_arg);
    return put;
}

int dmap_emit(dmap_context *ctx, const void *data, size_t size) {
    for (const unsigned char *next = data; size;) {
        size_t n = size < DMAP__EMISSION_MOST ? size : DMAP__EMISSION_MOST;
        if (!ctx->emit || !ctx->emit(ctx, next, n))
            return -1;
        next += n;
        size -= n;
    }
    return ctx->emit ? 0 : -1;
}

int dmap_fail(dmap_context *ctx, int code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    dmap__text_vprint(ctx->text, sizeof ctx->text, format, args);
    va_end(args);
    return code ? code : 1;
}

const void *dmap_shared(const dmap_context *ctx, size_t *size) {
    if (size)
        *size = ctx->crew->shared_size;
    return ctx->crew->shared;
}

void *dmap_local(const dmap_context *ctx) {
    return ctx->local->value;
}

void dmap_set_local(dmap_context *ctx, void *local) {
    ctx->local->value = local;
}

uint64_t dmap_seed_of(const dmap_context *ctx, uint64_t index) {
    return dmap__seed_of(ctx->call->spec.seed, index);
}

uint64_t dmap_seed(const dmap_context *ctx) {
    return ctx->has_record ? ctx->seed : dmap_seed_of(ctx, ctx->index);
}

int dmap_spawn(dmap_context *ctx, const void *item, size_t size) {
    const dmap_task *task = ctx->call->task;
    bool fits = task->item_size == DMAP_VARIABLE ? size <= SIZE_MAX / 16 : size == task->item_size;
    return ctx->spawn && ctx->has_record && fits && (item || !size) && ctx->spawn(ctx, item, size) ? 0 : -1;
}

int dmap_depth(const dmap_context *ctx) {
    return ctx->has_record ? (int)ctx->depth : 0;
}

int dmap_attempt(const dmap_context *ctx) {
    return ctx->attempt;
}

int dmap_rank(const dmap_context *ctx) {
    return ctx->crew->rank;
}

int dmap_worker(const dmap_context *ctx) {
    return ctx->number;
}

bool dmap_cancelled(const dmap_context *ctx) {
    const dmap__crew_state *crew = ctx->crew;
    if (crew->hear && dmap__worker_inside() == ctx) /* not in threads that the task has started */
        crew->hear(crew->hear_arg);
    if (ctx->index >= atomic_load_explicit(ctx->limit, memory_order_relaxed))
        return true;
    if ((ctx->act == DMAP__ACT_ITEM || ctx->act == DMAP__ACT_BATCH) && ctx->is_cancelled(ctx))
        return true;
    double timeout = ctx->call->spec.item_timeout_s;
    return timeout > 0 && dmap__clock_now() - ctx->began_s > timeout;
}
