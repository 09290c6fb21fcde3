/* Up: what branches send back. An outcome of the master's own crew and one from a message are the same from here on:
 * failures are judged (again, or for good), the rest is cut into parts, and the plan says when they are due. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "job/job.h"
#include "crew/copy.h"
#include "net/wire.h"

#define MESSAGES_AT_ONCE 64
#define PROGRESS_S       0.1
#define HUNGRY_S         200e-6 /* while a worker has nothing to do */
#define LOOK_S           100e-9 /* and so much for each lease, as all are looked at */

void dmap__job_fail(dmap__job *job, const dmap__error *why) {
    if (job->trouble.status == DMAP_OK)
        job->trouble = *why;
    dmap__plan_limit(job->plan, 0);
}

void dmap__job_stop(dmap__job *job) {
    job->sink_stopped = true;
    dmap__plan_limit(job->plan, 0);
}

void dmap__job_fail_memory(dmap__job *job) {
    dmap__error error;
    dmap__fail(&error, DMAP_ENOMEM, "out of memory for results on the master");
    dmap__job_fail(job, &error);
}

void dmap__job_blame(void *arg, int rank, uint64_t index, const dmap__failure *failure, char *text, size_t size) {
    const dmap__job *job = arg;
    char said[64], core[32] = "";
    snprintf(said, sizeof said, "the task returned %" PRId32, failure->code);
    if (failure->core >= 0)
        snprintf(core, sizeof core, ", core %" PRId32, failure->core);
    dmap__text_print(text, size, "item %" PRIu64 " (attempt %" PRId32 "): %s (on %s, rank %d, worker %" PRId32 "%s)",
                     index, failure->attempt, failure->text ? failure->text : said, dmap__pool_host(job->pool, rank),
                     rank, failure->worker, core);
}

void dmap__job_close_out(dmap__job *job, dmap__out *out) {
    if (out->items) {
        dmap__items_close(&job->source, out->items, out->end - out->begin - out->kept);
        dmap__items_leave(&job->source, out->items);
    }
    free(out->grant);
    dmap__spares_put(&job->pool->spares, out->memory);
    *out = (dmap__out){0};
}

/* ---- an outcome ---- */

typedef struct judge {
    dmap__job *job;
    uint32_t lease;
    dmap__out *out;
    double weight; /* of what is tried again */
} judge;

static uint64_t index_at(const dmap__job *job, uint64_t position) {
    return job->shuffle ? job->shuffle->index_of[position] : position;
}

/* An item failed for good. The lowest one is the call's error. */
static void note_failure(dmap__job *job, int rank, const dmap__failure *failure) {
    uint64_t index = index_at(job, failure->position);
    job->report.failed++;
    if (job->failed && index >= job->failed_index)
        return;
    bool lower = !job->failed || index < job->failed_index;
    job->failed = true;
    job->failed_index = index;
    job->failed_status = (dmap_item_status)failure->status;
    job->failed_error.status = failure->out_of_memory ? DMAP_ENOMEM : DMAP_EITEM;
    dmap__job_blame(job, rank, index, failure, job->failed_error.text, sizeof job->failed_error.text);
    if (lower && job->shuffle && job->options.on_error == DMAP_STOP)
        dmap__job_give_limit(job, index);
}

/* A dmap__hole_fn: asks the plan. */
static bool is_hole(void *arg, const dmap__failure *failure) {
    judge *j = arg;
    bool retry = false;
    if (dmap__plan_failed(j->job->plan, j->lease, failure->position, failure->attempt, &retry) != DMAP_OK)
        dmap__job_fail_memory(j->job);
    if (retry) {
        j->out->kept++;
        j->weight += dmap__shuffle_weight(j->job->shuffle, failure->position, failure->position + 1);
        return true;
    }
    note_failure(j->job, j->out->branch, failure);
    return j->job->options.on_error == DMAP_STOP && !j->job->shuffle;
}

static bool hand_over(dmap__job *job, uint32_t lease, dmap__part *part) {
    dmap__piece piece = {part->begin, part->end, dmap__part_bytes(part, job->task->result_size), part};
    if (dmap__plan_piece(job->plan, lease, &piece) == DMAP_OK)
        return true;
    dmap__part_destroy(part);
    return false;
}

static void cut_parts(dmap__job *job, dmap__slab *slab, judge *j) {
    dmap__part_cursor cursor;
    dmap__part *part;
    dmap__part_begin(&cursor, slab, job->task->result_size, is_hole, j);
    do {
        if (!dmap__part_next(&cursor, &part) || (part && !hand_over(job, j->lease, part))) {
            dmap__job_fail_memory(job);
            return;
        }
    } while (part);
}

/* A crew lowers its limit as soon as an item fails for good, and drops what lies above: the outcome of a chunk dropped
 * so may come before that of the chunk with the failure. Positions are shuffled: only "nothing" says the same of
 * both. */
static void take_limit(dmap__job *job, uint64_t limit) {
    if (limit < UINT64_MAX && (!job->shuffle || limit == 0))
        dmap__plan_limit(job->plan, limit);
}

/* The results' memory goes with them. */
static void keep_memory(dmap__job *job, dmap__out *out, dmap__slab *slab) {
    if (!out->memory.memory || slab->outcome.fixed != out->memory.memory)
        return;
    slab->spares = &job->pool->spares;
    slab->memory = out->memory;
    out->memory = (dmap__spare){0};
}

static double weight_of(const dmap__job *job, const dmap__outcome *outcome) {
    double weight = 0;
    for (size_t i = 0; job->shuffle && i < outcome->n_spans; i++)
        weight += dmap__shuffle_weight(job->shuffle, outcome->spans[i].begin, outcome->spans[i].end);
    return weight;
}

/* Takes the outcome over. */
static void take_outcome(dmap__job *job, uint32_t lease, dmap__outcome *outcome) {
    dmap__out *out = &job->outs[lease];
    judge j = {.job = job, .lease = lease, .out = out};
    double now = dmap__clock_now();
    uint64_t items = dmap__outcome_items(outcome), kept = out->kept;
    double busy_s = outcome->busy_s, weight = weight_of(job, outcome);
    if (outcome->trouble.status != DMAP_OK) {
        dmap__error why;
        dmap__fail(&why, outcome->trouble.status, "%s (on %s, rank %d)", outcome->trouble.text,
                   dmap__pool_host(job->pool, out->branch), out->branch);
        dmap__job_fail(job, &why);
    }
    take_limit(job, outcome->limit);
    if (items && job->report.first_s <= 0)
        job->report.first_s = now - job->began_s;
    dmap__slab *slab = dmap__slab_create(outcome, out->branch, out->attempt);
    if (slab) {
        keep_memory(job, out, slab);
        cut_parts(job, slab, &j);
        dmap__slab_leave(slab);
    } else {
        dmap__outcome_fini(outcome);
        dmap__job_fail_memory(job);
    }
    job->arrived += items - (out->kept - kept);
    job->arrived_weight += weight - j.weight;
    dmap__job_count(job, out->branch, items, busy_s);
    dmap__plan_done(job->plan, now, lease, items, busy_s);
    dmap__job_close_out(job, out);
}

/* ---- the master's own crew ---- */

/* What was taken back, of which all have been told by now, is among those that have ended. */
static void note_progress(dmap__job *job, uint32_t lease, uint64_t ended, uint64_t undone, double now) {
    dmap__out *out = &job->outs[lease];
    uint64_t not_done = undone + out->kept;
    out->progress = ended > not_done ? ended - not_done : 0;
    if (out->progress > out->end - out->begin)
        out->progress = out->end - out->begin;
    dmap__plan_progress(job->plan, now, lease, ended);
}

static void hear_progress(dmap__job *job, double now) {
    double gap = dmap__crew_is_hungry(job->pool->crew) ? HUNGRY_S + (double)job->outs_capacity * LOOK_S : PROGRESS_S;
    if (now - job->heard_s < gap)
        return;
    job->heard_s = now;
    for (size_t i = 0; i < job->outs_capacity; i++) {
        dmap__out *out = &job->outs[i];
        if (!out->out || !out->grant)
            continue;
        uint64_t undone, ended = dmap__crew_progress(job->pool->crew, out->grant, &undone);
        note_progress(job, (uint32_t)i, ended, undone, now);
    }
}

/* ---- emissions ---- */

static void take_emission(dmap__job *job, const dmap_emission *emission) {
    if (job->sink_stopped || job->trouble.status != DMAP_OK || !job->options.on_emit)
        return;
    int code = job->options.on_emit(job->options.on_emit_arg, emission);
    dmap__copy_leave();
    if (code)
        dmap__job_stop(job);
}

static void end_emission(dmap__job *job) {
    if (job->takes_message) {
        dmap__job_give_taken(job, job->message.from, job->message.head.data_size);
        dmap__comm_release(job->pool->comm, &job->message);
        job->takes_message = false;
    }
    if (!job->emission)
        return;
    dmap__crew_emission_gone(job->pool->crew, job->emission->size);
    free(job->emission);
    job->emission = NULL;
}

static bool take_crew_emissions(dmap__job *job) {
    dmap__crew *crew = job->pool->crew;
    bool moved = false;
    for (dmap__emission *e; (e = dmap__crew_emission(crew)); moved = true) {
        dmap_emission emission = {.index = e->index, .attempt = e->attempt, .data = e->data, .size = e->size};
        job->emission = e;
        take_emission(job, &emission);
        end_emission(job);
    }
    return moved;
}

static void take_rank_emission(dmap__job *job, const dmap__message *message) {
    const dmap__head *head = &message->head;
    dmap_emission emission = {.index = head->emit.index,
                              .attempt = (int)head->emit.attempt,
                              .rank = message->from,
                              .data = message->data,
                              .size = (size_t)head->data_size};
    job->takes_message = true;
    take_emission(job, &emission);
    job->takes_message = false;
    dmap__job_give_taken(job, message->from, head->data_size);
}

/* ---- the master's own crew, and messages ---- */

static void take_polled(dmap__job *job) {
    dmap__grant *grant = job->polled;
    dmap__outcome outcome = grant->outcome;
    job->polled = NULL;
    take_outcome(job, grant->lease, &outcome);
}

static bool take_crew(dmap__job *job) {
    dmap__crew *crew = job->pool->crew;
    bool moved = crew && take_crew_emissions(job);
    while (crew && (job->polled = dmap__crew_poll(crew))) {
        take_crew_emissions(job);
        take_polled(job);
        moved = true;
    }
    if (crew && !moved && dmap__crew_step(crew))
        return true;
    if (crew)
        hear_progress(job, dmap__clock_now());
    return moved;
}

/* ---- messages ---- */

/* Where the results of a chunk belong, if they can be received there. */
static void *place_of(const dmap__job *job, const dmap__head *head) {
    if (!job || !dmap__wire_is_whole(head) || head->call != job->call)
        return NULL;
    uint64_t size = (head->end - head->begin) * job->task->result_size;
    return size == head->data_size ? dmap__sink_place(&job->sink, head->begin) : NULL;
}

void *dmap__pool_place(void *arg, int from, const dmap__head *head, const void *meta) {
    (void)from;
    (void)meta;
    return place_of(((dmap_pool *)arg)->current, head);
}

/* Where the results of a message lie, if not in it. */
static void *found_at(const dmap__job *job, const dmap__message *message) {
    if (dmap__wire_is_placed(&message->head))
        return job->outs[message->head.lease].place;
    void *place = place_of(job, &message->head);
    return message->data == place ? place : NULL;
}

static void take_result(dmap__job *job, dmap__message *message) {
    dmap__outcome outcome;
    dmap_status status = dmap__wire_unpack_outcome(message, job->task, found_at(job, message), &outcome);
    if (status != DMAP_OK) {
        dmap__outcome_init(&outcome, message->head.begin, message->head.end);
        dmap__fail(&outcome.trouble, status, "%s",
                   status == DMAP_ENOMEM ? "out of memory for results" : "a damaged message");
    } else if (dmap__wire_is_placed(&message->head)) {
        job->placed += dmap__outcome_items(&outcome) * job->task->result_size;
    }
    if (job->outs[message->head.lease].array)
        job->fetched += dmap__outcome_items(&outcome) * job->task->item_size;
    take_outcome(job, (uint32_t)message->head.lease, &outcome);
}

static void take_returned(dmap__job *job, const dmap__message *message) {
    dmap__out *out = &job->outs[message->head.lease];
    const dmap__range *ranges = message->data;
    size_t n = (size_t)message->head.data_size / sizeof *ranges;
    job->sends_items = job->sends_items || message->head.returned.unasked;
    for (size_t i = 0; i < n; i++)
        out->kept += ranges[i].end - ranges[i].begin;
    if (dmap__plan_returned(job->plan, (uint32_t)message->head.lease, ranges, n) != DMAP_OK)
        dmap__job_fail_memory(job);
}

static void take_message(dmap__job *job, dmap__message *message) {
    uint64_t lease = message->head.lease;
    if (message->head.type == DMAP__EMIT && message->head.call == job->call) {
        take_rank_emission(job, message);
        return;
    }
    bool known = message->head.call == job->call && lease < job->outs_capacity && job->outs[lease].out;
    if (!known)
        return;
    switch (message->head.type) {
    case DMAP__RESULT:
        take_result(job, message);
        break;
    case DMAP__RETURN:
        take_returned(job, message);
        break;
    case DMAP__PROGRESS:
        note_progress(job, (uint32_t)lease, message->head.progress.items, message->head.progress.undone,
                      dmap__clock_now());
        break;
    default:
        break;
    }
}

/* The pool is broken: what other ranks have is lost, and nothing more is sent. */
static void give_up_ranks(dmap__job *job, const dmap__error *why) {
    dmap__comm_close_gates(job->pool->comm);
    job->pool->broken = why->status;
    dmap__job_fail(job, why);
    for (size_t i = 0; i < job->outs_capacity; i++) {
        dmap__out *out = &job->outs[i];
        if (!out->out || out->grant)
            continue;
        dmap__plan_done(job->plan, dmap__clock_now(), (uint32_t)i, 0, 0);
        dmap__job_close_out(job, out);
    }
    dmap__comm_end(job->pool->comm);
    job->pool->ended = job->pool->comm;
    job->pool->comm = NULL;
}

static bool take_messages(dmap__job *job) {
    dmap__error error = {0};
    int n = 0, got = 0;
    while (job->pool->comm && n < MESSAGES_AT_ONCE) {
        got = dmap__comm_poll(job->pool->comm, &job->message, &error);
        if (got <= 0)
            break;
        take_message(job, &job->message);
        dmap__comm_release(job->pool->comm, &job->message);
        n++;
    }
    if (got < 0 || (job->pool->comm && job->pool->broken != DMAP_OK)) {
        give_up_ranks(job, got < 0 ? &error : &job->trouble);
        return true;
    }
    return n > 0;
}

void dmap__job_take_left(dmap__job *job) {
    end_emission(job);
    if (job->polled)
        take_polled(job);
}

bool dmap__job_take(dmap__job *job) {
    bool moved = take_messages(job);
    return take_crew(job) || moved;
}
