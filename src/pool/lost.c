/* Ranks that are lost. What of a rank is believed is decided here alone: once it is declared lost, nothing is, also if
 * it was only stopped and goes on. So each item has one end: that which the plan was told of.
 *
 * A rank that goes on says so by its next message. It is told to end, once; it is a process that nobody needs. */
#include "pool/lost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pool/wait_replies.h"

enum { AT_ONCE = 64 /* losses in a round, at the most */ };

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

bool dmap__lost_look(dmap_pool *pool, double now) {
    const char *why;
    int rank = -1, n = 0, late;
    if (!pool->comm || pool->broken != DMAP_OK)
        return false;
    while (n < AT_ONCE && (rank = dmap__comm_next_lost(pool->comm, now, &why)) >= 0) {
        dmap__lost_declare(pool, rank, why, true);
        n++;
    }
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
    if (rank != pool->rank)
        dmap__comm_lose(pool->comm, rank);
}
