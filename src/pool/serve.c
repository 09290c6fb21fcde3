/* A serving rank's side of the loop. Its thread takes the master's messages, gives chunks to the crew, and sends their
 * outcomes back. What a chunk needs is its own (incoming.h) and is freed when its result was sent; what a call needs is
 * there from its CALL until its ENDED. Between calls nothing is kept but the workers' own state and the shared data. */
#include "pool/serve.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/stop_signal.h"
#include "crew/emission.h"
#include "net/wire.h"
#include "pool/beat.h"
#include "pool/incoming.h"
#include "pool/loop.h"
#include "pool/lost.h"
#include "pool/master_sched.h"
#include "pool/places.h"
#include "pool/served.h"
#include "pool/share.h"
#include "pool/stopping.h"

#define SLEEP_BUSY_S 1e-3  /* longest sleep while chunks are here */
#define SLEEP_IDLE_S 10e-3 /* longest sleep while there is nothing to do */
#define SLEEP_RUNG_S 0.25  /* longest sleep where the bell rings for messages */
#define PROGRESS_S   0.25
#define STARVED_S    1e-3 /* between reports while a worker has nothing to do */

static void send(dmap_pool *pool, const dmap__head *head, const dmap__packed *packed, void (*sent)(void *), void *arg) {
    dmap_status status = dmap__comm_send(pool->comm, 0, head, packed->meta, packed->meta_size, packed->parts,
                                         packed->n_parts, sent, arg, &pool->error);
    if (status == DMAP_ENOMEM && sent)
        sent(arg);
    if (status != DMAP_OK)
        pool->server->status = status;
}

/* ---- calls ---- */

static void take_call(dmap_pool *pool, const dmap__message *message) {
    const dmap__call_spec *spec = message->meta;
    dmap__served_call *call = calloc(1, sizeof *call);
    if (!call) {
        pool->server->status = dmap__fail_memory(&pool->error, sizeof *call, "a call");
        return;
    }
    dmap__crew_call_init(&call->at_crew, spec, pool->registry.tasks[spec->task_id], message->head.call);
    call->next = pool->server->calls;
    pool->server->calls = call;
}

/* ---- chunks ---- */

static void send_result(dmap_pool *pool, dmap__incoming *c) {
    if (c->grant.outcome.taken_s > 0)
        c->grant.outcome.sent_s = dmap__clock_now();
    dmap__head head = {.call = c->call, .lease = c->grant.lease};
    if (!dmap__wire_pack_outcome(&c->grant.outcome, c->task->result_size, &head, &c->packed)) {
        dmap__incoming_drop_outcome(c);
        dmap__trouble_set(&c->grant.outcome.trouble, DMAP_ENOMEM, "out of memory for results");
        if (!dmap__wire_pack_outcome(&c->grant.outcome, 0, &head, &c->packed)) {
            dmap__incoming_destroy(c);
            pool->server->status = DMAP_ENOMEM;
            return;
        }
    }
    send(pool, &head, &c->packed, dmap__incoming_destroy, c);
}

static void give_back(dmap_pool *pool, dmap__incoming *c) {
    uint64_t range[2] = {c->grant.begin, c->grant.end};
    dmap__head reply = {.type = DMAP__RETURN, .call = c->call, .lease = c->grant.lease, .returned.unasked = 1};
    dmap_blob part = {range, sizeof range}; /* fits in the first MPI message, so it has been copied by then */
    send(pool, &reply, &(dmap__packed){.parts = &part, .n_parts = 1}, NULL, NULL);
    send_result(pool, c);
}

static void take_grant(dmap_pool *pool, dmap__message *message) {
    dmap__server *s = pool->server;
    dmap__served_call *call = dmap__served_find(s, message->head.call);
    dmap__incoming *c = call ? dmap__incoming_create(pool, &call->at_crew, message) : NULL;
    if (!c) {
        s->status = dmap__fail_memory(&pool->error, sizeof *c, "a chunk");
    } else if (c->grant.outcome.trouble.status != DMAP_OK) {
        send_result(pool, c);
    } else if (dmap__incoming_is_out_of_reach(c)) {
        give_back(pool, c);
    } else {
        if (call->at_crew.spec.watch_s > 0)
            c->grant.outcome.taken_s = dmap__clock_now();
        c->next = s->chunks;
        s->chunks = c;
        dmap__crew_submit(pool->crew, &c->grant);
    }
}

static void take_cancel(dmap_pool *pool, const dmap__head *head) {
    dmap__incoming *c = dmap__served_chunk(pool->server, head);
    if (c)
        dmap__crew_cancel(pool->crew, &c->grant, head->cancel.position, head->flags);
}

static void recall(dmap_pool *pool, const dmap__head *head) {
    dmap__incoming *c = dmap__served_chunk(pool->server, head);
    if (c && c->grant.call->spec.spawns) /* it ends soon */
        dmap__crew_recall(pool->crew, &c->grant, head->recall.items, NULL);
    if (!c || c->grant.call->spec.spawns)
        return; /* its result is under way: that is the answer */
    uint64_t(*ranges)[2] = dmap__memory_array((uint64_t)dmap__crew_workers(pool->crew), sizeof *ranges);
    int n = ranges ? dmap__crew_recall(pool->crew, &c->grant, head->recall.items, ranges) : 0;
    dmap__head reply = {.type = DMAP__RETURN, .call = head->call, .lease = head->lease};
    dmap_blob part = {ranges, (size_t)n * sizeof *ranges};
    dmap__packed packed = {.parts = &part, .n_parts = n ? 1 : 0};
    send(pool, &reply, &packed, free, ranges);
}

static void take_limit(dmap_pool *pool, dmap__crew_call *call, const dmap__head *head) {
    atomic_store(&call->fate, head->flags);
    dmap__crew_limit(pool->crew, call, head->limit.index);
}

static void take_close(dmap_pool *pool, const dmap__head *head) {
    dmap__lost_hear(pool, head);
    pool->server->closed = true;
    if (pool->n_lost && pool->server->status == DMAP_OK)
        pool->server->status = dmap__fail(&pool->error, DMAP_ELOST, "rank %d was lost", (int)head->close.lost - 1);
}

/* ULFM tells of the master, too. */
static void look_for_master(dmap_pool *pool, double now) {
    const char *why;
    for (int rank; (rank = dmap__comm_next_lost(pool->comm, now, &why)) >= 0;)
        if (rank == 0)
            pool->server->status = dmap__fail(&pool->error, DMAP_EMPI, "the master was lost: %s", why);
}

/* The master knows it: it is not told again. */
static void take_best(dmap_pool *pool, dmap__crew_call *call, uint64_t key) {
    if (key < call->told_best)
        call->told_best = key;
    dmap__crew_best(pool->crew, call, key);
}

static void take_message(dmap_pool *pool, dmap__message *message) {
    dmap__head reply;
    dmap__packed packed;
    dmap__served_call *call = dmap__served_find(pool->server, message->head.call);
    switch (message->head.type) {
    case DMAP__CALL:
        take_call(pool, message);
        break;
    case DMAP__GRANT:
        take_grant(pool, message);
        break;
    case DMAP__RECALL:
        recall(pool, &message->head);
        break;
    case DMAP__LIMIT:
        if (call)
            take_limit(pool, &call->at_crew, &message->head);
        break;
    case DMAP__BEST:
        if (call)
            take_best(pool, &call->at_crew, message->head.best.key);
        break;
    case DMAP__CANCEL:
        take_cancel(pool, &message->head);
        break;
    case DMAP__ENDED:
        if (call) {
            call->has_ended = true;
            dmap__served_free_if_over(pool->server, call);
        }
        break;
    case DMAP__TAKEN:
        dmap__crew_emission_gone(pool->crew, (size_t)message->head.taken.bytes);
        break;
    case DMAP__SHARE:
        dmap__share_take(pool, message, &reply);
        send(pool, &reply, &(dmap__packed){0}, NULL, NULL);
        break;
    case DMAP__PLACES:
        dmap__places_tell(pool, &reply, &packed);
        send(pool, &reply, &packed, free, packed.meta);
        break;
    case DMAP__BEAT:
        dmap__beat_answered(&pool->server->beat, dmap__clock_now());
        break;
    case DMAP__CLOSE:
        take_close(pool, &message->head);
        break;
    default:
        break;
    }
}

/* ---- results go ---- */

static void send_emission(dmap_pool *pool, dmap__emission *e) {
    dmap__head head = {.type = DMAP__EMIT, .call = e->call, .emit = {e->index, (uint64_t)e->attempt}};
    dmap_blob part = {e->data, e->size};
    send(pool, &head, &(dmap__packed){.parts = &part, .n_parts = 1}, free, e);
}

/* Nothing that this rank still has is done, and nothing more will be: to the master it is lost. */
static void tell_broken(dmap__incoming *c) {
    dmap__incoming_drop_outcome(c);
    dmap__trouble_set(&c->grant.outcome.trouble, DMAP_ELOST, "its fork server was killed");
}

static void take_chunk(dmap_pool *pool, dmap__grant *grant) {
    dmap__served_call *call = dmap__served_find(pool->server, grant->call->id);
    dmap__served_unlink(pool->server, grant->owner);
    if (dmap__crew_is_broken(pool->crew))
        tell_broken(grant->owner);
    send_result(pool, grant->owner);
    dmap__served_free_if_over(pool->server, call);
}

static void tell_progress(dmap_pool *pool, double now) {
    dmap__server *s = pool->server;
    bool is_starved = dmap__crew_is_starved(pool->crew);
    if (now - s->told_s < (is_starved ? STARVED_S : PROGRESS_S))
        return;
    s->told_s = now;
    for (dmap__incoming *c = s->chunks; c; c = c->next) {
        uint64_t undone, ended = dmap__crew_progress(pool->crew, &c->grant, &undone);
        dmap__head head = {
            .type = DMAP__PROGRESS, .call = c->call, .lease = c->grant.lease, .progress = {ended, undone}};
        if (ended == c->told)
            continue;
        c->told = ended;
        send(pool, &head, &(dmap__packed){0}, NULL, NULL);
    }
}

static void tell_best(dmap_pool *pool) {
    for (dmap__served_call *call = pool->server->calls; call; call = call->next) {
        dmap__head head = {.type = DMAP__BEST, .call = call->at_crew.id};
        if (dmap__crew_has_better(&call->at_crew, &head.best.key))
            send(pool, &head, &(dmap__packed){0}, NULL, NULL);
    }
}

static bool turn(dmap_pool *pool, double now) {
    if (dmap__beat_send(pool, &pool->server->beat, now) == DMAP_EMPI)
        pool->server->status = DMAP_EMPI;
    dmap__stopping_serve(now);
    look_for_master(pool, now);
    tell_best(pool);
    if (!pool->server->chunks)
        return false;
    pool->server->had_s = now;
    tell_progress(pool, now);
    return false;
}

/* A rank may be told late of a call's end: that it has had nothing to do for a while has to do. */
static void trim_memory(dmap_pool *pool) {
    dmap__buffer_cache_drop(&pool->buffers);
    dmap__crew_trim(pool->crew, DMAP__SPARE_BYTES);
}

/* Until progress is to be told, if nothing comes before. */
static double longest_nap(dmap_pool *pool, double now, bool *looks) {
    const dmap__server *s = pool->server;
    *looks = false;
    if (s->chunks && dmap__crew_is_starved(pool->crew))
        return STARVED_S;
    if (!s->chunks && now - s->had_s > SLEEP_IDLE_S)
        trim_memory(pool);
    if (pool->is_rung)
        return s->chunks ? fmax(s->told_s + PROGRESS_S - now, 0) : SLEEP_RUNG_S;
    return s->chunks ? SLEEP_BUSY_S : SLEEP_IDLE_S;
}

static double longest_sleep(dmap_pool *pool, double now, bool *looks) {
    return fmin(longest_nap(pool, now, looks), dmap__beat_until(pool, &pool->server->beat, now));
}

static void break_off(dmap_pool *pool, const dmap__error *why) {
    pool->error = *why;
    pool->server->status = why->status;
}

/* Functions of the program's that are not tasks run on the master. */
static void unwind(dmap_pool *pool) {
    (void)pool;
}

/* An item runs in the loop's thread: messages for the crew are as good now. */
static void hear(dmap_pool *pool, double now) {
    (void)now;
    if (pool->comm)
        dmap__loop_take_messages(pool);
}

static const dmap__side serving_side = {.message = take_message,
                                        .chunk = take_chunk,
                                        .emission = send_emission,
                                        .hear = hear,
                                        .turn = turn,
                                        .longest_sleep = longest_sleep,
                                        .unwind = unwind,
                                        .broke = break_off};

/* ---- the end ---- */

static bool is_over(void *arg) {
    const dmap__server *s = arg;
    return s->closed || s->status != DMAP_OK;
}

static void drop_chunk(dmap_pool *pool, dmap__grant *grant) {
    dmap__served_unlink(pool->server, grant->owner);
    dmap__incoming_destroy(grant->owner);
}

static void drop_emission(dmap_pool *pool, dmap__emission *e) {
    dmap__crew_emission_gone(pool->crew, e->size);
    free(e);
}

static bool no_turn(dmap_pool *pool, double now) {
    (void)pool, (void)now;
    return false;
}

static const dmap__side draining_side = {.message = NULL,
                                         .chunk = drop_chunk,
                                         .emission = drop_emission,
                                         .hear = hear,
                                         .turn = no_turn,
                                         .longest_sleep = longest_sleep,
                                         .unwind = unwind,
                                         .broke = break_off};

static bool is_drained(void *arg) {
    return !((const dmap__server *)arg)->chunks;
}

/* The master is gone or the memory is out: the workers' chunks are waited for, as they hold memory of ours. Nothing is
 * sent or received any more. */
static void drain(dmap_pool *pool) {
    dmap__comm *comm = pool->comm;
    for (dmap__served_call *call = pool->server->calls; call; call = call->next)
        dmap__crew_limit(pool->crew, &call->at_crew, 0);
    pool->side = &draining_side;
    pool->comm = NULL;
    dmap__loop_run(pool, is_drained, pool->server, -1);
    pool->comm = comm;
    while (pool->server->calls)
        dmap__served_free(pool->server, pool->server->calls);
}

dmap_status dmap__serve(dmap_pool *pool) {
    dmap__server server = {.status = DMAP_OK};
    pool->server = &server;
    pool->side = &serving_side;
    pool->has_long_waits = true;
    dmap__stop_signal_arm(pool->bell);
    dmap__loop_run(pool, is_over, &server, -1);
    dmap__stop_signal_disarm();
    drain(pool);
    pool->server = NULL;
    return server.status;
}
