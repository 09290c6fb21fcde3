/* Segments go to the sink, in the order that the plan says, and whoever looks on is told. */
#include <math.h>

#include "base/clock.h"
#include "call/call.h"
#include "call/journal.h"
#include "call/source_spawned.h"
#include "proc/copy.h"

#define WATCH_S 0.04

static bool take_segment(dmap__call *call) {
    dmap__piece piece;
    if (call->delivering)
        return true;
    do
        if (!dmap__plan_take(call->plan, &piece))
            return false;
    while (!piece.tag);
    call->delivering = piece.tag;
    call->delivering_bytes = piece.bytes;
    return true;
}

static void segment_is_over(dmap__call *call) {
    call->delivering = NULL;
    dmap__plan_release(call->plan, call->delivering_bytes);
}

void dmap__call_drop_unwanted(dmap__call *call) {
    dmap__piece piece;
    while (dmap__plan_drop(call->plan, &piece))
        dmap__segment_destroy(piece.tag);
}

bool dmap__call_deliver(dmap__call *call) {
    dmap__call_drop_unwanted(call);
    if (call->delivering && dmap__call_is_ended_early(call)) {
        dmap__segment_destroy(call->delivering);
        segment_is_over(call);
    }
    if (!take_segment(call))
        return false;
    dmap__segment *part = call->delivering;
    uint64_t from = part->next, end = part->end;
    dmap__doing before = dmap__monitor_turn(call->world.monitor, DMAP__DOING_SINK);
    dmap__sink_said said = dmap__sink_deliver(&call->sink, part);
    dmap__monitor_turn(call->world.monitor, before);
    if (!call->spawned)
        call->ended += (said == DMAP__SINK_MORE ? part->next : end) - from;
    if (said == DMAP__SINK_MORE)
        return true;
    segment_is_over(call);
    if (said == DMAP__SINK_STOPPED)
        dmap__call_stop(call);
    else if (said == DMAP__SINK_NO_MEMORY)
        dmap__call_fail_memory(call);
    return true;
}

bool dmap__call_next_result(dmap__call *call, dmap_item_result *result) {
    if (call->delivering && call->delivering->next == call->delivering->end) {
        dmap__segment_destroy(call->delivering);
        segment_is_over(call);
    }
    dmap__call_drop_unwanted(call);
    if (!take_segment(call))
        return false;
    dmap__sink_next(&call->sink, call->delivering, call->sentence, result);
    call->ended++;
    return true;
}

/* ---- the clock ---- */

static void watch(dmap__call *call, double now) {
    bool is_open = call->source.ops->is_stream && !call->source.ended;
    uint64_t all = call->spawned ? call->arrived : dmap__items_count(&call->source);
    dmap_progress progress = {.total = is_open ? UINT64_MAX : all,
                              .ended = call->arrived,
                              .failed = call->report.failed,
                              .seconds = now - call->began_s};
    call->watched_s = now;
    int code = call->options.on_watch(call->options.on_watch_arg, &progress);
    dmap__copy_leave();
    if (code)
        dmap__call_stop(call);
}

/* What has ended of a chunk that is out is taken for its first items: they weigh nearly the same. */
void dmap__call_count_shown(dmap__call *call) {
    uint64_t done = call->arrived;
    double weight = call->arrived_weight;
    for (uint32_t i = 0; i < dmap__call_leases(call); i++) {
        const dmap__call_lease *out = dmap__call_find_lease(call, i);
        if (!out)
            continue;
        done += out->progress;
        weight += dmap__order_weight(call->order, out->lease.begin, out->lease.begin + out->progress);
    }
    if (done > call->shown)
        call->shown = done;
    if (call->order)
        dmap__progress_weigh(&call->progress, weight, dmap__order_weight(call->order, 0, call->order->count));
}

static void show(dmap__call *call, double now) {
    dmap__call_count_shown(call);
    dmap__progress_update(&call->progress, now, call->shown, call->report.failed);
}

static bool may_time_out(const dmap__call *call) {
    return call->options.timeout_s > 0 && !call->timed_out && !call->cancelled;
}

bool dmap__call_asks(const dmap__call *call) {
    const dmap__source *source = call->spawned ? &call->spawned->roots : &call->source;
    return source->ops->is_stream && !call->source.rings;
}

bool dmap__call_tells(const dmap__call *call) {
    return call->sink.ops->calls_program && !call->source.rings;
}

bool dmap__call_is_over_time(const dmap__call *call, double now) {
    return may_time_out(call) && now - call->began_s > call->options.timeout_s;
}

void dmap__call_look_at_time(dmap__call *call, double now) {
    dmap__journal_look(call);
    if (call->plan && dmap__progress_is_due(&call->progress, now))
        show(call, now);
    if (call->plan && call->options.on_watch && call->source.rings && now - call->watched_s > WATCH_S)
        watch(call, now);
    if (dmap__call_is_over_time(call, now)) {
        call->timed_out = true;
        if (call->plan)
            dmap__plan_limit(call->plan, 0);
    }
}

void dmap__call_look_at_clock(dmap__call *call, double now) {
    if (call->plan && call->options.on_watch && !call->sink_stopped && now - call->watched_s > WATCH_S)
        watch(call, now);
    dmap__call_look_at_time(call, now);
}

double dmap__call_until_due(const dmap__call *call, double now, double sleep_s) {
    if (call->options.on_watch && !call->sink_stopped)
        sleep_s = fmin(sleep_s, call->watched_s + WATCH_S - now);
    if (may_time_out(call))
        sleep_s = fmin(sleep_s, call->began_s + call->options.timeout_s - now);
    return sleep_s;
}
