/* Pools. Opening is the one time when ranks act together: at each numbered step every rank does its part, then all
 * agree, and the first rank that failed speaks for all. After that there is no collective until the communicator is
 * freed. */
#include "api/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/calls.h"
#include "base/clock.h"
#include "base/options.h"
#include "base/stop_signal.h"
#include "base/own_process.h"
#include "net/wire.h"
#include "pool/calls.h"
#include "pool/fd.h"
#include "pool/helper.h"
#include "pool/loop.h"
#include "pool/lost.h"
#include "pool/master.h"
#include "pool/open_handles.h"
#include "pool/places.h"
#include "pool/registry.h"
#include "pool/serve.h"
#include "pool/share.h"
#include "pool/workers.h"
#include "proc/copy.h"

static bool has_ranks(const dmap_pool *pool) {
    return pool->comm;
}

static bool has_ranks_and_helper(const dmap_pool *pool) {
    return pool->comm && pool->helper;
}

/* With a serial crew the items would run in the helper's thread. A helper's lock keeps the owner of its own pool out of
 * MPI, not that of another. */
static dmap_status check_helper(const dmap_pool *pool, dmap__error *error) {
    bool helper = pool->options.helper;
    if (helper && pool->options.backend == DMAP_SERIAL)
        return dmap__fail(error, DMAP_EUNSUPPORTED,
                          "dmap_options.helper wants workers, and DMAP_SERIAL has none: use DMAP_THREADS or "
                          "DMAP_PROCESSES");
    bool is_alone = !dmap__open_handles_find(helper ? has_ranks : has_ranks_and_helper);
    return pool->comm && (helper || !is_alone) ? dmap__comm_check_threads(is_alone, error) : DMAP_OK;
}

/* 1: the master's options hold. */
static dmap_status agree_options(dmap_pool *pool, const dmap_options *options, dmap__error *error) {
    if (pool->rank == 0 && error->status == DMAP_OK &&
        dmap__options_resolve(options, &pool->options, error) == DMAP_OK && check_helper(pool, error) == DMAP_OK &&
        dmap__monitor_options_resolve(&pool->monitor_options, error) == DMAP_OK)
        dmap__monitor_check(&pool->monitor_options, error);
    if (dmap__pool_agree(pool, error) != DMAP_OK || !pool->comm)
        return error->status;
    return dmap__comm_bcast(pool->comm, &pool->options, sizeof pool->options, error);
}

/* 2: all ranks run the same program. */
static dmap_status compare_tasks(dmap_pool *pool, const char *mine, dmap__error *error) {
    uint64_t size = strlen(mine) + 1;
    if (dmap__comm_bcast(pool->comm, &size, sizeof size, error) != DMAP_OK)
        return error->status;
    char *masters = malloc((size_t)size);
    if (masters && pool->rank == 0)
        memcpy(masters, mine, (size_t)size);
    if (!masters)
        dmap__fail_memory(error, size, "the table of tasks");
    if (dmap__pool_agree(pool, error) == DMAP_OK &&
        dmap__comm_bcast(pool->comm, masters, (size_t)size, error) == DMAP_OK) {
        char difference[400];
        if (!dmap__registry_compare(mine, masters, difference, sizeof difference))
            dmap__fail(error, DMAP_EMISMATCH, "rank %d on %s runs another program than the master: %s", pool->rank,
                       dmap__pool_host(pool, pool->rank), difference);
        dmap__pool_agree(pool, error);
    }
    free(masters);
    return error->status;
}

static dmap_status agree_program(dmap_pool *pool, dmap__error *error) {
    char version[64] = DMAP_VERSION;
    if (!pool->comm)
        return DMAP_OK;
    if (dmap__comm_bcast(pool->comm, version, sizeof version, error) != DMAP_OK)
        return error->status;
    if (strcmp(version, DMAP_VERSION) != 0)
        dmap__fail(error, DMAP_EMISMATCH, "rank %d on %s has dmap %s, the master has %s", pool->rank,
                   dmap__pool_host(pool, pool->rank), DMAP_VERSION, version);
    char *mine = dmap__registry_describe(&pool->registry);
    if (!mine)
        dmap__fail(error, DMAP_ENOMEM, "out of memory for the table of tasks");
    if (dmap__pool_agree(pool, error) == DMAP_OK)
        compare_tasks(pool, mine, error);
    free(mine);
    return error->status;
}

static dmap_status open_master(dmap_pool *pool, dmap__error *error) {
    if (dmap__calls_open(pool, error) != DMAP_OK)
        return error->status;
    if (!dmap__open_handles_add(pool))
        return dmap__fail(error, DMAP_ENOMEM, "out of memory for a pool");
    return dmap__helper_open(pool, error);
}

/* 3: workers, in workers.c. 4: messages may come. */
static dmap_status start(dmap_pool *pool, dmap__error *error) {
    bool is_open = pool->rank || open_master(pool, error) == DMAP_OK;
    if (is_open && pool->comm)
        dmap__comm_start(pool->comm, dmap__pool_place, pool, error);
    return dmap__pool_agree(pool, error);
}

static void destroy(dmap_pool *pool) {
    if (pool->calls.is_armed) /* the bell that a signal would ring goes */
        dmap__stop_signal_disarm();
    dmap__helper_close(pool);
    dmap__open_handles_remove(pool);
    dmap__fd_close(pool);
    dmap__crew_close(pool->crew);
    pool->crew = NULL;
    dmap__nested_threads_close(pool->inner);
    dmap__places_drop(pool);
    dmap__share_drop(pool);
    dmap__comm_close(pool->comm);
    dmap__comm_close(pool->ended);
    dmap__calls_close(pool);
    dmap__lost_close(pool);
    pthread_mutex_destroy(&pool->submits_lock);
    dmap__buffer_cache_drop(&pool->buffers);
    dmap__topology_close(pool->topology);
    dmap__registry_drop(&pool->registry);
    free(pool->places);
    free(pool->workers);
    free(pool->rank_reports);
    free(pool->worker_reports);
    free(pool);
}

static dmap_status open_steps(dmap_pool *pool, const dmap_options *options, dmap__error *error) {
    dmap__registry_get(&pool->registry, error);
    if (!dmap__copy_watch())
        dmap__fail(error, DMAP_ENOMEM, "out of memory for a pool");
    if (agree_options(pool, options, error) != DMAP_OK || agree_program(pool, error) != DMAP_OK)
        return error->status;
    if (dmap__workers_open(pool, error) != DMAP_OK)
        return error->status;
    return start(pool, error);
}

/* Every rank must come to the first agreement, also one without memory for a pool. */
static dmap_pool *create(dmap__comm *comm, dmap__error *error) {
    dmap_pool *pool = calloc(1, sizeof *pool);
    dmap__error_clear(error);
    if (!pool) {
        dmap__fail_memory(error, sizeof *pool, "a pool");
        if (comm)
            dmap__comm_agree(comm, error);
        dmap__comm_close(comm);
        return NULL;
    }
    if (comm && dmap__comm_size(comm) == 1) { /* nobody to talk to: then nothing has to look for messages */
        dmap__comm_close(comm);
        comm = NULL;
        pool->is_alone = true;
    }
    pool->comm = comm;
    pool->rank = comm ? dmap__comm_rank(comm) : 0;
    pool->ranks = comm ? dmap__comm_size(comm) : 1;
    dmap__bell_init(&pool->own_bell, false);
    pool->bell = comm ? dmap__comm_bell(comm) : &pool->own_bell;
    pool->is_rung = !comm || dmap__comm_is_rung(comm);
    pool->shared_fd = -1;
    pool->calls.on_turn = dmap__submits_turn;
    pool->calls.count_idle = dmap__submits_idle;
    pool->side = &dmap__master_side;
    if (!dmap__lost_open(pool))
        dmap__fail_memory(error, (unsigned long long)pool->ranks * sizeof *pool->lost, "the table of ranks");
    pthread_mutex_init(&pool->submits_lock, NULL);
    pool->owner = pthread_self();
    pool->process = dmap__own_process();
    gethostname(pool->host, sizeof pool->host - 1);
    return pool;
}

/* A call that was left by longjmp may still have chunks out. */
dmap_status dmap__pool_close(dmap_pool *pool) {
    DMAP__ENTER(pool);
    if (pool->calls.inside)
        dmap__loop_unwind(pool);
    dmap_status status = dmap__calls_wind_up(pool);
    if (status != DMAP_OK)
        return status;
    status = pool->broken;
    dmap__head head = {.type = DMAP__CLOSE};
    dmap__lost_tell(pool, &head);
    for (int rank = 1; rank < pool->ranks && status == DMAP_OK; rank++)
        status = dmap__comm_send(pool->comm, rank, &head, NULL, 0, NULL, 0, NULL, NULL, dmap__thread_error());
    if (status == DMAP_OK && pool->n_lost)
        status = dmap__fail(dmap__thread_error(), DMAP_ELOST,
                            "the pool is closed, and all was done, but rank %d was lost: MPI_Finalize may wait for it",
                            (int)head.close.lost - 1);
    entered = NULL; /* it goes with the helper */
    destroy(pool);
    return status;
}

static bool is_forgotten(const dmap_pool *pool) {
    return pool->comm && !pool->calls.inside;
}

static bool is_at_work(const dmap_pool *pool) {
    return pool->comm && pool->calls.inside;
}

/* MPI ends: ranks that serve a pool would wait for ever for it to be closed, and MPI_Finalize for them. What a call
 * uses cannot be taken from it. A pool of one rank stays: it needs no MPI. */
static void end_forgotten(void) {
    for (dmap_pool *pool; (pool = dmap__open_handles_find(is_forgotten));)
        if (dmap__pool_close(pool) == DMAP_ETIMEOUT)
            break;
    if (dmap__open_handles_find(is_at_work))
        fputs("dmap: MPI_Finalize was called while a call runs on a pool: it waits for ranks that wait for the pool\n",
              stderr);
}

dmap_status dmap__pool_open(dmap__comm *comm, const dmap_options *options, dmap_pool **pool, dmap__error *error) {
    *pool = NULL;
    dmap_pool *made = create(comm, error);
    if (!made)
        return error->status;
    if (open_steps(made, options, error) != DMAP_OK) {
        destroy(made);
        return error->status;
    }
    if (made->rank == 0) {
        if (made->comm)
            dmap__comm_at_end(end_forgotten);
        if (made->helper)
            dmap__helper_leave(made);
        *pool = made;
        return DMAP_OK;
    }
    dmap_status status = dmap__serve(made);
    if (status != DMAP_OK)
        *error = made->error;
    destroy(made);
    return status;
}
