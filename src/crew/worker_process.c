/* Having a batch run by the worker's process: items are copied onto the channel, results from there to where they
 * belong, so a process that dies takes nothing along but the item that it was at. What it had ended is kept; it is
 * replaced, and asked for the rest. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/stop_signal.h"
#include "crew/batch.h"
#include "crew/cancel.h"
#include "crew/worker_proc.h"

#define FALSE_STARTS 3 /* deaths before any item was begun, in a row, that are put up with */
#define LATE_STARTS  3 /* processes in a row that do not come up: they take long */

/* What is asked for: offsets from grant->begin. */
typedef struct request {
    uint32_t begin, end, batch_end;
    uint64_t results;   /* where they are on the channel */
    uint32_t looked_at; /* the item that the process was last seen at */
    bool singly;
    int false_starts, late_starts;
} request;

/* ---- asking ---- */

static bool put_blobs(dmap__shm_channel *channel, const dmap_blob *blobs, uint32_t n) {
    dmap__shm_channel_head *head = channel->head;
    head->items = dmap__shm_channel_take(channel, n * sizeof(dmap__shm_blob));
    for (uint32_t i = 0; head->items && i < n; i++) {
        uint64_t offset = dmap__shm_channel_take(channel, blobs[i].size);
        if (!offset)
            return false;
        if (blobs[i].size)
            memcpy(dmap__shm_channel_at(channel, offset), blobs[i].data, blobs[i].size);
        ((dmap__shm_blob *)dmap__shm_channel_at(channel, head->items))[i] = (dmap__shm_blob){offset, blobs[i].size};
    }
    return head->items != 0;
}

static bool put_items(dmap__worker *worker, dmap__batch *b, uint32_t first, uint32_t n) {
    const dmap__grant *grant = b->grant;
    dmap__shm_channel *channel = &worker->proc->channel;
    dmap__shm_channel_head *head = channel->head;
    size_t item_size = worker->context.call->task->item_size;
    head->items = 0;
    if (grant->layout == DMAP__LAYOUT_BLOBS)
        return put_blobs(channel, (const dmap_blob *)grant->items + first, n);
    if (grant->layout == DMAP__LAYOUT_RANGE)
        return true;
    head->items = dmap__shm_channel_take(channel, n * item_size);
    if (head->items && grant->items_at)
        return dmap__batch_read(worker, b, first, n, dmap__shm_channel_at(channel, head->items));
    if (head->items && item_size)
        memcpy(dmap__shm_channel_at(channel, head->items), b->items + (first - b->begin) * item_size, n * item_size);
    return head->items != 0;
}

static bool put_indices(dmap__shm_channel *channel, const dmap__grant *grant, uint32_t first, uint32_t n) {
    dmap__shm_channel_head *head = channel->head;
    head->first_index = grant->begin + first;
    head->indices = 0;
    if (!grant->indices)
        return true;
    head->indices = dmap__shm_channel_take(channel, n * sizeof *grant->indices);
    if (head->indices)
        memcpy(dmap__shm_channel_at(channel, head->indices), grant->indices + first, n * sizeof *grant->indices);
    return head->indices != 0;
}

static bool put_request(dmap__worker *worker, dmap__batch *b, request *r) {
    const dmap__crew_call *call = worker->context.call;
    dmap__shm_channel *channel = &worker->proc->channel;
    dmap__shm_channel_head *head = channel->head;
    uint32_t n = r->end - r->begin;
    size_t result_size = call->task->result_size;
    dmap__shm_channel_clear(channel);
    atomic_store(&head->call, call->id);
    atomic_store(&head->limit, UINT64_MAX);
    atomic_store(&head->cancelled, UINT64_MAX);
    atomic_store(&head->best, UINT64_MAX);
    dmap__limit_lower(&head->limit, atomic_load(&call->limit));
    dmap__limit_lower(&head->best, atomic_load(&call->best));
    snprintf(head->task_name, sizeof head->task_name, "%s", call->task->name);
    head->seed = call->spec.seed;
    head->item_timeout_s = call->spec.item_timeout_s;
    head->asked_s = call->spec.watch_s > 0 ? dmap__clock_now() : 0;
    head->shared = worker->crew->shared_place;
    head->attempt = b->grant->attempt;
    head->singly = r->singly;
    head->emits = worker->context.emit != NULL;
    head->spawns = call->spec.spawns;
    head->made = 0;
    head->layout = (uint32_t)b->grant->layout;
    head->count = n;
    head->range_first = b->grant->range_first;
    r->results =
        dmap__shm_channel_take(channel, n * (result_size == DMAP_VARIABLE ? sizeof(dmap__shm_blob) : result_size));
    head->results = r->results;
    return r->results && put_indices(channel, b->grant, r->begin, n) && put_items(worker, b, r->begin, n);
}

/* ---- answers ---- */

/* The call ends, for the reason in the log. */
static bool give_up(dmap__worker *worker) {
    if (worker->batch.log->trouble.status == DMAP_ELOST)
        atomic_store(&worker->crew->is_broken, true);
    dmap__crew_lower_limit(worker->crew, worker->context.call, 0);
    return false;
}

/* The item at r->begin failed, with the sentence in ctx->text. Returns true if the batch goes on. */
static bool fail(dmap__worker *worker, dmap__batch *b, request *r, int code, int signal, dmap_item_status status) {
    worker->context.index = dmap__grant_index(b->grant, b->grant->begin + r->begin);
    b->done = ++r->begin;
    return dmap__batch_record_failure(worker, b, r->begin - 1, code, signal, status);
}

static bool is_cancelled(const dmap__batch *b, const request *r) {
    return dmap__cancel_of(b->grant, r->begin, r->begin + 1) != DMAP__CANCEL_NONE;
}

/* Returns false if the batch cannot go on. */
static bool take_variable(dmap__worker *worker, dmap__batch *b, request *r, dmap__shm_blob staged) {
    dmap__shm_channel *channel = &worker->proc->channel;
    dmap_context *ctx = &worker->context;
    if (!dmap__shm_channel_holds(channel, staged.offset, staged.size)) {
        snprintf(ctx->text, sizeof ctx->text, "process %d wrote over memory that is not the task's", worker->proc->pid);
        return fail(worker, b, r, 0, 0, DMAP_ITEM_CRASHED);
    }
    ctx->has_result = true;
    ctx->result_size = (size_t)staged.size;
    ctx->result = dmap__block_take(ctx->blocks, ctx->result_size);
    if (!ctx->result) {
        dmap__batch_fail_memory(worker, b, "a result");
        return false;
    }
    memcpy(ctx->result, dmap__shm_channel_at(channel, staged.offset), ctx->result_size);
    dmap__batch_keep_variable(worker, b, r->begin++);
    return true;
}

/* Results of the first n items of the request go where they belong. Those of a whole batch that may pass on do so from
 * the channel: nothing else is asked for before they have. */
static bool take_results(dmap__worker *worker, dmap__batch *b, request *r, uint32_t n) {
    const dmap__crew_call *call = worker->context.call;
    void *results = dmap__shm_channel_at(&worker->proc->channel, r->results);
    size_t size = call->task->result_size;
    bool goes_on = true;
    if (b->is_direct && r->begin == b->begin && n == b->end - b->begin)
        b->results = results;
    else if (b->results && b->result_step && n)
        memcpy(b->results + (size_t)(r->begin - b->begin) * size, results, n * size);
    if (b->results || call->spec.want == DMAP__WANT_NOTHING)
        r->begin += n;
    else
        for (uint32_t i = 0; goes_on && i < n; i++)
            goes_on = take_variable(worker, b, r, ((const dmap__shm_blob *)results)[i]);
    b->done = r->begin;
    return goes_on;
}

static bool take_answer(dmap__worker *worker, dmap__batch *b, request *r) {
    const dmap__shm_channel_head *head = worker->proc->channel.head;
    dmap_context *ctx = &worker->context;
    snprintf(ctx->text, sizeof ctx->text, "%.*s", DMAP__TEXT_SIZE - 1, head->text);
    ctx->out_of_memory = head->out_of_memory;
    if (head->set_up_failed) {
        dmap__worker_fail_set_up(worker, b->log, head->code);
        return false;
    }
    if (head->status == DMAP_ITEM_OK || r->begin == r->end)
        return true;
    dmap_item_status status = DMAP_ITEM_FAILED;
    if (head->status == DMAP_ITEM_TIMEOUT)
        status = DMAP_ITEM_TIMEOUT;
    else if (is_cancelled(b, r))
        status = DMAP_ITEM_CANCELLED; /* that is why it failed: it is not tried again */
    return fail(worker, b, r, head->code, 0, status);
}

/* No item is to blame. The next process may do better, unless the set-up itself ended this one: SIGKILL comes from
 * outside. */
static bool take_false_start(dmap__worker *worker, dmap__batch *b, request *r, bool in_set_up, int code) {
    if ((!in_set_up || code == -SIGKILL) && ++r->false_starts <= FALSE_STARTS && r->late_starts < LATE_STARTS)
        return true;
    if (in_set_up)
        dmap__worker_fail_set_up(worker, b->log, code);
    else
        dmap__trouble_set(&b->log->trouble, DMAP_EIO,
                          "the process of worker %d ended %d times before it began an item: %s", worker->context.number,
                          r->false_starts, worker->context.text);
    return give_up(worker);
}

/* There never was a process that could have been at anything. */
static bool take_stillborn(dmap__worker *worker, dmap__batch *b, request *r, const dmap__error *error) {
    if (error->status == DMAP_ELOST) {
        dmap__trouble_set(&b->log->trouble, error->status, "%s", error->text);
        return give_up(worker);
    }
    r->late_starts += error->status == DMAP_ETIMEOUT;
    snprintf(worker->context.text, sizeof worker->context.text, "%.*s", DMAP__TEXT_SIZE - 1, error->text);
    return take_false_start(worker, b, r, false, 0);
}

/* It may have turned to another item just before, which is not to blame. */
static bool take_killed(dmap__worker *worker, dmap__batch *b, request *r) {
    if (!is_cancelled(b, r))
        return true;
    snprintf(worker->context.text, sizeof worker->context.text, "cancelled: killed");
    return fail(worker, b, r, 0, SIGKILL, DMAP_ITEM_CANCELLED);
}

/* The process died. Who it was at is in the phase: nobody, the set-up, one item, or one of several. */
static bool take_death(dmap__worker *worker, dmap__batch *b, request *r, dmap__worker_proc_said said) {
    dmap__phase phase = (dmap__phase)atomic_load(&worker->proc->channel.head->phase);
    dmap_context *ctx = &worker->context;
    dmap__error error;
    int code;
    if (dmap__worker_proc_reap(worker->proc, &code, ctx->text, sizeof ctx->text, &error) != DMAP_OK) {
        dmap__trouble_set(&b->log->trouble, error.status, "%s", error.text);
        return give_up(worker);
    }
    ctx->out_of_memory = false;
    if (r->begin == r->end)
        return true;
    if (code < 0)
        dmap__stop_signal_await(-code);
    if (said == DMAP__WORKER_PROC_LATE) {
        r->late_starts++;
        snprintf(ctx->text, sizeof ctx->text, "process %d did not come up within %g seconds: it was killed",
                 worker->proc->pid, worker->proc->config.start_timeout_s);
    }
    if (said == DMAP__WORKER_PROC_LATE || (phase != DMAP__PHASE_ITEM && phase != DMAP__PHASE_BATCH))
        return take_false_start(worker, b, r, phase == DMAP__PHASE_SETUP, code);
    r->false_starts = r->late_starts = 0;
    if (phase == DMAP__PHASE_BATCH) {
        r->singly = true;
        return true;
    }
    if (said == DMAP__WORKER_PROC_CANCELLED && code == -SIGKILL) /* else it ended by itself, at the last moment */
        return take_killed(worker, b, r);
    bool timed_out =
        said == DMAP__WORKER_PROC_TIMED_OUT && code == -SIGKILL; /* else it ended by itself, at the last moment */
    if (timed_out)
        snprintf(ctx->text, sizeof ctx->text, "over its %g seconds: killed", worker->context.call->spec.item_timeout_s);
    return fail(worker, b, r, code > 0 ? code : 0, code < 0 ? -code : 0,
                timed_out ? DMAP_ITEM_TIMEOUT : DMAP_ITEM_CRASHED);
}

/* The call ends without these items, and nobody asks how their process did. */
static bool take_unwanted(dmap__worker *worker) {
    dmap__error error;
    int code;
    dmap__worker_proc_reap(worker->proc, &code, worker->context.text, sizeof worker->context.text, &error);
    worker->context.text[0] = '\0';
    return false;
}

static bool take(dmap__worker *worker, dmap__batch *b, request *r, dmap__worker_proc_said said) {
    uint32_t done = atomic_load(&worker->proc->channel.head->done), n = r->end - r->begin, first = r->begin;
    size_t failures = b->log->n_failures;
    bool goes_on = take_results(worker, b, r, done <= n ? done : 0);
    if (worker->context.call->spec.spawns)
        goes_on =
            dmap__spawning_take_made(worker, b, first, b->done - (uint32_t)(b->log->n_failures - failures)) && goes_on;
    if (!goes_on)
        return false;
    if (said == DMAP__WORKER_PROC_ANSWERED)
        return take_answer(worker, b, r);
    if (said == DMAP__WORKER_PROC_UNWANTED)
        return take_unwanted(worker);
    return take_death(worker, b, r, said);
}

/* ctx->emit, for the process. */
static bool emit(void *arg, uint64_t index, const void *data, size_t size) {
    dmap_context *ctx = arg;
    ctx->index = index;
    return ctx->emit && ctx->emit(ctx, data, size);
}

/* ctx->offer, for the process. */
static void offer(void *arg, uint64_t key) {
    dmap_context *ctx = arg;
    ctx->offer(ctx, key);
}

/* There is no room for the request on the channel. */
static void fail_request(dmap__worker *worker, dmap__batch *b) {
    int reason = worker->proc->channel.reason;
    dmap__error error;
    if (reason == ENOMEM) {
        dmap__batch_fail_memory(worker, b, "a batch for a process");
        return;
    }
    dmap__fail_system(&error, reason, "hand a batch to a process");
    dmap__trouble_set(&b->log->trouble, error.status, "%s", error.text);
    give_up(worker);
}

/* What the process is asked, while it is at it. */
typedef struct asked {
    const dmap__batch *b;
    request *r;
    dmap__shm_channel_head *head;
} asked;

/* What the process says that it is at: an item, or several together. An item is asked before it is killed: so it is not
 * said to be killed when it is seen for the first time. */
static dmap__cancel look_for_cancel(void *arg) {
    const asked *a = arg;
    uint32_t phase = atomic_load(&a->head->phase), done = atomic_load(&a->head->done);
    bool is_at_items = phase == DMAP__PHASE_ITEM || phase == DMAP__PHASE_BATCH;
    if (!is_at_items || done >= a->r->end - a->r->begin)
        return DMAP__CANCEL_NONE;
    uint32_t offset = a->r->begin + done;
    dmap__cancel how = dmap__cancel_of(a->b->grant, offset, phase == DMAP__PHASE_BATCH ? a->r->end : offset + 1);
    if (how == DMAP__CANCEL_NONE)
        return how;
    atomic_store(&a->head->cancelled, dmap__grant_index(a->b->grant, a->b->grant->begin + offset));
    bool is_new = a->r->looked_at != offset;
    a->r->looked_at = offset;
    return is_new ? DMAP__CANCEL_ASK : how;
}

static bool ask(dmap__worker *worker, dmap__batch *b, request *r) {
    dmap__error error;
    uint32_t begin = r->begin;
    worker->proc->emit = emit;
    worker->proc->offer = offer;
    worker->proc->emit_arg = &worker->context;
    r->end = begin + dmap__worker_proc_admit(worker->proc, dmap__cancel_first(b->grant, begin, r->batch_end) - begin);
    r->looked_at = UINT32_MAX;
    if (!put_request(worker, b, r)) {
        fail_request(worker, b);
        return false;
    }
    asked at = {b, r, worker->proc->channel.head};
    dmap__patience patience = {.item_timeout_s = worker->context.call->spec.item_timeout_s,
                               .limit = &worker->context.call->limit,
                               .first = b->grant->indices ? 0 : b->grant->begin + begin,
                               .fate = &worker->context.call->fate,
                               .cancelled = look_for_cancel,
                               .arg = &at};
    dmap__worker_proc_said said = dmap__worker_proc_ask(worker->proc, &patience, &error);
    if (said == DMAP__WORKER_PROC_STILLBORN)
        return take_stillborn(worker, b, r, &error);
    if (said == DMAP__WORKER_PROC_FAILED) {
        dmap__trouble_set(&b->log->trouble, error.status, "%s", error.text);
        return give_up(worker);
    }
    bool goes_on = take(worker, b, r, said);
    worker->proc->items += r->begin - begin;
    return goes_on;
}

/* The process stops before an item that nobody wants. Returns true if the batch goes on behind it. */
static bool pass(dmap__worker *worker, dmap__batch *b, request *r) {
    bool goes_on = dmap__batch_pass(worker, b);
    r->begin = b->done;
    return goes_on;
}

void dmap__worker_run_process(dmap__worker *worker, dmap__batch *b) {
    request r = {.begin = b->begin, .batch_end = b->end};
    bool goes_on = true;
    while (goes_on && r.begin < r.batch_end)
        goes_on = (dmap__batch_runs_on(worker, b) ? ask : pass)(worker, b, &r);
}
