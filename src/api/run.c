/* A whole program: MPI begins and ends here, if a launcher started it. */
#include <stdio.h>

#include <dmap/dmap.h>

#include "api/leave.h"
#include "api/pool.h"
#include "base/options.h"
#include "base/stop_signal.h"
#include "pool/loop.h"
#include "proc/child.h"
#include "proc/forkserver.h"

static int complain(const dmap__error *error) {
    fprintf(stderr, "dmap: %s\n", error->text[0] ? error->text : dmap_status_text(error->status));
    return 1;
}

/* How the process goes on. */
typedef enum ending {
    FINALIZES,
    KEEPS_MPI, /* it ends, and leaves MPI as it is */
    LEAVES     /* the same at once: a rank was lost, for which MPI may wait in whatever is run when a process ends */
} ending;

/* On the master the user's program runs; on the others the pool has been served when dmap__pool_open returns. MPI is
 * left as it is if it failed, or this rank's service did, or this is a copy that the program forked: MPI is not its
 * own. */
static int run_pool(dmap__comm *comm, int argc, char **argv, dmap_main_fn *main_fn, const dmap_options *options,
                    ending *end) {
    bool is_master = !comm || dmap__comm_rank(comm) == 0;
    dmap__error error;
    dmap_pool *pool;
    dmap_status status = dmap__pool_open(comm, options, &pool, &error);
    if (status == DMAP_EMPI || (status == DMAP_ENOMEM && !is_master))
        *end = KEEPS_MPI;
    if (status == DMAP_ELOST) {
        *end = LEAVES;
        return 0;
    }
    if (status != DMAP_OK)
        return is_master || status == DMAP_EMPI ? complain(&error) : 1;
    if (!pool)
        return 0;
    pool->is_programs = true;
    int value = main_fn(pool, argc, argv);
    if (!dmap__pool_is_open(pool)) /* main_fn has ended MPI, and the pool with it */
        return value;
    if (dmap__pool_is_copy(pool)) {
        *end = KEEPS_MPI;
        return value;
    }
    status = dmap__pool_close(pool);
    if (status == DMAP_EMPI || status == DMAP_ETIMEOUT)
        *end = KEEPS_MPI;
    if (status == DMAP_ELOST) {
        *end = LEAVES;
        return value;
    }
    return status != DMAP_OK && value == 0 ? 1 : value;
}

/* A rank whose MPI failed may have lost others, for whom MPI_Finalize would wait, and for one that has stopped to serve
 * the master waits: it leaves MPI as it is, and ends. That tells the launcher, who ends the rest. */
static int run_ranks(int *argc, char ***argv, int expected, dmap_main_fn *main_fn, const dmap_options *options,
                     ending *end) {
    dmap__error error;
    dmap__comm *comm = NULL;
    if (dmap__comm_init_mpi(argc, argv, expected, dmap__options_want_helper(options), &error) != DMAP_OK)
        return complain(&error);
    if (dmap__comm_open_world(&comm, &error) == DMAP_EMPI)
        *end = KEEPS_MPI;
    int value = comm ? run_pool(comm, *argc, *argv, main_fn, options, end) : complain(&error);
    if (*end == FINALIZES)
        dmap__comm_finalize_mpi();
    return value;
}

/* From here on the process may have MPI. */
static int run_program(int argc, char **argv, dmap_main_fn *main_fn, const dmap_options *options, ending *end) {
    int expected = 0;
    return dmap__comm_launched(&expected) ? run_ranks(&argc, &argv, expected, main_fn, options, end)
                                          : run_pool(NULL, argc, argv, main_fn, options, end);
}

/* Without a fork server the program runs as well, but for processes: who asks for those is told. */
int dmap_run(int argc, char **argv, dmap_main_fn *main_fn, const dmap_options *options) {
    bool had_server = dmap__forkserver_is_open();
    dmap__error error;
    if (!main_fn) {
        dmap__fail(&error, DMAP_EINVAL, "dmap_run: the main function is NULL");
        return complain(&error);
    }
    dmap_prefork(&argc, &argv);
    dmap__stop_signal_open();
    ending end = FINALIZES;
    int value = run_program(argc, argv, main_fn, options, &end);
    dmap__stop_signal_close();
    dmap__stop stop = dmap__stop_signal_get();
    if (stop.signal)
        value = 128 + stop.signal; /* as a shell says it of whom a signal has ended */
    if (!had_server)
        dmap__forkserver_close();
    if (end == LEAVES)
        dmap__leave(value);
    return value;
}

int dmap_prefork(int *argc, char ***argv) {
    (void)argc;
    dmap__child_enter(argv ? *argv : NULL);
    return dmap__forkserver_open(argv ? *argv : NULL, dmap__thread_error()) == DMAP_OK ? 0 : 1;
}

static dmap_status check_closing(dmap_pool *pool) {
    DMAP__ENTER(pool);
    bool is_left = dmap__pool_is_open(pool) && pool->calls.inside && dmap__loop_is_left(pool);
    dmap_status status = is_left ? dmap__pool_check_calling(pool, "dmap_close") : dmap__pool_check(pool, "dmap_close");
    if (status != DMAP_OK)
        return status;
    if (pool->is_programs)
        return dmap__fail(&pool->error, DMAP_EINVAL, "dmap_close: this pool is closed by dmap_run");
    return DMAP_OK;
}

dmap_status dmap_close(dmap_pool *pool) {
    dmap_status status = pool ? check_closing(pool) : DMAP_OK;
    return pool && status == DMAP_OK ? dmap__pool_close(pool) : status;
}
