/* A serving rank. Its one thread takes the master's messages, gives chunks to the crew, and sends their outcomes back.
 * What a chunk needs is its own (served.h) and is freed when its result was sent. Between calls nothing is kept but the
 * workers' own state and the shared data. */
#include "job/serve.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "crew/emission.h"
#include "job/idle.h"
#include "job/places.h"
#include "job/seat.h"
#include "job/served.h"
#include "job/share.h"
#include "net/wire.h"

#define SLEEP_BUSY_S 1e-3  /* longest sleep while chunks are here */
#define SLEEP_IDLE_S 10e-3 /* longest sleep while there is nothing to do */
#define SLEEP_RUNG_S 0.25  /* longest sleep where the bell rings for messages */
#define PROGRESS_S   0.25
#define HUNGRY_S     1e-3 /* between reports while a worker has nothing to do */

typedef struct server {
    dmap_pool *pool;
    const dmap_task *task;
    uint64_t call;
    bool shuffled;
    dmap__want want;
    dmap__served *chunks; /* at the crew */
    double told_s;        /* progress, last */
    bool closed;
    dmap_status status;
} server;

static void send(server *s, const dmap__head *head, const dmap__packed *packed, void (*sent)(void *), void *arg) {
    dmap_status status = dmap__comm_send(s->pool->comm, 0, head, packed->meta, packed->meta_size, packed->parts,
                                         packed->n_parts, sent, arg, &s->pool->error);
    if (status == DMAP_ENOMEM && sent)
        sent(arg);
    if (status != DMAP_OK)
        s->status = status;
}

/* ---- calls and chunks come ---- */

static void take_call(server *s, const dmap__message *message) {
    const dmap__wire_call *call = message->meta;
    dmap__work work = {.task = s->pool->registry.tasks[call->task_id],
                       .task_id = call->task_id,
                       .want = (dmap__want)call->want,
                       .each_span = call->each_span,
                       .emits = call->emits,
                       .stop = call->stop,
                       .retries = call->retries,
                       .item_timeout_s = call->item_timeout_s,
                       .seed = call->seed};
    s->call = message->head.call;
    s->task = work.task;
    s->want = work.want;
    s->shuffled = call->shuffled;
    dmap__crew_begin(s->pool->crew, &work);
}

static void send_result(server *s, dmap__served *c) {
    dmap__head head = {.call = s->call, .lease = c->grant.lease};
    if (!dmap__wire_pack_outcome(&c->grant.outcome, s->task->result_size, &head, &c->packed)) {
        dmap__served_drop_outcome(c);
        dmap__fail(&c->grant.outcome.trouble, DMAP_ENOMEM, "out of memory for results");
        if (!dmap__wire_pack_outcome(&c->grant.outcome, 0, &head, &c->packed)) {
            dmap__served_destroy(c);
            s->status = DMAP_ENOMEM;
            return;
        }
    }
    send(s, &head, &c->packed, dmap__served_destroy, c);
}

static void give_back(server *s, dmap__served *c) {
    uint64_t range[2] = {c->grant.begin, c->grant.end};
    dmap__head reply = {.type = DMAP__RETURN, .call = s->call, .lease = c->grant.lease, .returned.unasked = 1};
    dmap_blob part = {range, sizeof range}; /* fits in the first MPI message, so it has been copied by then */
    send(s, &reply, &(dmap__packed){.parts = &part, .n_parts = 1}, NULL, NULL);
    send_result(s, c);
}

static void take_grant(server *s, dmap__message *message) {
    dmap__served *c = dmap__served_create(s->pool, s->task, s->want, s->shuffled, message);
    if (!c) {
        s->status = dmap__fail_memory(&s->pool->error, sizeof *c, "a chunk");
    } else if (c->grant.outcome.trouble.status != DMAP_OK) {
        send_result(s, c);
    } else if (dmap__served_is_out_of_reach(c)) {
        give_back(s, c);
    } else {
        c->next = s->chunks;
        s->chunks = c;
        dmap__crew_submit(s->pool->crew, &c->grant);
    }
}

static void recall(server *s, const dmap__head *head) {
    dmap__served *c = s->chunks;
    while (c && c->grant.lease != head->lease)
        c = c->next;
    if (!c || head->call != s->call)
        return; /* its result is under way: that is the answer */
    uint64_t(*ranges)[2] = dmap__memory_array((uint64_t)dmap__crew_workers(s->pool->crew), sizeof *ranges);
    int n = ranges ? dmap__crew_recall(s->pool->crew, &c->grant, head->recall.items, ranges) : 0;
    dmap__head reply = {.type = DMAP__RETURN, .call = s->call, .lease = head->lease};
    dmap_blob part = {ranges, (size_t)n * sizeof *ranges};
    dmap__packed packed = {.parts = &part, .n_parts = n ? 1 : 0};
    send(s, &reply, &packed, free, ranges);
}

static void take_message(server *s, dmap__message *message) {
    dmap__head reply;
    dmap__packed packed;
    switch (message->head.type) {
    case DMAP__CALL:
        take_call(s, message);
        break;
    case DMAP__GRANT:
        take_grant(s, message);
        break;
    case DMAP__RECALL:
        recall(s, &message->head);
        break;
    case DMAP__LIMIT:
        if (message->head.call == s->call)
            dmap__crew_limit(s->pool->crew, message->head.limit.index);
        break;
    case DMAP__TAKEN:
        dmap__crew_emission_gone(s->pool->crew, (size_t)message->head.taken.bytes);
        break;
    case DMAP__SHARE:
        dmap__share_take(s->pool, message, &reply);
        send(s, &reply, &(dmap__packed){0}, NULL, NULL);
        break;
    case DMAP__PLACES:
        dmap__places_tell(s->pool, &reply, &packed);
        send(s, &reply, &packed, free, packed.meta);
        break;
    case DMAP__CLOSE:
        s->closed = true;
        break;
    default:
        break;
    }
}

/* ---- results go ---- */

static void unlink_chunk(server *s, const dmap__served *c) {
    dmap__served **place = &s->chunks;
    while (*place != c)
        place = &(*place)->next;
    *place = c->next;
}

static void send_emission(server *s, dmap__emission *e) {
    dmap__head head = {.type = DMAP__EMIT, .call = s->call, .emit = {e->index, (uint64_t)e->attempt}};
    dmap_blob part = {e->data, e->size};
    send(s, &head, &(dmap__packed){.parts = &part, .n_parts = 1}, free, e);
}

static bool give_emissions(server *s) {
    bool moved = false;
    for (dmap__emission *e; (e = dmap__crew_emission(s->pool->crew)); moved = true)
        send_emission(s, e);
    return moved;
}

static bool give_results(server *s) {
    bool moved = give_emissions(s);
    dmap__grant *grant;
    while ((grant = dmap__crew_poll(s->pool->crew))) {
        give_emissions(s); /* of its items: they come first */
        unlink_chunk(s, grant->owner);
        send_result(s, grant->owner);
        moved = true;
    }
    return moved;
}

static void tell_progress(server *s, double now) {
    bool hungry = dmap__crew_is_hungry(s->pool->crew);
    if (now - s->told_s < (hungry ? HUNGRY_S : PROGRESS_S))
        return;
    s->told_s = now;
    for (dmap__served *c = s->chunks; c; c = c->next) {
        uint64_t undone, ended = dmap__crew_progress(s->pool->crew, &c->grant, &undone);
        dmap__head head = {
            .type = DMAP__PROGRESS, .call = s->call, .lease = c->grant.lease, .progress = {ended, undone}};
        if (ended == c->told)
            continue;
        c->told = ended;
        send(s, &head, &(dmap__packed){0}, NULL, NULL);
    }
}

static bool take_messages(server *s) {
    dmap__message message;
    int got = dmap__comm_poll(s->pool->comm, &message, &s->pool->error);
    if (got < 0)
        s->status = s->pool->error.status;
    if (got <= 0)
        return false;
    take_message(s, &message);
    dmap__comm_release(s->pool->comm, &message);
    return true;
}

/* Until progress is to be told, if nothing comes before. */
static double longest_sleep(const server *s, double now) {
    if (s->chunks && dmap__crew_is_hungry(s->pool->crew))
        return HUNGRY_S;
    if (s->pool->is_rung)
        return s->chunks ? s->told_s + PROGRESS_S - now : SLEEP_RUNG_S;
    return s->chunks ? SLEEP_BUSY_S : SLEEP_IDLE_S;
}

/* A rank is not told of a call's end: that it has had nothing to do for a while has to do. */
static void trim_memory(dmap_pool *pool) {
    dmap__spares_drop(&pool->spares);
    dmap__crew_trim(pool->crew, DMAP__SPARE_BYTES);
}

static void rest(const server *s, dmap__idle *idle, uint32_t heard) {
    double now = dmap__clock_now();
    idle->most_s = longest_sleep(s, now);
    double sleep_s = dmap__idle_next(idle, now);
    if (!s->chunks && sleep_s >= SLEEP_IDLE_S)
        trim_memory(s->pool);
    if (sleep_s <= 0 || dmap__comm_is_busy(s->pool->comm))
        dmap__clock_yield();
    else if (dmap__bell_wait(s->pool->bell, heard, sleep_s))
        dmap__idle_reset(idle);
}

/* The master is gone or the memory is out: the workers' chunks are waited for, as they hold memory of ours. */
static void drain(server *s) {
    dmap__crew_limit(s->pool->crew, 0);
    while (s->chunks) {
        uint32_t heard = dmap__bell_heard(s->pool->bell);
        dmap__grant *grant = dmap__crew_poll(s->pool->crew);
        if (grant) {
            unlink_chunk(s, grant->owner);
            dmap__served_destroy(grant->owner);
        } else if (!dmap__crew_step(s->pool->crew)) {
            dmap__bell_wait(s->pool->bell, heard, SLEEP_IDLE_S);
        }
    }
}

dmap_status dmap__serve(dmap_pool *pool) {
    server s = {.pool = pool, .status = DMAP_OK};
    dmap__idle idle = {.is_rung = pool->is_rung, .spins = pool->has_spare_core, .most_s = SLEEP_IDLE_S};
    long slack = dmap__clock_sharpen();
    dmap__seat_take(pool);
    dmap__seat_settle(pool);
    while (!s.closed && s.status == DMAP_OK) {
        uint32_t heard = dmap__bell_heard(pool->bell);
        bool moved = take_messages(&s);
        moved = give_results(&s) || moved;
        moved = dmap__crew_step(pool->crew) || moved;
        if (s.chunks)
            tell_progress(&s, dmap__clock_now());
        if (moved)
            dmap__idle_reset(&idle);
        else
            rest(&s, &idle, heard);
    }
    drain(&s);
    dmap__seat_leave(pool);
    dmap__clock_blunt(slack);
    return s.status;
}
