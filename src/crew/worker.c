/* A worker. Items are run in batches of about BATCH_S seconds, and of up to LONG_BATCH as much while the worker's deque
 * is long, so that the price of taking a batch and reading the clock is shared by many short items, and a long item is
 * alone. Invariants:
 *  - the log of the deque is written by this worker only, and not after the board was told that the batch ended;
 *  - every item taken is told to have ended, run or not;
 *  - user code runs with no lock held.
 * Which items count is the limit's: a final failure with DMAP_STOP lowers it to its own index, and what is at or above
 * it is dropped unrun, or cut off later by dmap__outcome_sort. */
#include "crew/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "crew/batch.h"
#include "crew/signals.h"
#include "crew/worker_proc.h"

#define BATCH_S         30e-6
#define PROCESS_BATCH_S 200e-6                /* with a process: handing over costs more */
#define LONG_BATCH      8                     /* times as long while there is plenty, */
#define LONG_STAGED     ((size_t)1024 * 1024) /* and no longer than what is on a channel stays in a cache */
#define GROWTH          8
#define MOST_ITEMS      (UINT32_C(1) << 30)
#define SCRATCH_SIZE    ((size_t)256 * 1024)
#define PASSED_SIZE     ((size_t)512 * 1024)      /* of what is had from another process, or passed on: in a cache */
#define STAGED_SIZE     ((size_t)4 * 1024 * 1024) /* of fixed-size items and results on a channel */

dmap__worker *dmap__worker_create(dmap__crew_state *crew, int number, int core) {
    dmap__worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return NULL;
    worker->crew = crew;
    worker->core = core;
    worker->locals = calloc(crew->n_tasks ? crew->n_tasks : 1, sizeof *worker->locals);
    worker->context.crew = crew;
    worker->context.number = number;
    worker->context.take = dmap__context_take;
    worker->context.offer = dmap__context_offer;
    worker->context.is_cancelled = dmap__batch_is_cancelled;
    if (!worker->locals) {
        dmap__worker_destroy(worker);
        return NULL;
    }
    return worker;
}

void dmap__worker_destroy(dmap__worker *worker) {
    if (!worker)
        return;
    dmap__worker_proc_destroy(worker->proc);
    dmap__worker_forget_spawned(worker);
    free(worker->locals);
    free(worker->scratch);
    free(worker->fetched.items);
    free(worker);
}

void dmap__worker_hand_over(dmap__worker *worker, dmap__worker_proc *proc) {
    worker->proc = proc;
}

const dmap_context *dmap__worker_context(const dmap__worker *worker) {
    return &worker->context;
}

void dmap__worker_take_mask(dmap__crew_state *crew) {
    sigset_t mask;
    dmap__signals_get(&mask);
    if (crew->mask_number && dmap__signals_equal(&mask, &crew->mask))
        return;
    crew->mask = mask;
    crew->mask_number++;
}

/* The thread is to run what is the program's: from now on it has the mask that tasks find. Processes take the mask at
 * their start, and no task runs in their workers' threads. */
static void wake(dmap__worker *worker) {
    if (worker->mask_number == worker->crew->mask_number || worker->proc)
        return;
    dmap__signals_set(&worker->crew->mask);
    worker->mask_number = worker->crew->mask_number;
}

void dmap__worker_rest(dmap__worker *worker) {
    if (worker->mask_number)
        dmap__signals_rest(NULL);
    worker->mask_number = 0;
}

void dmap__worker_give_way(dmap__worker *worker) {
    worker->gives_way = true;
}

/* Their final place, or scratch if they pass on from there. */
static bool place_wanted(dmap__worker *worker, dmap__batch *b, size_t size) {
    b->is_direct = size && size <= DMAP__DIRECT_MOST && dmap__batch_may_write_direct(b);
    b->results = b->grant->outcome.fixed + (size_t)b->begin * size;
    return !b->is_direct || dmap__batch_place_in_scratch(worker, b, (b->end - b->begin) * size);
}

/* Where results of fixed size go: what is folded or thrown away, to scratch. */
static bool place_results(dmap__worker *worker, dmap__batch *b) {
    const dmap__crew_call *call = worker->context.call;
    size_t size = call->task->result_size;
    b->result_step = size == DMAP_VARIABLE ? 0 : size;
    if (size == DMAP_VARIABLE)
        return true;
    if (call->spec.want == DMAP__WANT_RESULTS)
        return place_wanted(worker, b, size);
    size_t kept = call->spec.want == DMAP__WANT_FOLD || call->task->run_batch ? b->end - b->begin : 1;
    if (kept == 1 && call->spec.want == DMAP__WANT_NOTHING)
        b->result_step = 0;
    return dmap__batch_place_in_scratch(worker, b, size ? kept * size : 1);
}

/* The results of what has run go where they belong. */
static void hand_on(dmap__worker *worker, dmap__batch *b) {
    worker->context.emit = NULL;
    dmap__batch_flush_fold(worker, b, b->done);
    dmap__batch_write_direct(worker, b);
}

/* The items from b->done on. */
static void run_rest(dmap__worker *worker, dmap__batch *b) {
    (worker->proc ? dmap__worker_run_process : dmap__worker_run_items)(worker, b);
    hand_on(worker, b);
}

static void run(dmap__worker *worker, dmap__batch *b) {
    b->began_s = dmap__clock_now();
    const dmap__crew_call *call = worker->context.call;
    dmap_context *ctx = &worker->context;
    if (!dmap__batch_fetch(worker, b))
        return;
    if (!place_results(worker, b)) {
        dmap__batch_fail_memory(worker, b, "results");
        return;
    }
    ctx->item_size = call->task->item_size;
    ctx->attempt = b->grant->attempt;
    ctx->text[0] = '\0';
    ctx->out_of_memory = false;
    ctx->blocks = &b->log->blocks;
    ctx->emit = call->spec.emits && !call->task->run_batch ? dmap__context_emit : NULL;
    b->fold_from = b->begin;
    run_rest(worker, b);
}

static uint32_t fit(size_t bytes, size_t item) {
    size_t n = item ? bytes / item : UINT32_MAX;
    return n == 0 ? 1 : n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* Items, and their results, of fixed size, that so many bytes of a channel hold; where there is none, any number. */
static uint32_t staged(const dmap__crew_state *crew, const dmap_task *task, size_t bytes) {
    size_t item = task->item_size == DMAP_VARIABLE ? 0 : task->item_size;
    size_t result = task->result_size == DMAP_VARIABLE ? 0 : task->result_size;
    return crew->channels ? fit(bytes, item + result) : UINT32_MAX;
}

uint32_t dmap__worker_most(const dmap__crew_state *crew, const dmap__grant *grant) {
    const dmap__call_spec *spec = &grant->call->spec;
    const dmap_task *task = grant->call->task;
    size_t result = task->result_size == DMAP_VARIABLE ? 0 : task->result_size;
    uint32_t most = UINT32_MAX;
    if (spec->item_timeout_s > 0)
        return 1;
    if (spec->want != DMAP__WANT_RESULTS)
        most = fit(SCRATCH_SIZE, result);
    else if (grant->place && result <= DMAP__DIRECT_MOST)
        most = fit(PASSED_SIZE, result);
    uint32_t read = grant->items_at ? fit(PASSED_SIZE, task->item_size) : UINT32_MAX;
    most = most < read ? most : read;
    uint32_t held = staged(crew, task, STAGED_SIZE);
    return most < held ? most : held;
}

static uint32_t within(double items, double most) {
    double n = items < most ? items : most;
    return n < 1 ? 1 : n < (double)MOST_ITEMS ? (uint32_t)n : MOST_ITEMS;
}

/* A batch is no more than GROWTH times the last, of which alone something is known. */
static void learn(dmap__pace *pace, uint32_t n, double seconds, double batch_s, uint32_t longest) {
    if (n < pace->items && seconds < batch_s)
        return;
    double most = (double)n * GROWTH, wanted = seconds > 0 ? (double)n * batch_s / seconds : most;
    pace->items = within(wanted, most);
    pace->most = within(wanted * LONG_BATCH, most < (double)longest ? most : (double)longest);
}

/* For whoever looks on. What a process says of its set-up is bounded: a task may write anywhere in it. */
static void tell(dmap__worker *worker, dmap__batch *b, double seconds) {
    double within_s = worker->proc ? dmap__worker_proc_take_setup_s(worker->proc) : 0;
    double setup_s = within_s > 0 && within_s < seconds ? within_s : 0;
    uint64_t first = b->grant->begin;
    uint32_t n = b->done - b->begin;
    dmap__event event = {.begin = first + b->begin,
                         .end = first + b->done,
                         .items = n,
                         .began_s = b->began_s - b->setup_s,
                         .ended_s = b->began_s + seconds,
                         .task_s = seconds - setup_s,
                         .setup_s = b->setup_s + setup_s,
                         .longest_s = n ? (seconds - setup_s) / n : 0,
                         .longest = first + b->begin,
                         .worker = worker->context.number,
                         .attempt = b->grant->attempt};
    dmap__events_add(&b->log->events, &event, (double)worker->context.call->spec.watch_s);
}

/* What the batch took. */
static void note_time(dmap__worker *worker, dmap__batch *b) {
    double seconds = dmap__clock_now() - b->began_s;
    uint32_t n = b->done - b->begin;
    b->log->busy_s += seconds;
    if (worker->context.call->spec.watch_s > 0)
        tell(worker, b, seconds);
    dmap__board_charge(&worker->crew->board, b->slot, seconds);
    if (!n)
        return;
    const dmap__crew_call *call = worker->context.call;
    learn(dmap__pace_of(worker->paces, call->id), n, seconds, worker->proc ? PROCESS_BATCH_S : BATCH_S,
          staged(worker->crew, call->task, LONG_STAGED));
    uint64_t first = b->grant->begin;
    if (!dmap__outcome_add_span(b->log, first + b->begin, first + b->done, seconds / n, !call->spec.each_span))
        dmap__batch_fail_memory(worker, b, "a span");
}

/* The worker's state for this task. With a process of its own, that is the process's matter. */
static bool make_ready(dmap__worker *worker, dmap__outcome *log) {
    const dmap__crew_state *crew = worker->crew;
    dmap_context *ctx = &worker->context;
    ctx->blocks = &log->blocks;
    if (worker->proc)
        return true;
    const dmap__crew_call *call = ctx->call;
    double began_s = call->spec.watch_s > 0 ? dmap__clock_now() : 0;
    int code = dmap__local_set_up(ctx, &worker->locals[call->spec.task_id], call->task, crew->shared_generation);
    if (began_s > 0)
        worker->batch.setup_s = dmap__clock_now() - began_s;
    if (code)
        dmap__worker_fail_set_up(worker, log, code);
    return !code;
}

/* Returns as dmap__worker_step does. */
static int end(dmap__worker *worker, dmap__batch *b) {
    dmap__slot *slot = b->slot;
    if (b->began_s > 0)
        note_time(worker, b);
    b->slot = NULL;
    uint32_t done = b->done - b->begin;
    if (b->taken > done)
        dmap__board_undo(slot, b->taken - done);
    return dmap__board_end(slot, b->taken) ? 2 : 1;
}

static int step_spawned(dmap__worker *worker, dmap__batch *b) {
    worker->spawning.work = b->slot->work;
    if (!atomic_load_explicit(worker->context.limit, memory_order_relaxed) || !make_ready(worker, b->log))
        dmap__spawn_stop(b->slot->work);
    return dmap__worker_run_spawned(worker, b);
}

int dmap__worker_step(dmap__worker *worker) {
    dmap__crew_state *crew = worker->crew;
    dmap__batch *b = &worker->batch;
    int number = worker->context.number;
    *b = (dmap__batch){0};
    b->slot = dmap__board_take(&crew->board, number, worker->paces, &b->begin, &b->end);
    if (!b->slot)
        return 0;
    uint32_t spare = b->slot->spawns ? 0 : dmap__pace_of(worker->paces, b->slot->call)->spare;
    if (spare)
        crew->share(crew->tell_arg, spare);
    if (worker->gives_way)
        dmap__clock_yield();
    worker->gives_way = false;
    wake(worker);
    b->taken = b->end - b->begin;
    b->grant = b->slot->grant;
    b->log = dmap__board_log(b->slot, number, b->begin);
    b->done = b->begin;
    worker->context.call = b->grant->call;
    worker->context.limit = &b->grant->call->limit;
    worker->context.best = &b->grant->call->best;
    if (b->slot->spawns)
        return step_spawned(worker, b);
    uint64_t limit = atomic_load_explicit(worker->context.limit, memory_order_relaxed);
    if (limit == 0 || (!b->grant->indices && b->grant->begin + b->begin >= limit))
        b->taken += dmap__board_drain(b->slot, number);
    else if (make_ready(worker, b->log))
        run(worker, b);
    return end(worker, b);
}

/* ---- a task that does not return ---- */

/* Returns true if the batch goes on behind the item. */
static bool fail_current(dmap__worker *worker, dmap__batch *b) {
    dmap_context *ctx = &worker->context;
    uint32_t offset = dmap__batch_reached(worker);
    ctx->has_result = false;
    b->done = offset + 1;
    bool goes_on = dmap__batch_record_failure(worker, b, offset, 1, 0, DMAP_ITEM_FAILED);
    dmap__batch_keep_variable(worker, b, offset);
    return goes_on;
}

/* All that counts of the batch is in the worker, as the stack is gone. */
int dmap__worker_resume(dmap__worker *worker, const char *why, bool goes_on) {
    dmap__batch *b = &worker->batch;
    dmap_context *ctx = &worker->context;
    bool was_inside = dmap__worker_inside();
    dmap__act act = ctx->act;
    ctx->act = DMAP__ACT_ITEM;
    dmap__worker_mark(NULL);
    if (!b->slot)
        return 0;               /* it was a tear-down */
    ctx->call = b->grant->call; /* a tear-down before a set-up has one of its own, which is gone */
    ctx->limit = &ctx->call->limit;
    snprintf(ctx->text, sizeof ctx->text, "%s", why);
    if (!was_inside) {
        dmap__trouble_set(&b->log->trouble, DMAP_EITEM, "combine or merge of task \"%s\" did not return: %s",
                          worker->context.call->task->name, why);
        dmap__crew_lower_limit(worker->crew, worker->context.call, 0);
        return b->slot->spawns ? dmap__worker_resume_spawned(worker, b, false) : end(worker, b);
    }
    if (act == DMAP__ACT_SETUP || act == DMAP__ACT_TEARDOWN)
        dmap__worker_fail_set_up(worker, b->log, 1);
    if (b->slot->spawns)
        return dmap__worker_resume_spawned(worker, b, goes_on);
    if (act == DMAP__ACT_SETUP || act == DMAP__ACT_TEARDOWN)
        return end(worker, b);
    b->singly = act == DMAP__ACT_BATCH;
    if (act == DMAP__ACT_ITEM)
        goes_on = fail_current(worker, b) && goes_on;
    if (goes_on && b->done < b->end)
        run_rest(worker, b);
    else
        hand_on(worker, b);
    return end(worker, b);
}

void dmap__worker_leave(dmap__worker *worker) {
    if (worker->proc)
        dmap__worker_proc_quit(worker->proc);
    wake(worker);
    for (size_t i = 0; i < worker->crew->n_tasks; i++)
        dmap__local_tear_down(&worker->context, &worker->locals[i]);
}
