/* What an item makes, and how it ends, at a worker.
 *
 * Invariant: what an attempt has made is in `made` until the attempt has ended well, or on the channel of the worker's
 * process; only then does it go into the deque. An attempt that failed has made nothing: the next one makes it again,
 * and once. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/seed.h"
#include "base/stop_signal.h"
#include "crew/batch.h"
#include "crew/worker_proc.h"

#define SPARES 4096 /* of each class */

typedef struct dmap__spare {
    struct dmap__spare *next;
} spare;

/* ---- memory for records ---- */

static size_t class_of(size_t bytes) {
    size_t number = bytes / DMAP__ALIGNMENT;
    return number < DMAP__SPAWN_CLASSES ? number : 0;
}

static dmap__spawn_record *take_record(dmap__spawning *s, size_t size) {
    size_t class = class_of(dmap__spawn_record_bytes(size));
    spare *kept = s->spare[class];
    if (!class || !kept)
        return dmap__spawn_alloc(size);
    s->spare[class] = kept->next;
    s->n_spare[class]--;
    return (dmap__spawn_record *)(void *)kept;
}

void dmap__spawning_drop(dmap__spawning *s, dmap__spawn_record *record) {
    size_t class = class_of(dmap__spawn_record_bytes((size_t)record->size));
    if (!class || s->n_spare[class] == SPARES) {
        dmap__spawn_free(record);
        return;
    }
    spare *kept = (spare *)(void *)record;
    kept->next = s->spare[class];
    s->spare[class] = kept;
    s->n_spare[class]++;
}

void dmap__worker_forget_spawned(dmap__worker *worker) {
    dmap__spawning *s = &worker->spawning;
    for (size_t class = 0; class < DMAP__SPAWN_CLASSES; class ++)
        for (spare *kept; (kept = s->spare[class]);) {
            s->spare[class] = kept->next;
            dmap__spawn_free((dmap__spawn_record *)(void *)kept);
        }
    free(s->made);
    free(s->taken);
    dmap__block_free(s->blocks);
}

/* ---- what a task makes ---- */

static dmap__worker *worker_of(dmap_context *ctx) {
    return (dmap__worker *)(void *)((unsigned char *)ctx - offsetof(dmap__worker, context));
}

static dmap__spawn_record *make(dmap__worker *worker, const dmap__spawn_record *parent, uint64_t number, size_t size) {
    dmap_context *ctx = &worker->context;
    dmap__spawn_record *made = take_record(&worker->spawning, size);
    if (made)
        *made = (dmap__spawn_record){
            .size = size,
            .index = dmap__spawn_index(worker->spawning.work, ctx->number, ctx->call, worker->crew->rank),
            .seed = dmap__seed_of(parent->seed, number),
            .depth = parent->depth + 1,
            .attempt = 1,
            .kind = DMAP__RECORD_ITEM};
    return made;
}

bool dmap__spawning_spawn(dmap_context *ctx, const void *item, size_t size) {
    dmap__worker *worker = worker_of(ctx);
    dmap__spawning *s = &worker->spawning;
    dmap__spawn_record *made = NULL;
    if (s->n_made < s->made_capacity || dmap__memory_grow(&s->made, &s->made_capacity, s->n_made + 1, sizeof *s->made))
        made = make(worker, s->record, s->n_made, size);
    if (!made) {
        ctx->out_of_memory = true;
        dmap_fail(ctx, 1, "out of memory for an item of %zu bytes", size);
        return false;
    }
    if (size)
        memcpy(dmap__spawn_record_data(made), item, size);
    s->made[s->n_made++] = made;
    return true;
}

static void drop_made(dmap__spawning *s) {
    while (s->n_made)
        dmap__spawning_drop(s, s->made[--s->n_made]);
}

bool dmap__spawning_put(dmap__worker *worker, dmap__batch *b, dmap__spawn_record *record) {
    dmap__spawning *s = &worker->spawning;
    if (dmap__spawn_put(s->work, worker->context.number, record)) {
        s->came++;
        return true;
    }
    dmap__spawning_drop(s, record);
    dmap__batch_fail_memory(worker, b, "an item that an item made");
    return false;
}

void dmap__spawning_put_made(dmap__worker *worker, dmap__batch *b) {
    dmap__spawning *s = &worker->spawning;
    for (size_t i = 0; i < s->n_made; i++)
        dmap__spawning_put(worker, b, s->made[i]);
    s->n_made = 0;
}

/* ---- how an item ends ---- */

static dmap__spawn_record *add_end(dmap__worker *worker, dmap__batch *b, size_t size) {
    const dmap__spawn_record *record = worker->spawning.record;
    dmap__spawn_record *end = dmap__spawn_record_add(&b->log->records, DMAP__RECORD_END, size);
    if (!end) {
        dmap__batch_fail_memory(worker, b, "a result");
        return NULL;
    }
    end->index = record->index;
    end->depth = record->depth;
    end->attempt = record->attempt;
    end->worker = worker->context.number;
    end->core = worker->core;
    end->seconds = worker->spawning.began_s > 0 ? dmap__clock_now() - worker->spawning.began_s : 0;
    return end;
}

bool dmap__spawning_fold(dmap__worker *worker, dmap_blob result) {
    const dmap_task *task = worker->context.call->task;
    dmap__spawn_lane *lane = &worker->spawning.work->lanes[worker->context.number];
    if (task->result_size == DMAP_VARIABLE) {
        lane->folded++;
        return dmap__fold_push_blob(&lane->fold, result);
    }
    if (lane->value) {
        task->combine(lane->value, result.data);
        return true;
    }
    lane->value = malloc(result.size);
    if (lane->value)
        memcpy(lane->value, result.data, result.size);
    return lane->value != NULL;
}

void dmap__spawning_keep_result(dmap__worker *worker, dmap__batch *b) {
    const dmap_context *ctx = &worker->context;
    size_t fixed = ctx->call->task->result_size;
    dmap_blob result = {ctx->result, fixed == DMAP_VARIABLE ? ctx->result_size : fixed};
    if (ctx->call->spec.want == DMAP__WANT_FOLD) {
        if (!dmap__spawning_fold(worker, result))
            dmap__batch_fail_memory(worker, b, "a fold");
    } else if (ctx->call->spec.want == DMAP__WANT_RESULTS) {
        dmap__spawn_record *end = add_end(worker, b, result.size);
        if (end && result.size)
            memcpy(dmap__spawn_record_data(end), result.data, result.size);
    }
    if (fixed == DMAP_VARIABLE)
        dmap__block_reset(&worker->spawning.blocks);
}

static void try_again(dmap__worker *worker, dmap__batch *b) {
    const dmap__spawn_record *record = worker->spawning.record;
    dmap__spawn_record *again = take_record(&worker->spawning, (size_t)record->size);
    if (!again) {
        dmap__batch_fail_memory(worker, b, "an item that is tried again");
        return;
    }
    memcpy(again, record, sizeof *record + (size_t)record->size);
    again->attempt++;
    if (dmap__spawning_put(worker, b, again))
        worker->spawning.again++;
}

static void keep_failure(dmap__worker *worker, dmap__batch *b, int code, int signal, dmap_item_status status) {
    const dmap_context *ctx = &worker->context;
    size_t size = ctx->text[0] ? strlen(ctx->text) + 1 : 0;
    dmap__spawn_record *end = add_end(worker, b, size);
    if (!end)
        return;
    end->status = (int32_t)status;
    end->code = code;
    end->signal = signal;
    end->out_of_memory = ctx->out_of_memory;
    if (size)
        memcpy(dmap__spawn_record_data(end), ctx->text, size);
}

/* The item has failed: what it has made never was. */
__attribute__((noinline, cold)) void dmap__spawning_fail(dmap__worker *worker, dmap__batch *b, int code, int signal,
                                                         dmap_item_status status) {
    const dmap_context *ctx = &worker->context;
    bool may_begin = atomic_load(ctx->limit) != 0;
    drop_made(&worker->spawning);
    dmap__block_reset(&worker->spawning.blocks);
    dmap__verdict verdict = dmap__stop_signal_is(signal)
                                ? DMAP__VERDICT_RETRY /* it was cut off, and has not failed */
                                : dmap__verdict_of(&ctx->call->spec, (int)status, ctx->attempt, may_begin);
    if (verdict == DMAP__VERDICT_RETRY)
        try_again(worker, b);
    else
        keep_failure(worker, b, code, signal, status);
    if (verdict == DMAP__VERDICT_STOP)
        dmap__crew_lower_limit(worker->crew, worker->context.call, 0);
}

/* ---- what those of its process have made ---- */

static bool is_sound(dmap__worker *worker, uint64_t offset, const dmap__spawn_record *made, uint32_t least) {
    size_t fixed = worker->context.call->task->item_size;
    size_t bytes = dmap__spawn_record_bytes((size_t)made->size);
    return bytes && (fixed == DMAP_VARIABLE || made->size == fixed) && made->worker >= (int32_t)least &&
           dmap__shm_channel_holds(&worker->proc->channel, offset, bytes);
}

bool dmap__spawning_take_made(dmap__worker *worker, dmap__batch *b, uint32_t first, uint32_t end) {
    dmap__shm_channel *channel = &worker->proc->channel;
    dmap__spawning *s = &worker->spawning;
    uint32_t number = 0;
    uint64_t siblings = 0;
    for (uint64_t offset = channel->head->made, before = 0; offset;) {
        dmap__spawn_record made = {.size = 0};
        bool is_there = offset > before && dmap__shm_channel_holds(channel, offset, sizeof made); /* it only grows */
        if (is_there)
            made = *(const dmap__spawn_record *)dmap__shm_channel_at(channel, offset);
        if (!is_there || !is_sound(worker, offset, &made, number)) {
            dmap__trouble_set(&b->log->trouble, DMAP_EIO, "process %d wrote over memory that is not the task's",
                              worker->proc->pid);
            dmap__crew_lower_limit(worker->crew, worker->context.call, 0);
            return false;
        }
        if (first + (uint32_t)made.worker >= end)
            break;
        siblings = (uint32_t)made.worker == number ? siblings : 0;
        number = (uint32_t)made.worker;
        dmap__spawn_record *record = make(worker, s->taken[first + number], siblings++, (size_t)made.size);
        if (!record) {
            dmap__batch_fail_memory(worker, b, "an item that an item made");
            return false;
        }
        memcpy(dmap__spawn_record_data(record), (const dmap__spawn_record *)dmap__shm_channel_at(channel, offset) + 1,
               (size_t)made.size);
        if (!dmap__spawning_put(worker, b, record))
            return false;
        before = offset;
        offset = made.index;
    }
    return true;
}
