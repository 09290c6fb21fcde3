/* Ranks that are lost. What of a rank is believed is decided here alone: once it is declared lost, nothing is, also if
 * it was only stopped and goes on. So each item has one end: that which the plan was told of.
 *
 * Signs of life: a rank's own thread sends a beat, whatever its workers do, and the next one a period after the answer
 * to that: so what is unanswered never piles up. A rank is silent only while this one listens: if it was away itself
 * for a period, all begin anew.
 *
 * A rank that goes on says so by its next message. It is told to end, once; it is a process that nobody needs. */
#include "pool/lost.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pool/wait_replies.h"

enum { AT_ONCE = 64 /* losses in a round, at the most */ };

#define MISSED 3   /* beats, and half a one for its way */
#define LOOKS  4.0 /* in a period */

bool dmap__lost_open(dmap_pool *pool) {
    pool->lost = calloc((size_t)pool->ranks, sizeof *pool->lost);
    return pool->lost != NULL;
}

void dmap__lost_close(dmap_pool *pool) {
    free(pool->lost);
}

bool dmap__lost_is(const dmap_pool *pool, int rank) {
    return pool->n_lost && pool->lost[rank].is_lost;
}

const char *dmap__lost_why(const dmap_pool *pool, int rank) {
    return dmap__lost_is(pool, rank) ? pool->lost[rank].why : NULL;
}

/* ---- what a loss means ---- */

static void fail_alone(const dmap_pool *pool, dmap__call *call, int rank) {
    dmap__error error;
    dmap__fail(&error, DMAP_ELOST, "no rank is left that works: rank %d on %s was the last one lost: %s", rank,
               dmap__pool_host(pool, rank), pool->lost[rank].why);
    dmap__call_fail(call, &error);
}

static void end_leases(dmap_pool *pool, int rank, bool may_blame) {
    double now = dmap__clock_now();
    int suspects = may_blame ? dmap__fleet_suspects(pool->fleet, rank) : 0;
    for (size_t i = 0; i < pool->calls.n_running; i++) {
        dmap__call *call = pool->calls.running[i];
        if (call->plan && !dmap__call_lost(call, rank, suspects, now))
            fail_alone(pool, call, rank);
    }
}

static void warn(const dmap_pool *pool, int rank) {
    fprintf(stderr, "dmap: rank %d on %s was lost: %s; what it had goes to other ranks\n", rank,
            dmap__pool_host(pool, rank), pool->lost[rank].why);
}

void dmap__lost_declare(dmap_pool *pool, int rank, const char *why, bool may_blame) {
    dmap__lost_rank *lost = &pool->lost[rank];
    if (lost->is_lost)
        return;
    lost->is_lost = true;
    snprintf(lost->why, sizeof lost->why, "%s", why);
    pool->n_lost++;
    dmap__comm_lose(pool->comm, rank);
    end_leases(pool, rank, may_blame);
    dmap__fleet_lose(pool->fleet, rank);
    pool->all_workers -= pool->workers[rank];
    pool->workers[rank] = 0;
    warn(pool, rank);
    dmap__replies_lose(pool, rank);
}

/* ---- who is ---- */

void dmap__lost_dismiss(dmap_pool *pool, int rank) {
    dmap__head head = {.type = DMAP__CLOSE, .close = {.lost = (uint64_t)rank + 1}};
    if (pool->lost[rank].is_dismissed)
        return;
    pool->lost[rank].is_dismissed = true;
    dmap__comm_dismiss(pool->comm, rank, &head);
}

void dmap__lost_note(dmap_pool *pool, const dmap__message *message) {
    dmap__head head = {.type = DMAP__BEAT};
    if (!(pool->options.heartbeat_s > 0))
        return;
    pool->lost[message->from].heard_s = dmap__clock_now();
    if (message->head.type == DMAP__BEAT &&
        dmap__comm_send(pool->comm, message->from, &head, NULL, 0, NULL, 0, NULL, NULL, &pool->error) == DMAP_EMPI)
        pool->broken = DMAP_EMPI;
}

double dmap__lost_sleep(const dmap_pool *pool, double sleep_s) {
    double period_s = pool->options.heartbeat_s;
    return period_s > 0 && pool->comm ? fmin(sleep_s, period_s / LOOKS) : sleep_s;
}

/* Returns how many were. */
static int look_for_silent(dmap_pool *pool, double now) {
    double period_s = pool->options.heartbeat_s, away_s = now - pool->looked_s;
    char why[96];
    int n = 0;
    if (!(period_s > 0) || away_s < period_s / LOOKS)
        return 0;
    pool->looked_s = now;
    for (int rank = 1; rank < pool->ranks; rank++) {
        dmap__lost_rank *of = &pool->lost[rank];
        double silent_s = now - of->heard_s;
        if (away_s > period_s)
            of->heard_s = now;
        if (of->is_lost || away_s > period_s || silent_s < (MISSED + 0.5) * period_s)
            continue;
        snprintf(why, sizeof why, "it gave no sign of life for %.3g seconds", silent_s);
        dmap__lost_declare(pool, rank, why, true);
        n++;
    }
    return n;
}

bool dmap__lost_look(dmap_pool *pool, double now) {
    const char *why;
    int rank = -1, n = 0, late;
    if (!pool->comm || pool->broken != DMAP_OK)
        return false;
    while (n < AT_ONCE && (rank = dmap__comm_next_lost(pool->comm, now, &why)) >= 0) {
        dmap__lost_declare(pool, rank, why, true);
        n++;
    }
    n += look_for_silent(pool, now);
    if (pool->n_lost && (late = dmap__comm_late(pool->comm)) >= 0)
        dmap__lost_dismiss(pool, late);
    return n > 0;
}

/* ---- at the end ---- */

void dmap__lost_tell(const dmap_pool *pool, dmap__head *head) {
    for (int rank = 1; rank < pool->ranks && !head->close.lost; rank++)
        if (dmap__lost_is(pool, rank))
            head->close.lost = (uint64_t)rank + 1;
}

void dmap__lost_hear(dmap_pool *pool, const dmap__head *head) {
    if (!head->close.lost || head->close.lost > (uint64_t)pool->ranks)
        return;
    int rank = (int)head->close.lost - 1;
    pool->lost[rank].is_lost = true;
    pool->n_lost++;
    dmap__comm_lose(pool->comm, rank == pool->rank ? 0 : rank); /* the master takes nothing of this rank any more */
}
