/* A worker at items that make items. It runs one after the other, its own youngest first, for about SLICE_S, so that
 * the chunk's account, the clock and other calls are looked at seldom, and the price of an item is that of a function
 * call and of two ends of a deque. */
#include "base/clock.h"
#include "crew/batch.h"
#include "proc/copy.h"

#define SLICE_S    1e-3
#define LOOK_S     50e-6 /* between looks at the clock, about, */
#define LOOK_ITEMS 1024  /* and items at the most */
#define TELL_S     50e-3 /* results that wait for longer leave */
#define LEAST_HELD (16 << 10)

static __attribute__((noinline, cold)) void end_badly(dmap__worker *worker, dmap__batch *b, int code) {
    dmap_context *ctx = &worker->context;
    double timeout_s = ctx->call->spec.item_timeout_s;
    bool is_late = timeout_s > 0 && dmap__clock_now() - ctx->began_s > timeout_s;
    if (is_late)
        dmap_fail(ctx, code, "over its %g seconds", timeout_s);
    else if (!code && !ctx->out_of_memory)
        code = dmap_fail(ctx, 1, "the task \"%s\" gave no result: dmap_result was not called", ctx->call->task->name);
    dmap__spawning_fail(worker, b, code, 0, is_late ? DMAP_ITEM_TIMEOUT : DMAP_ITEM_FAILED);
}

static bool is_late(const dmap_context *ctx) {
    double timeout_s = ctx->call->spec.item_timeout_s;
    return timeout_s > 0 && dmap__clock_now() - ctx->began_s > timeout_s;
}

static void end_item(dmap__worker *worker, dmap__batch *b, int code) {
    dmap__spawning *s = &worker->spawning;
    const dmap_context *ctx = &worker->context;
    bool has_result = ctx->has_result || ctx->call->task->result_size != DMAP_VARIABLE;
    if (code || ctx->out_of_memory || !has_result || is_late(ctx)) {
        end_badly(worker, b, code);
    } else {
        dmap__spawning_put_made(worker, b);
        dmap__spawning_keep_result(worker, b);
    }
    s->ended++;
    dmap__spawning_drop(s, s->record);
    s->record = NULL;
}

/* ---- running ---- */

static void run_one(dmap__worker *worker, dmap__batch *b, dmap__spawn_record *record) {
    dmap_context *ctx = &worker->context;
    const dmap_task *task = ctx->call->task;
    worker->spawning.record = record;
    ctx->index = record->index;
    ctx->seed = record->seed;
    ctx->depth = record->depth;
    ctx->attempt = record->attempt;
    ctx->item_size = (size_t)record->size;
    ctx->result = b->results;
    ctx->result_size = 0;
    ctx->has_result = ctx->out_of_memory = false;
    ctx->text[0] = '\0';
    if (ctx->call->spec.item_timeout_s > 0 || ctx->call->spec.want == DMAP__WANT_RESULTS)
        ctx->began_s = worker->spawning.began_s = dmap__clock_now();
    int code = task->run(ctx, dmap__spawn_record_data(record), ctx->result);
    dmap__copy_leave();
    end_item(worker, b, code);
}

/* Where the rank has taken in, or has to tell, more than a part of its memory, the chunk ends early. */
static bool is_full(const dmap__worker *worker, const dmap__batch *b, bool looks, double now) {
    const dmap__spawn_work *work = worker->spawning.work;
    const dmap__spawn_lane *lane = &work->lanes[worker->context.number];
    uint64_t most = worker->context.call->spec.window / (uint64_t)work->workers;
    most = most < LEAST_HELD && worker->context.call->spec.window > LEAST_HELD ? LEAST_HELD : most;
    if (lane->held > most && lane->held > most + atomic_load_explicit(&lane->stolen, memory_order_relaxed))
        return true;
    return looks && b->log->records &&
           (now - work->began_s > TELL_S || dmap__spawn_records_bytes(b->log->records) > most);
}

/* When it looks at the clock next. */
static uint32_t next_look(uint32_t n, double took_s) {
    if (took_s < LOOK_S / 2)
        return n < LOOK_ITEMS ? 2 * n : n;
    return took_s > 2 * LOOK_S && n > 1 ? n / 2 : n;
}

static void run_for_a_while(dmap__worker *worker, dmap__batch *b) {
    dmap__spawning *s = &worker->spawning;
    const dmap_context *ctx = &worker->context;
    const dmap__spawn_lane *lane = &s->work->lanes[ctx->number];
    double looked_s = b->began_s;
    uint32_t n = 1;
    for (uint32_t left = n; !dmap__spawn_is_stopped(s->work);) {
        dmap__spawn_record *record = dmap__spawn_take(s->work, ctx->number);
        if (!record)
            break;
        int64_t spare = dmap__spawn_deque_size(&lane->deque); /* after it was written to: see worker_thread.c */
        if (spare)
            worker->crew->share(worker->crew->tell_arg, (uint64_t)spare);
        run_one(worker, b, record);
        bool looks = --left == 0;
        double now = looks ? dmap__clock_now() : 0;
        if (!atomic_load_explicit(ctx->limit, memory_order_relaxed) || is_full(worker, b, looks, now))
            dmap__spawn_stop(s->work);
        if (looks && now - b->began_s > SLICE_S)
            break;
        if (!looks)
            continue;
        left = n = next_look(n, now - looked_s);
        looked_s = now;
    }
}

/* For whoever looks on. */
static void tell(const dmap__worker *worker, dmap__batch *b, uint64_t ended, double seconds) {
    const dmap__grant *grant = b->grant;
    dmap__event event = {.begin = grant->begin,
                         .end = grant->end,
                         .items = ended,
                         .began_s = b->began_s - b->setup_s,
                         .ended_s = b->began_s + seconds,
                         .task_s = seconds,
                         .setup_s = b->setup_s,
                         .worker = worker->context.number,
                         .attempt = grant->attempt};
    dmap__events_add(&b->log->events, &event, (double)grant->call->spec.watch_s);
}

static int leave(dmap__worker *worker, dmap__batch *b) {
    dmap__spawning *s = &worker->spawning;
    dmap__spawn_lane *lane = &s->work->lanes[worker->context.number];
    double seconds = dmap__clock_now() - b->began_s;
    uint64_t came = s->came, ended = s->ended, again = s->again;
    lane->longest_s = seconds > lane->longest_s ? seconds : lane->longest_s;
    worker->context.has_record = false;
    worker->context.spawn = NULL;
    worker->context.emit = NULL;
    b->log->busy_s += seconds;
    if (b->grant->call->spec.watch_s > 0)
        tell(worker, b, ended, seconds);
    dmap__board_charge(&worker->crew->board, b->slot, seconds);
    b->slot = NULL;
    s->came = s->ended = s->again = 0;
    return dmap__spawn_leave(s->work, came, ended, again) ? 2 : 1;
}

/* The same by its process, which takes several at a time. */
static void ask_for_a_while(dmap__worker *worker, dmap__batch *b) {
    const dmap__spawning *s = &worker->spawning;
    double now = b->began_s;
    while (!dmap__spawn_is_stopped(s->work) && now - b->began_s < SLICE_S && dmap__spawning_ask(worker, b)) {
        now = dmap__clock_now();
        if (!atomic_load_explicit(worker->context.limit, memory_order_relaxed) || is_full(worker, b, true, now))
            dmap__spawn_stop(s->work);
    }
}

static int run(dmap__worker *worker, dmap__batch *b) {
    if (worker->proc) {
        ask_for_a_while(worker, b);
        return leave(worker, b);
    }
    dmap__worker_mark(&worker->context);
    run_for_a_while(worker, b);
    dmap__worker_mark(NULL);
    return leave(worker, b);
}

int dmap__worker_run_spawned(dmap__worker *worker, dmap__batch *b) {
    dmap_context *ctx = &worker->context;
    const dmap__crew_call *call = ctx->call;
    size_t size = call->task->result_size;
    b->began_s = dmap__clock_now();
    worker->spawning.began_s = 0;
    if (size != DMAP_VARIABLE && size && !dmap__batch_place_in_scratch(worker, b, size)) {
        dmap__batch_fail_memory(worker, b, "results");
        dmap__spawn_stop(worker->spawning.work);
    }
    ctx->blocks = &worker->spawning.blocks;
    ctx->emit = call->spec.emits ? dmap__context_emit : NULL;
    ctx->spawn = dmap__spawning_spawn;
    ctx->has_record = true;
    ctx->act = DMAP__ACT_ITEM;
    return run(worker, b);
}

int dmap__worker_resume_spawned(dmap__worker *worker, dmap__batch *b, bool goes_on) {
    dmap__spawning *s = &worker->spawning;
    worker->context.has_result = false;
    if (s->record) {
        dmap__spawning_fail(worker, b, 1, 0, DMAP_ITEM_FAILED);
        s->ended++;
        dmap__spawning_drop(s, s->record);
        s->record = NULL;
    }
    if (!goes_on || !atomic_load(worker->context.limit))
        dmap__spawn_stop(s->work);
    if (b->began_s <= 0) /* it was the set-up */
        b->began_s = dmap__clock_now();
    return run(worker, b);
}
