/* How a call begins and ends. It ends when the plan is over, nothing is being
 * delivered, and every message has been sent: then nothing points to the caller's memory any more. */
#include "call/call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "call/journal.h"
#include "call/source_spawned.h"
#include "plan/fleet.h"

#define WINDOW      ((size_t)64 << 20)
#define CHUNK_BYTES ((size_t)32 << 20)  /* most bytes of items and results of fixed size in a chunk */
#define CACHE_BYTES ((size_t)4 << 20)   /* the same for each worker, where they are copied: from a cache then */
#define CHUNK_ITEMS (UINT64_C(1) << 31) /* most items in a chunk: the board counts them in 32 bits */

/* ---- beginning ---- */

static size_t window_of(const dmap__call *call) {
    return call->options.window ? call->options.window : WINDOW;
}

/* That numbers below n have. */
static uint8_t bits_of(int n) {
    uint8_t bits = 0;
    while ((n - 1) >> bits)
        bits++;
    return bits;
}

static dmap__call_spec spec_of(const dmap__call *call, uint32_t task_id) {
    const dmap_map_options *o = &call->options;
    return (dmap__call_spec){.seed = o->seed,
                             .item_timeout_s = o->item_timeout_s,
                             .task_id = task_id,
                             .want = (uint32_t)dmap__sink_want(&call->sink),
                             .retries = o->retries,
                             .weight = o->priority > 0 ? (uint32_t)o->priority : 1,
                             .stop = o->on_error == DMAP_STOP,
                             .each_span = call->sink.given.each != NULL,
                             .shuffled = o->cost != NULL,
                             .emits = o->on_emit != NULL,
                             .spawns = o->spawns,
                             .rank_bits = bits_of(call->world.branches),
                             .window = window_of(call)};
}

/* Its source becomes that of the roots. */
static bool make_spawned(dmap__call *call) {
    dmap__source roots = call->source;
    call->spawned = dmap__spawned_create(&call->source, &roots);
    if (!call->spawned)
        return false;
    call->spawned->seed = call->options.seed;
    call->spawned->most = window_of(call);
    call->spawned->is_any_out = dmap__call_is_any_out;
    call->spawned->arg = call;
    return true;
}

dmap__call *dmap__call_create(const dmap__call_world *world, const dmap__call_request *request, double now) {
    size_t shares = (size_t)world->branches * sizeof(dmap_rank_report);
    dmap__call *call = malloc(sizeof *call + shares);
    if (!call)
        return NULL;
    memset(call, 0, offsetof(dmap__call, trouble));
    memset(call->shares, 0, shares);
    dmap__error_clear(&call->trouble);
    dmap__error_clear(&call->failed_error);
    dmap__error_clear(&call->error);
    if (request->by_hand && !(call->sentence = malloc(DMAP__SINK_TEXT))) {
        free(call);
        return NULL;
    }
    call->world = *world;
    call->task = request->task;
    call->options = *request->options;
    call->source = (dmap__source){.ops = dmap__source_ops_of(request->source.kind),
                                  .source = request->source,
                                  .task = call->task,
                                  .rings = request->rings};
    call->by_hand = request->by_hand;
    call->began_s = now;
    call->tell_limit = UINT64_MAX;
    call->sink = (dmap__sink){.ops = request->options->spawns ? dmap__sink_spawned_ops_of(request->sink.kind)
                                                              : dmap__sink_ops_of(request->sink.kind),
                              .given = request->sink,
                              .task = call->task,
                              .unordered = call->options.unordered,
                              .has_order = call->options.cost || (call->options.journal && call->source.ops->is_stream),
                              .describe = dmap__call_describe_failure,
                              .arg = call};
    if (request->options->spawns && !make_spawned(call)) {
        dmap__call_destroy(call);
        return NULL;
    }
    dmap__call_spec spec = spec_of(call, request->task_id);
    dmap__crew_call_init(&call->at_crew, &spec, call->task, 0);
    return call;
}

void dmap__call_number(dmap__call *call, uint64_t id) {
    call->id = id;
    call->at_crew.id = id;
}

/* How many items, and their results, take that much. */
static uint64_t items_in(const dmap__call *call, size_t bytes) {
    size_t one = dmap__items_size(&call->source);
    if (dmap__sink_want(&call->sink) == DMAP__WANT_RESULTS && call->task->result_size != DMAP_VARIABLE)
        one += call->task->result_size;
    uint64_t most = one ? bytes / one : CHUNK_ITEMS;
    return most ? most : 1;
}

static dmap_status open_plan(dmap__call *call) {
    const dmap_map_options *o = &call->options;
    size_t size = call->task->result_size;
    bool has_past = dmap__journal_has_any(call);
    dmap__plan_config config = {.branches = call->world.branches,
                                .workers = call->world.workers,
                                .fleet = call->world.fleet,
                                .share = &call->share,
                                .task = call->at_crew.spec.task_id,
                                .weight = call->at_crew.spec.weight,
                                .count = dmap__items_count(&call->source),
                                .is_stream = call->source.ops->is_stream,
                                .is_offered = call->source.ops->offer || has_past,
                                .schedule = has_past && o->schedule == DMAP_STATIC ? DMAP_FACTORING : o->schedule,
                                .chunk = o->chunk,
                                .max_chunk = items_in(call, CHUNK_BYTES),
                                .max_share = items_in(call, CACHE_BYTES),
                                .ordered = dmap__sink_is_ordered(&call->sink),
                                .window = window_of(call),
                                .spawns = o->spawns,
                                .no_prefetch = o->ahead < 0,
                                .lost_limit = o->lost_limit,
                                .lease_size = sizeof(dmap__call_lease)};
    if (dmap__sink_want(&call->sink) == DMAP__WANT_RESULTS && size != DMAP_VARIABLE) {
        config.result_bytes = size ? size : 1;
        config.all_share = !dmap__sink_place(&call->sink, 0); /* what is made in memory of ours is looked at soon */
    }
    call->plan = dmap__plan_create(&config);
    return call->plan ? DMAP_OK : dmap__fail(&call->trouble, DMAP_ENOMEM, "out of memory for a plan");
}

static dmap_status open_parts(dmap__call *call) {
    uint64_t count = dmap__items_count(&call->source);
    dmap__progress_init(&call->progress, call->options.progress, call->task->name,
                        call->source.ops->is_stream ? UINT64_MAX : count, call->began_s);
    if (dmap__journal_open(call) != DMAP_OK)
        return call->trouble.status;
    if (call->options.cost) {
        bool has_past = dmap__journal_has_any(call);
        call->order =
            dmap__order_create(count, has_past ? dmap__journal_cost : call->options.cost,
                               has_past ? call : call->options.cost_arg, dmap__progress_is_on(&call->progress));
        if (!call->order)
            return dmap__fail(&call->trouble, DMAP_ENOMEM, "out of memory for the order of %" PRIu64 " items", count);
        call->source.order = call->sink.order = call->order;
    }
    if (dmap__sink_open(&call->sink, count) != DMAP_OK)
        return dmap__fail(&call->trouble, DMAP_ENOMEM, "out of memory for %" PRIu64 " results", count);
    return open_plan(call);
}

/* If memory is out for that, nobody does. */
static void look_on(dmap__call *call) {
    if (!call->world.monitor || !(call->options.explain || dmap__monitor_wants_any(&call->world.monitor->options)))
        return;
    call->tally = dmap__tally_create(call->world.monitor, call->id, call->task->name, call->began_s);
    if (call->tally)
        call->at_crew.spec.watch_s = (float)dmap__monitor_joined_s(call->world.monitor);
}

dmap_status dmap__call_begin(dmap__call *call) {
    call->state = DMAP__CALL_RUNS;
    look_on(call);
    if (call->trouble.status != DMAP_OK) /* it is refused */
        return call->trouble.status;
    if (!call->world.all_workers)
        return dmap__fail(&call->trouble, DMAP_ELOST, "no rank is left that works: all that did were lost");
    if (open_parts(call) != DMAP_OK)
        return call->trouble.status;
    for (int i = 0; i < call->world.branches; i++)
        call->shares[i] =
            (dmap_rank_report){.host = call->world.host(call->world.arg, i), .workers = call->world.workers[i]};
    if (call->cancelled || call->timed_out)
        dmap__plan_limit(call->plan, 0);
    if (call->drained) /* by the cost hint */
        dmap__call_drain(call);
    return DMAP_OK;
}

void dmap__call_destroy(dmap__call *call) {
    if (!call)
        return;
    dmap__journal_close(call);
    dmap__items_fini(&call->source);
    dmap__spawned_destroy(call->spawned);
    dmap__sink_close(&call->sink);
    dmap__segment_destroy(call->delivering);
    dmap__plan_destroy(call->plan);
    dmap__order_destroy(call->order);
    dmap__tally_destroy(call->tally);
    free(call->worker_reports);
    free(call->sentence);
    free(call);
}

/* ---- ending ---- */

bool dmap__call_is_over(const dmap__call *call) {
    if (call->state != DMAP__CALL_RUNS)
        return false;
    if (!call->plan)
        return !call->sending;
    return !call->delivering && !call->sending && dmap__plan_over(call->plan) && dmap__journal_is_written(call);
}

static void judge_sink(dmap__call *call, dmap__sink_said said) {
    if (said == DMAP__SINK_STOPPED)
        dmap__call_stop(call);
    else if (said == DMAP__SINK_NO_MEMORY)
        dmap__call_fail_memory(call);
}

static bool is_finished(const dmap__call *call) {
    const dmap__sink_ops *ops = call->sink.ops;
    return ops->is_finished_always || !(dmap__call_is_ended_early(call) || (ops->is_whole && call->drained));
}

static void finish_sink(dmap__call *call) {
    dmap__doing before = dmap__monitor_turn(call->world.monitor, DMAP__DOING_SINK);
    uint64_t count = dmap__items_count(&call->source);
    uint64_t last = call->failed && call->options.on_error == DMAP_STOP ? call->failed_index : UINT64_MAX;
    const dmap__sink_ops *ops = call->sink.ops;
    if (last != UINT64_MAX && ops->fail && !ops->fail(&call->sink, last, call->failed_status, call->failed_error.text))
        judge_sink(call, DMAP__SINK_NO_MEMORY);
    bool is_part = call->spawned && last != UINT64_MAX && ops->is_whole; /* of it nobody knows what is in it */
    if (is_finished(call) && !is_part)
        judge_sink(call, dmap__sink_finish(&call->sink, count, last));
    dmap__monitor_turn(call->world.monitor, before);
}

static dmap_status verdict(dmap__call *call) {
    dmap__error *error = &call->error;
    uint64_t done = call->spawned ? call->arrived : call->ended;
    if (call->trouble.status != DMAP_OK) {
        *error = call->trouble;
        return error->status;
    }
    if (call->is_left)
        return dmap__fail(error, DMAP_ECANCELLED, "the call was left by an exception");
    if (call->stop_reason)
        return dmap__fail(error, call->stop_status, "%s: %" PRIu64 " items were done", call->stop_reason, done);
    if (call->sink_stopped)
        return dmap__fail(error, DMAP_ECANCELLED, "the sink stopped the call");
    if (call->cancelled)
        return dmap__fail(error, DMAP_ECANCELLED, "the call was cancelled: %" PRIu64 " items were done", done);
    if (call->timed_out)
        return dmap__fail(error, DMAP_ETIMEOUT, "the call was over its %g seconds: %" PRIu64 " items were done",
                          call->options.timeout_s, done);
    if (call->drained)
        return dmap__fail(error, DMAP_ECANCELLED, "the call was drained: %" PRIu64 " items were done%s%s", done,
                          call->failed ? "; " : "", call->failed ? call->failed_error.text : "");
    if (call->failed)
        *error = call->failed_error;
    else if (call->source.failure.status != DMAP_OK)
        *error = call->source.failure;
    return error->status;
}

void dmap__call_finish(dmap__call *call) {
    bool is_due = call->plan && !call->is_finished;
    call->is_finished = true;
    if (!is_due)
        return;
    dmap__call_drop_unwanted(call);
    dmap__journal_look(call);
    finish_sink(call);
}

void dmap__call_end(dmap__call *call) {
    if (call->plan) {
        dmap__call_count_shown(call);
        dmap__progress_fini(&call->progress, dmap__clock_now(), call->shown, call->report.failed);
        dmap__call_fill_report(call);
    }
    dmap__journal_close(call);
    dmap__plan_destroy(call->plan); /* the fleet is the pool's, which may go before the call is freed */
    call->plan = NULL;
    verdict(call);
    dmap__call_explain(call);
    call->state = DMAP__CALL_ENDED;
}
