/* Up: what branches send goes to its call. */
#include "pool/collect.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "crew/emission.h"
#include "net/wire.h"
#include "pool/branch.h"
#include "pool/calls.h"
#include "pool/lost.h"
#include "pool/wait_replies.h"

#define PROGRESS_S 0.1
#define STARVED_S  200e-6 /* while a worker has nothing to do */
#define LOOK_S     100e-9 /* and so much for each lease, as all are looked at */

/* ---- the master's own crew ---- */

void dmap__collect_chunk(dmap_pool *pool, dmap__grant *grant) {
    (void)pool;
    dmap__call_arrived(grant->owner, grant->lease, &grant->outcome, dmap__clock_now());
}

static void end_emission(dmap_pool *pool) {
    dmap__crew_emission_gone(pool->crew, pool->loop.emission->size);
    free(pool->loop.emission);
    pool->loop.emission = NULL;
}

void dmap__collect_emission(dmap_pool *pool, dmap__emission *e) {
    dmap_emission emission = {.index = e->index, .attempt = e->attempt, .data = e->data, .size = e->size};
    dmap__call *call = dmap__calls_find(pool, e->call);
    pool->loop.emission = e;
    pool->calls.inside = call;
    if (call)
        dmap__call_emitted(call, &emission);
    pool->calls.inside = NULL;
    end_emission(pool);
}

static size_t leases(const dmap__calls *calls) {
    size_t n = 0;
    for (size_t i = 0; i < calls->n_running; i++)
        n += dmap__call_leases(calls->running[i]);
    return n;
}

static void look_at(const dmap_pool *pool, dmap__call *call, double now) {
    for (uint32_t i = 0; i < dmap__call_leases(call); i++) {
        const dmap__call_lease *out = dmap__call_find_lease(call, i);
        if (!out || !out->grant)
            continue;
        uint64_t undone, ended = dmap__crew_progress(pool->crew, out->grant, &undone);
        dmap__call_progressed(call, i, ended, undone, now);
    }
}

void dmap__collect_progress(dmap_pool *pool, double now) {
    dmap__calls *calls = &pool->calls;
    double gap = PROGRESS_S;
    if (now - calls->heard_s < STARVED_S)
        return;
    if (dmap__crew_is_starved(pool->crew))
        gap = STARVED_S + (double)leases(calls) * LOOK_S;
    if (now - calls->heard_s < gap)
        return;
    calls->heard_s = now;
    for (size_t i = 0; i < calls->n_running; i++)
        look_at(pool, calls->running[i], now);
}

/* ---- messages ---- */

/* Where the results of a chunk belong, if they can be received there. */
static void *place_of(const dmap__call *call, const dmap__head *head) {
    if (!call || !call->plan || !dmap__wire_is_whole(head))
        return NULL;
    uint64_t size = (head->end - head->begin) * call->task->result_size;
    return size == head->data_size ? dmap__sink_place(&call->sink, head->begin) : NULL;
}

void *dmap__pool_place(void *arg, int from, const dmap__head *head, const void *meta) {
    (void)from;
    (void)meta;
    return place_of(dmap__calls_find(arg, head->call), head);
}

/* Where the results of a message lie, if not in it. */
static void *found_at(const dmap__call *call, const dmap__call_lease *out, const dmap__message *message) {
    if (dmap__wire_is_placed(&message->head))
        return out->place;
    void *place = place_of(call, &message->head);
    return message->data == place ? place : NULL;
}

/* It has come to no end there, and may at another rank: one whose fork server was killed starts no process any more. */
static bool takes_rank(dmap_pool *pool, int rank, dmap__outcome *outcome) {
    char why[96];
    if (outcome->trouble.status != DMAP_ELOST)
        return false;
    snprintf(why, sizeof why, "%s", outcome->trouble.text);
    dmap__outcome_fini(outcome);
    dmap__lost_declare(pool, rank, why, false);
    dmap__lost_dismiss(pool, rank);
    return true;
}

static void take_result(dmap_pool *pool, dmap__call *call, dmap__call_lease *out, dmap__message *message) {
    dmap__outcome outcome;
    dmap_status status = dmap__wire_unpack_outcome(message, call->task, found_at(call, out, message), &outcome);
    if (status != DMAP_OK) {
        dmap__outcome_init(&outcome, message->head.begin, message->head.end);
        dmap__trouble_set(&outcome.trouble, status, "%s",
                          status == DMAP_ENOMEM ? "out of memory for results" : "a damaged message");
    } else if (dmap__wire_is_placed(&message->head)) {
        call->placed += dmap__outcome_items(&outcome) * call->task->result_size;
    }
    if (takes_rank(pool, message->from, &outcome))
        return;
    if (out->array)
        call->fetched += dmap__outcome_items(&outcome) * call->task->item_size;
    dmap__call_arrived(call, (uint32_t)message->head.lease, &outcome, dmap__clock_now());
}

static void take_emission(dmap_pool *pool, dmap__call *call, const dmap__message *message) {
    const dmap__head *head = &message->head;
    dmap_emission emission = {.index = head->emit.index,
                              .attempt = (int)head->emit.attempt,
                              .rank = message->from,
                              .data = message->data,
                              .size = (size_t)head->data_size};
    pool->loop.takes_emission = true;
    pool->calls.inside = call;
    dmap__call_emitted(call, &emission);
    pool->calls.inside = NULL;
    pool->loop.takes_emission = false;
    dmap__rank_branch_taken(pool, call, message->from, head->data_size);
}

static void take_returned(dmap__call *call, const dmap__message *message) {
    const dmap__range *ranges = message->data;
    call->sends_items = call->sends_items || message->head.returned.unasked;
    dmap__call_returned(call, (uint32_t)message->head.lease, ranges, (size_t)message->head.data_size / sizeof *ranges);
}

/* Of a call that has ended, a late report may come; nothing else does. */
void dmap__collect_message(dmap_pool *pool, dmap__message *message) {
    uint64_t lease = message->head.lease;
    dmap__call *call = dmap__calls_find(pool, message->head.call);
    dmap__call_lease *out = call ? dmap__call_find_lease(call, lease) : NULL;
    if (out && out->lease.branch != message->from)
        out = NULL;
    dmap__lost_note(pool, message);
    switch (message->head.type) {
    case DMAP__SHARED:
    case DMAP__PLACED:
        dmap__replies_take(pool, message);
        break;
    case DMAP__EMIT:
        if (call)
            take_emission(pool, call, message);
        break;
    case DMAP__RESULT:
        if (out)
            take_result(pool, call, out, message);
        break;
    case DMAP__RETURN:
        if (out)
            take_returned(call, message);
        break;
    case DMAP__BEST: /* the master may have no crew */
        if (call)
            dmap__crew_best(pool->crew, &call->at_crew, message->head.best.key);
        break;
    case DMAP__PROGRESS:
        if (out)
            dmap__call_progressed(call, (uint32_t)lease, message->head.progress.items, message->head.progress.undone,
                                  dmap__clock_now());
        break;
    default:
        break;
    }
}

void dmap__collect_unwind(dmap_pool *pool) {
    const dmap__message *message = &pool->loop.message;
    if (pool->loop.emission)
        end_emission(pool);
    if (!pool->loop.takes_emission)
        return;
    pool->loop.takes_emission = false;
    dmap__rank_branch_taken(pool, pool->calls.inside, message->from, message->head.data_size);
    dmap__comm_release(pool->comm, &pool->loop.message);
}

/* The pool is broken: what other ranks have is lost, and nothing more is sent. */
void dmap__collect_break(dmap_pool *pool, const dmap__error *why) {
    dmap__comm_close_gates(pool->comm);
    pool->broken = why->status;
    pool->error = *why;
    for (size_t i = 0; i < pool->calls.n_running; i++) {
        dmap__call_fail(pool->calls.running[i], why);
        for (int branch = 1; branch < pool->ranks && pool->calls.running[i]->plan; branch++)
            dmap__call_lost(pool->calls.running[i], branch, 0, dmap__clock_now());
    }
    dmap__comm_end(pool->comm);
    pool->ended = pool->comm;
    pool->comm = NULL;
}
