/* What branches send back. An outcome of the master's own crew and one from a message are the same from here on:
 * failures are judged (again, or for good), the rest is cut into segments, and the plan says when they are due. */
#include <inttypes.h>
#include <stdio.h>

#include "base/stop_signal.h"
#include "base/text.h"
#include "call/call.h"
#include "call/journal.h"
#include "proc/copy.h"

/* ---- an outcome ---- */

typedef struct judge {
    dmap__call *call;
    uint32_t lease;
    dmap__call_lease *out;
    double weight; /* of what is tried again */
} judge;

/* Longest first, what lies at higher positions may be of lower indices: to the plan, no item ends the call. */
static dmap__verdict judge_failure(const judge *j, const dmap__failure *failure, bool may_begin) {
    if (dmap__stop_signal_is(failure->signal)) /* it was cut off, and has not failed */
        return DMAP__VERDICT_RETRY;
    const dmap__call *call = j->call;
    int attempt = failure->attempt - j->out->lease.losses;
    dmap__verdict verdict = dmap__verdict_of(&call->at_crew.spec, failure->status, attempt, may_begin);
    return verdict == DMAP__VERDICT_STOP && call->order ? DMAP__VERDICT_FAILED : verdict;
}

/* A dmap__hole_fn. */
static bool is_hole(void *arg, const dmap__failure *failure) {
    judge *j = arg;
    dmap__call *call = j->call;
    dmap__verdict verdict = judge_failure(j, failure, dmap__plan_may_begin(call->plan, failure->position));
    if (dmap__plan_failed(call->plan, j->lease, failure->position, verdict) != DMAP_OK) {
        dmap__call_fail_memory(call);
        verdict = judge_failure(j, failure, false);
    }
    if (verdict == DMAP__VERDICT_RETRY && call->tally)
        dmap__tally_retry(call->tally, failure->seconds);
    if (verdict == DMAP__VERDICT_RETRY)
        j->weight += dmap__order_weight(call->order, failure->position, failure->position + 1);
    else
        dmap__call_note_failure(call, j->out->lease.branch, failure);
    return verdict != DMAP__VERDICT_FAILED;
}

static bool hand_over(dmap__call *call, uint32_t lease, dmap__segment *part) {
    dmap__piece piece = {part->begin, part->end, dmap__segment_bytes(part, call->task->result_size), part};
    if (call->journal)
        dmap__journal_keep(call, dmap__call_find_lease(call, lease), part);
    if (dmap__plan_piece(call->plan, lease, &piece) == DMAP_OK)
        return true;
    dmap__segment_destroy(part);
    return false;
}

static void cut_segments(dmap__call *call, dmap__result_buffer *buffer, judge *j) {
    dmap__segment_cursor cursor;
    dmap__segment *part;
    dmap__segment_begin(&cursor, buffer, call->task->result_size, is_hole, j);
    do {
        if (!dmap__segment_next(&cursor, &part) || (part && !hand_over(call, j->lease, part))) {
            dmap__call_fail_memory(call);
            return;
        }
    } while (part);
}

/* A crew lowers its limit as soon as an item fails for good, and drops what lies above: the outcome of a chunk dropped
 * so may come before that of the chunk with the failure. Positions are shuffled: only "nothing" says the same of
 * both. */
static void take_limit(dmap__call *call, uint64_t limit) {
    if (limit < UINT64_MAX && (!call->order || limit == 0))
        dmap__plan_limit(call->plan, limit);
}

/* The results' memory goes with them. */
static void keep_memory(dmap__call *call, dmap__call_lease *out, dmap__result_buffer *buffer) {
    if (!out->memory.memory || buffer->outcome.fixed != out->memory.memory)
        return;
    buffer->buffers = call->world.buffers;
    buffer->memory = out->memory;
    out->memory = (dmap__buffer){0};
}

static void take_trouble(dmap__call *call, int branch, const dmap__trouble *trouble) {
    dmap__error why;
    if (trouble->status == DMAP_OK)
        return;
    dmap__fail(&why, trouble->status, "%s (on %s, rank %d)", trouble->text, call->world.host(call->world.arg, branch),
               branch);
    dmap__call_fail(call, &why);
}

static double weight_of(const dmap__call *call, const dmap__outcome *outcome) {
    double weight = 0;
    for (size_t i = 0; call->order && i < outcome->n_spans; i++)
        weight += dmap__order_weight(call->order, outcome->spans[i].begin, outcome->spans[i].end);
    return weight;
}

static void look_on(dmap__call *call, const dmap__call_lease *out, const dmap__outcome *outcome, double now) {
    int rank = out->lease.branch;
    if (outcome->taken_s > 0)
        dmap__monitor_compare_clocks(call->world.monitor, rank, out->granted_s, outcome->taken_s, outcome->sent_s, now);
    dmap__tally_add(call->tally, rank, &outcome->events, call->order ? call->order->index_of : NULL,
                    dmap__items_count(&call->source));
    if (rank)
        dmap__tally_message(call->tally, rank, out->lease.begin, out->lease.end, out->granted_s, now);
    if (!dmap__tally_is_due(call->tally, now))
        return;
    dmap__plan_stats stats;
    dmap__plan_stats_get(call->plan, &stats);
    dmap__tally_count(call->tally, stats.leases, stats.window, now);
}

static void note_longest(dmap__call *call, const dmap__outcome *outcome) {
    for (size_t i = 0; i < outcome->n_spans; i++)
        if (outcome->spans[i].seconds > call->longest_s)
            call->longest_s = outcome->spans[i].seconds;
}

void dmap__call_arrived(dmap__call *call, uint32_t lease, dmap__outcome *outcome, double now) {
    dmap__call_lease *out = dmap__call_find_lease(call, lease);
    judge j = {.call = call, .lease = lease, .out = out};
    uint64_t items = call->spawned ? dmap__call_ran(outcome) : dmap__outcome_items(outcome);
    uint64_t kept = dmap__call_lease_kept(out);
    double busy_s = outcome->busy_s, weight = weight_of(call, outcome);
    if (call->tally)
        look_on(call, out, outcome, now);
    note_longest(call, outcome);
    take_trouble(call, out->lease.branch, &outcome->trouble);
    take_limit(call, outcome->limit);
    if (items && call->report.first_s <= 0)
        call->report.first_s = now - call->began_s;
    dmap__result_buffer *buffer = dmap__result_buffer_create(outcome, out->lease.branch, out->lease.attempt);
    if (buffer) {
        keep_memory(call, out, buffer);
        if (call->spawned)
            dmap__call_take_spawned(call, out, buffer);
        else
            cut_segments(call, buffer, &j);
        dmap__result_buffer_leave(buffer);
    } else {
        dmap__outcome_fini(outcome);
        dmap__call_fail_memory(call);
    }
    call->arrived += items - (dmap__call_lease_kept(out) - kept);
    call->arrived_weight += weight - j.weight;
    dmap__call_count(call, out->lease.branch, items, busy_s);
    dmap__call_close_lease(call, out, now, items, busy_s);
}

/* ---- what comes before that ---- */

void dmap__call_returned(dmap__call *call, uint32_t lease, const dmap__range *ranges, size_t n) {
    if (dmap__plan_returned(call->plan, lease, ranges, n) != DMAP_OK)
        dmap__call_fail_memory(call);
}

/* What was taken back, of which all have been told by now, is among those that have ended. */
void dmap__call_progressed(dmap__call *call, uint32_t lease, uint64_t ended, uint64_t undone, double now) {
    dmap__call_lease *out = dmap__call_find_lease(call, lease);
    if (call->spawned) {
        out->progress = ended;
        dmap__plan_lease_found(call->plan, lease, undone);
        return;
    }
    uint64_t not_done = undone + dmap__call_lease_kept(out);
    out->progress = ended > not_done ? ended - not_done : 0;
    if (out->progress > out->lease.end - out->lease.begin)
        out->progress = out->lease.end - out->lease.begin;
    dmap__plan_progress(call->plan, now, lease, ended);
}

/* ---- a branch that is lost ---- */

/* The outcome of a chunk of one item, which failed as its ranks were lost. */
static bool make_loss(const dmap__call *call, const dmap__call_lease *out, dmap__outcome *outcome) {
    char text[96];
    const dmap__lease *lease = &out->lease;
    dmap__failure failure = {
        .position = lease->begin, .status = DMAP_ITEM_LOST, .attempt = lease->attempt, .worker = -1, .core = -1};
    snprintf(text, sizeof text, "%d ranks were lost while they had it", lease->losses + 1);
    if (call->spawned)
        return dmap__call_make_spawned_loss(call, out, text, outcome);
    dmap__outcome_init(outcome, lease->begin, lease->end);
    bool good = dmap__outcome_add_span(outcome, lease->begin, lease->end, 0, false) &&
                dmap__outcome_add_failure(outcome, &failure, text);
    if (good && call->at_crew.spec.want == DMAP__WANT_FOLD) {
        dmap__fold *fold = dmap__outcome_fold_at(outcome, lease->begin, call->task);
        good = fold && dmap__fold_skip(fold);
    }
    if (!good)
        dmap__outcome_fini(outcome);
    return good;
}

static void end_lost(dmap__call *call, dmap__call_lease *out, int suspects, double now) {
    dmap__outcome outcome;
    uint32_t number = out->lease.number;
    if (dmap__plan_is_to_blame(call->plan, &out->lease, suspects) && make_loss(call, out, &outcome)) {
        dmap__call_arrived(call, number, &outcome, now);
        return;
    }
    if (dmap__plan_lost(call->plan, number) != DMAP_OK)
        dmap__call_fail_memory(call);
    dmap__call_close_lease(call, out, now, 0, 0);
}

bool dmap__call_lost(dmap__call *call, int branch, int suspects, double now) {
    if (call->tally)
        dmap__tally_lost(call->tally, branch, now);
    for (uint32_t i = 0; i < dmap__call_leases(call); i++) {
        dmap__call_lease *out = dmap__call_find_lease(call, i);
        if (out && out->lease.branch == branch)
            end_lost(call, out, suspects, now);
    }
    return dmap__plan_lose(call->plan, branch);
}

void dmap__call_emitted(dmap__call *call, const dmap_emission *emission) {
    if (call->sink_stopped || call->trouble.status != DMAP_OK || !call->options.on_emit)
        return;
    dmap__doing before = dmap__monitor_turn(call->world.monitor, DMAP__DOING_SINK);
    int code = call->options.on_emit(call->options.on_emit_arg, emission);
    dmap__monitor_turn(call->world.monitor, before);
    dmap__copy_leave();
    if (code)
        dmap__call_stop(call);
}
