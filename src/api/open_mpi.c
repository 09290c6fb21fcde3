/* dmap_open: the one function of the library that is given a communicator. */
#include <dmap/mpi.h>

#include "api/pool.h"

dmap_status dmap_open(MPI_Comm comm, const dmap_options *options, dmap_pool **pool) {
    dmap__error *error = dmap__thread_error();
    dmap__comm *own;
    if (!pool)
        return dmap__fail(error, DMAP_EINVAL, "dmap_open: the pointer to a pool is NULL");
    *pool = NULL;
    if (dmap__comm_check(&comm, error) != DMAP_OK || dmap__comm_open(&comm, &own, error) != DMAP_OK)
        return error->status;
    return dmap__pool_open(own, options, pool, error);
}
