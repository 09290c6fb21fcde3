/* The workers' places: this rank's from its plan, other ranks' by message. An answer that cannot be given (a rank out
 * of memory) fails the question, not the pool: all answers are dropped, so that the next question asks anew. */
#include "pool/places.h"

#include <stdio.h>
#include <stdlib.h>

#include "pool/lost.h"
#include "pool/wait_replies.h"

void dmap__places_describe(const dmap__topology *topology, const dmap__place_request *request, int workers,
                           const dmap__place *of, dmap_place *place) {
    dmap__reason reason = dmap__topology_reason(topology, request, workers, of);
    *place = (dmap_place){.core = of->core, .pu = of->pu, .numa = of->numa, .socket = of->socket, .shared = of->shared};
    snprintf(place->cpus, sizeof place->cpus, "%s", of->cpus);
    dmap__reason_write(&reason, place->why, sizeof place->why);
}

void dmap__places_describe_serial(dmap_place *place) {
    *place = (dmap_place){.core = -1, .pu = -1, .numa = -1, .socket = -1};
    snprintf(place->why, sizeof place->why, "not bound: DMAP_BACKEND=serial runs items in the rank's own thread");
}

static void describe(const dmap_pool *pool, int worker, dmap_place *place) {
    if (pool->places)
        dmap__places_describe(pool->topology, &pool->place_request, pool->workers[pool->rank], &pool->places[worker],
                              place);
    else
        dmap__places_describe_serial(place);
}

/* ---- another rank ---- */

void dmap__places_tell(dmap_pool *pool, dmap__head *reply, dmap__packed *packed) {
    int n = pool->workers[pool->rank];
    dmap_place *all = calloc((size_t)n, sizeof *all);
    *packed = (dmap__packed){0};
    for (int w = 0; all && w < n; w++)
        describe(pool, w, &all[w]);
    bool good = all && dmap__wire_pack_places(all, n, packed);
    free(all);
    *reply = (dmap__head){.type = DMAP__PLACED, .placed.status = (uint64_t)(good ? DMAP_OK : DMAP_ENOMEM)};
}

/* ---- the master ---- */

typedef struct asking {
    dmap_pool *pool;
    dmap__replies replies;
    dmap_status status;
    bool *owes; /* each rank: it was asked, and has not answered */
} asking;

static void lose_answer(void *arg, int rank) {
    asking *a = arg;
    a->replies.waiting -= a->owes[rank];
    a->owes[rank] = false;
}

static void take_answer(void *arg, dmap__message *message) {
    asking *a = arg;
    if (message->head.type != DMAP__PLACED)
        return;
    lose_answer(a, message->from);
    dmap_blob *answer = &a->pool->told_places[message->from];
    answer->size = (size_t)message->head.meta_size;
    answer->data = dmap__message_take_meta(message);
    if (!answer->data)
        a->status =
            dmap__fail(&a->pool->error, DMAP_ENOMEM, "out of memory for the places of the workers on %s, rank %d",
                       dmap__comm_host(a->pool->comm, message->from), message->from);
}

static dmap_status ask_all(dmap_pool *pool) {
    asking a = {.pool = pool,
                .replies = {.take = take_answer, .lost = lose_answer, .arg = &a},
                .status = DMAP_OK,
                .owes = calloc((size_t)pool->ranks, sizeof *a.owes)};
    dmap__head head = {.type = DMAP__PLACES};
    pool->told_places = calloc((size_t)pool->ranks, sizeof *pool->told_places);
    if (!pool->told_places || !a.owes) {
        free(a.owes);
        return dmap__fail_memory(&pool->error, (unsigned long long)pool->ranks * sizeof *pool->told_places, "places");
    }
    for (int rank = 1; rank < pool->ranks && pool->broken == DMAP_OK; rank++) {
        if (!pool->workers[rank])
            continue;
        a.replies.waiting++;
        a.owes[rank] = true;
        if (dmap__comm_send(pool->comm, rank, &head, NULL, 0, NULL, 0, NULL, NULL, &pool->error) != DMAP_OK)
            pool->broken = DMAP_EMPI;
    }
    dmap_status status = dmap__replies_wait(pool, &a.replies);
    free(a.owes);
    if (status == DMAP_OK)
        status = a.status;
    if (status != DMAP_OK)
        dmap__places_drop(pool);
    return status;
}

dmap_status dmap__places_get(dmap_pool *pool, int rank, int worker, dmap_place *place) {
    dmap_place found = {0};
    dmap_status status = DMAP_OK;
    if (dmap__lost_is(pool, rank))
        return dmap__fail(&pool->error, DMAP_ELOST, "rank %d on %s was lost: %s", rank, dmap__pool_host(pool, rank),
                          dmap__lost_why(pool, rank));
    if (rank == pool->rank)
        describe(pool, worker, &found);
    else if (!pool->told_places)
        status = ask_all(pool);
    if (status == DMAP_OK && rank != pool->rank &&
        dmap__wire_unpack_place(pool->told_places[rank], worker, &found) != DMAP_OK)
        status = dmap__fail(&pool->error, DMAP_EMPI, "rank %d sent no place of its worker %d", rank, worker);
    if (status != DMAP_OK)
        return status;
    snprintf(found.host, sizeof found.host, "%s", dmap__pool_host(pool, rank));
    found.rank = rank;
    found.worker = worker;
    *place = found;
    return DMAP_OK;
}

void dmap__places_drop(dmap_pool *pool) {
    for (int rank = 0; pool->told_places && rank < pool->ranks; rank++)
        free((void *)pool->told_places[rank].data);
    free(pool->told_places);
    pool->told_places = NULL;
}
