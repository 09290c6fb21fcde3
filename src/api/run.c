/* A whole program: MPI begins and ends here, if a launcher started it. */
#include <stdio.h>
#include <unistd.h>

#include <dmap/dmap.h>

#include "api/pool.h"
#include "crew/child.h"
#include "crew/forkserver.h"
#include "job/job.h"

static int complain(const dmap__error *error) {
    fprintf(stderr, "dmap: %s\n", error->text[0] ? error->text : dmap_status_text(error->status));
    return 1;
}

static dmap_status open_comm(int *argc, char ***argv, int expected, dmap__comm **comm, dmap__error *error) {
    dmap_status status = dmap__comm_init_mpi(argc, argv, expected, error);
    return status == DMAP_OK ? dmap__comm_open_world(comm, error) : status;
}

/* On the master the user's program runs; on the others the pool has been served when dmap__pool_open returns. */
static int run_pool(dmap__comm *comm, int argc, char **argv, dmap_main_fn *main_fn, const dmap_options *options) {
    bool is_master = !comm || dmap__comm_rank(comm) == 0;
    dmap__error error;
    dmap_pool *pool;
    if (dmap__pool_open(comm, options, &pool, &error) != DMAP_OK)
        return is_master || error.status == DMAP_EMPI ? complain(&error) : 1;
    if (!pool)
        return 0;
    pool->is_programs = true;
    int value = main_fn(pool, argc, argv);
    if (dmap__pool_is_copy(pool))
        return value;
    if (dmap__pool_close(pool) != DMAP_OK && value == 0)
        value = 1;
    return value;
}

/* From here on the process may have MPI. A copy that the user's program forked, and that comes back here, has not. */
static int run_program(int argc, char **argv, dmap_main_fn *main_fn, const dmap_options *options) {
    dmap__error error;
    dmap__comm *comm = NULL;
    int expected = 0;
    pid_t process = getpid();
    bool launched = dmap__comm_launched(&expected);
    if (launched && open_comm(&argc, &argv, expected, &comm, &error) != DMAP_OK) {
        complain(&error);
        dmap__comm_finalize_mpi();
        return 1;
    }
    int value = run_pool(comm, argc, argv, main_fn, options);
    if (launched && process == getpid())
        dmap__comm_finalize_mpi();
    return value;
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
    int value = run_program(argc, argv, main_fn, options);
    if (!had_server)
        dmap__forkserver_close();
    return value;
}

int dmap_prefork(int *argc, char ***argv) {
    (void)argc;
    dmap__child_enter(argv ? *argv : NULL);
    return dmap__forkserver_open(argv ? *argv : NULL, dmap__thread_error()) == DMAP_OK ? 0 : 1;
}

dmap_status dmap_close(dmap_pool *pool) {
    if (!pool)
        return DMAP_OK;
    bool is_left = dmap__pool_is_open(pool) && pool->current && dmap__job_is_left(pool->current);
    dmap_status status = is_left ? dmap__pool_check_calling(pool, "dmap_close") : dmap__pool_check(pool, "dmap_close");
    if (status != DMAP_OK)
        return status;
    if (pool->is_programs)
        return dmap__fail(&pool->error, DMAP_EINVAL, "dmap_close: this pool is closed by dmap_run");
    return dmap__pool_close(pool);
}
