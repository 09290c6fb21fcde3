/* Where workers run: the public side of pool/places.c, and plans for machines that are not here. */
#include <dmap/place.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/pool.h"
#include "base/options.h"
#include "pool/places.h"
#include "pool/workers.h"

enum { MOST_RANKS = 65536 };

dmap_status dmap_worker_place(dmap_pool *pool, int rank, int worker, dmap_place *place) {
    DMAP__ENTER(pool);
    dmap_status status = dmap__pool_check(pool, "dmap_worker_place");
    if (status != DMAP_OK)
        return status;
    if (pool->broken != DMAP_OK)
        return pool->broken;
    dmap__error_clear(&pool->error);
    if (!place)
        return dmap__fail(&pool->error, DMAP_EINVAL, "dmap_worker_place: the place is NULL");
    if (rank < 0 || rank >= pool->ranks)
        return dmap__fail(&pool->error, DMAP_EINVAL, "dmap_worker_place: there is no rank %d", rank);
    if (worker < 0 || worker >= pool->workers[rank])
        return dmap__fail(&pool->error, DMAP_EINVAL, "dmap_worker_place: rank %d has no worker %d", rank, worker);
    return dmap__places_get(pool, rank, worker, place);
}

/* ---- plans ---- */

typedef struct plan {
    dmap_options options; /* resolved */
    dmap__topology *topology;
    int ranks;
    dmap_place *places;
    size_t count;
} plan;

/* Room for a rank's workers behind those there are. */
static dmap_place *add_places(plan *p, int workers, dmap__error *error) {
    size_t count = p->count + (size_t)workers;
    dmap_place *grown = reallocarray(p->places, count, sizeof *grown);
    if (!grown) {
        dmap__fail_memory(error, (unsigned long long)count * sizeof *grown, "workers' places");
        return NULL;
    }
    dmap_place *added = grown + p->count;
    p->places = grown;
    p->count = count;
    return added;
}

static dmap_status plan_rank(plan *p, int rank, dmap__error *error) {
    dmap__place *places = NULL;
    int workers = 1;
    int asked = dmap__workers_asked(&p->options, rank, p->ranks);
    int idle = p->options.workers || !p->options.node_workers ? 0 : p->ranks - p->options.node_workers; /* ranks */
    if (asked == DMAP__NO_WORKERS)
        return DMAP_OK;
    dmap__place_request request = {.workers = asked,
                                   .bind = p->options.bind,
                                   .spread = p->options.spread,
                                   .node_rank = rank,
                                   .node_size = idle > 0 ? p->ranks - idle : p->ranks,
                                   .keep_binding = dmap__topology_is_bound_by_user()};
    if (p->options.backend != DMAP_SERIAL &&
        dmap__topology_plan(p->topology, &request, &places, &workers, error) != DMAP_OK)
        return error->status;
    dmap_place *added = add_places(p, workers, error);
    for (int w = 0; added && w < workers; w++) {
        if (places)
            dmap__places_describe(p->topology, &request, workers, &places[w], &added[w]);
        else
            dmap__places_describe_serial(&added[w]);
        added[w].rank = rank;
        added[w].worker = w;
    }
    free(places);
    return added ? DMAP_OK : DMAP_ENOMEM;
}

dmap_status dmap_plan_places(const char *topology, int ranks, const dmap_options *options, dmap_place **places,
                             size_t *count) {
    dmap__error *error = dmap__thread_error();
    plan p = {.ranks = ranks};
    if (!places || !count)
        return dmap__fail(error, DMAP_EINVAL, "dmap_plan_places: places or count is NULL");
    if (ranks < 1 || ranks > MOST_RANKS)
        return dmap__fail(error, DMAP_EINVAL, "dmap_plan_places: %d ranks: want 1 to %d", ranks, MOST_RANKS);
    dmap_status status = dmap__options_resolve(options, &p.options, error);
    if (status == DMAP_OK)
        status = dmap__topology_open(topology, &p.topology, error);
    for (int rank = 0; rank < ranks && status == DMAP_OK; rank++)
        status = plan_rank(&p, rank, error);
    dmap__topology_close(p.topology);
    if (status != DMAP_OK) {
        free(p.places);
        return status;
    }
    *places = p.places;
    *count = p.count;
    return DMAP_OK;
}

void dmap_places_free(dmap_place *places) {
    free(places);
}

/* ---- versions ---- */

static char version_text[256];

static void write_version(void) {
    snprintf(version_text, sizeof version_text, "dmap %s, %s, %s", DMAP_VERSION, dmap__comm_library(),
             dmap__topology_library());
}

const char *dmap_version_text(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, write_version);
    return version_text;
}
