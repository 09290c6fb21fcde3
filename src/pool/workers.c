/* Workers, on their cores. Ranks of one host share its cores out; of those that the user bound, the ones with the same
 * binding do, as each may use no other core. So every rank tells all what it is bound to, and counts its like. */
#include "pool/workers.h"

#include <stdlib.h>

#include "pool/loop.h"
#include "proc/forkserver.h"

#define MASTER_SPARES_A_CORE 32 /* ranks above which the master keeps a core for serving them */

static dmap_status gather_masks(dmap_pool *pool, uint64_t mine, uint64_t *all, dmap__error *error) {
    if (pool->comm)
        return dmap__comm_gather(pool->comm, &mine, sizeof mine, all, error);
    all[0] = mine;
    return DMAP_OK;
}

static int leader(const dmap_pool *pool, int rank) {
    return pool->comm ? dmap__comm_node_leader(pool->comm, rank) : 0;
}

int dmap__workers_asked(const dmap_options *options, int rank, int ranks) {
    int64_t all = options->node_workers, later = ranks - 1 - rank; /* the first ranks have one more than the last */
    if (options->workers || !all)
        return options->workers;
    int part = (int)(all * (later + 1) / ranks - all * later / ranks);
    return part ? part : DMAP__NO_WORKERS;
}

static int asked_workers(const dmap_pool *pool) {
    int ranks = 0, before = 0;
    for (int rank = 0; rank < pool->ranks; rank++)
        if (leader(pool, rank) == leader(pool, pool->rank)) {
            ranks++;
            before += rank < pool->rank;
        }
    return dmap__workers_asked(&pool->options, before, ranks);
}

/* This rank among those of its host that have its binding, and among all of its host; those without workers do not
 * count. */
static void count_like(const dmap_pool *pool, const uint64_t *masks, dmap__place_request *request) {
    int most = pool->options.workers ? 0 : pool->options.node_workers, place = 0;
    for (int rank = 0; rank < pool->ranks; rank++) {
        if (leader(pool, rank) != leader(pool, pool->rank))
            continue;
        bool is_idle = most && ++place > most && rank != pool->rank;
        if (is_idle)
            continue;
        request->quota_size++;
        if (masks[rank] != masks[pool->rank])
            continue;
        request->node_size++;
        request->node_rank += rank < pool->rank;
    }
}

static dmap_status place(dmap_pool *pool, int *workers, dmap__error *error) {
    dmap__place_request *request = &pool->place_request;
    int asked = asked_workers(pool);
    *request = (dmap__place_request){.workers = asked == DMAP__NO_WORKERS ? 1 : asked,
                                     .bind = pool->options.bind,
                                     .spread = pool->options.spread,
                                     .keep_binding = dmap__topology_is_bound_by_user()};
    uint64_t mine = 0; /* not bound by the user */
    uint64_t *masks = calloc((size_t)pool->ranks, sizeof *masks);
    if (!masks)
        dmap__fail(error, DMAP_ENOMEM, "out of memory for the bindings of %d ranks", pool->ranks);
    else if (dmap__topology_open(NULL, &pool->topology, error) == DMAP_OK && request->keep_binding)
        mine = dmap__topology_mask(pool->topology);
    if (dmap__pool_agree(pool, error) == DMAP_OK && gather_masks(pool, mine, masks, error) == DMAP_OK) {
        count_like(pool, masks, request);
        dmap__topology_plan(pool->topology, request, &pool->places, workers, error);
    }
    free(masks);
    return error->status;
}

/* The master serves the others with one thread of its own: with many of them it keeps a core free for that. */
static int master_workers(const dmap_pool *pool, int workers) {
    if (pool->ranks == 1 || pool->options.master_works > 0)
        return workers;
    if (pool->options.master_works < 0 || pool->options.backend == DMAP_SERIAL)
        return 0;
    return pool->ranks > MASTER_SPARES_A_CORE ? workers - 1 : workers;
}

/* Children started from a process that runs MPI are asking for trouble: so that is done only by request. */
static void check_processes(const dmap_pool *pool, dmap__error *error) {
    dmap__error why;
    if (pool->options.backend != DMAP_PROCESSES || pool->options.start == DMAP_FORK ||
        dmap__forkserver_check(&why) == DMAP_OK)
        return;
    if (why.status == DMAP_EINVAL)
        dmap__fail(error, DMAP_EUNSUPPORTED,
                   "DMAP_PROCESSES wants the fork server: call dmap_prefork before MPI_Init (dmap_run does)");
    else
        dmap__fail(error, DMAP_EUNSUPPORTED, "DMAP_PROCESSES wants the fork server: %s", why.text);
}

static dmap_status open_crew(dmap_pool *pool, int workers, dmap__error *error) {
    if (pool->places) {
        int allowance = dmap__topology_allowance(pool->topology, &pool->place_request);
        pool->has_spare_core = workers ? allowance > workers : !pool->places[0].shared;
        bool is_alone = !pool->comm || dmap__comm_node_size(pool->comm, pool->rank) == 1;
        dmap__aside_init(&pool->aside, pool->places, pool->has_spare_core && is_alone ? workers : 0);
        if (workers)
            pool->inner = dmap__nested_threads_open(dmap__nested_threads_share(allowance, pool->places, workers));
    }
    dmap__crew_config config = {.backend = pool->options.backend,
                                .hear = dmap__loop_hear,
                                .hear_arg = pool,
                                .start = pool->options.start,
                                .refresh_items = pool->options.refresh_items,
                                .refresh_memory = pool->options.refresh_memory,
                                .start_timeout_s = pool->options.start_timeout_s,
                                .workers = workers,
                                .stack_size = pool->options.stack_size,
                                .spins = pool->has_spare_core,
                                .rank = pool->rank,
                                .bell = pool->bell,
                                .n_tasks = pool->registry.count,
                                .topology = pool->topology,
                                .places = pool->places,
                                .inner = pool->inner};
    return workers ? dmap__crew_open(&config, &pool->crew, error) : DMAP_OK;
}

static dmap_status count_workers(dmap_pool *pool, dmap__error *error) {
    int mine = asked_workers(pool) == DMAP__NO_WORKERS ? 0 : pool->workers[pool->rank];
    pool->workers[pool->rank] = mine;
    if (pool->comm && dmap__comm_gather(pool->comm, &mine, sizeof mine, pool->workers, error) != DMAP_OK)
        return error->status;
    for (int rank = 0; rank < pool->ranks; rank++)
        pool->all_workers += pool->workers[rank];
    return DMAP_OK;
}

dmap_status dmap__workers_open(dmap_pool *pool, dmap__error *error) {
    int workers = 1;
    pool->workers = calloc((size_t)pool->ranks, sizeof *pool->workers);
    pool->rank_reports = calloc((size_t)pool->ranks, sizeof *pool->rank_reports);
    if (!pool->workers || !pool->rank_reports)
        dmap__fail(error, DMAP_ENOMEM, "out of memory for %d ranks", pool->ranks);
    if (dmap__pool_agree(pool, error) != DMAP_OK)
        return error->status;
    check_processes(pool, error);
    if (pool->options.backend != DMAP_SERIAL)
        place(pool, &workers, error);
    if (pool->rank == 0)
        workers = master_workers(pool, workers);
    pool->workers[pool->rank] = workers;
    if (error->status == DMAP_OK)
        open_crew(pool, workers, error);
    return dmap__pool_agree(pool, error) == DMAP_OK ? count_workers(pool, error) : error->status;
}
