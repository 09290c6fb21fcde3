/* A pool on a communicator of the caller's own, in a program that calls MPI_Init and MPI_Finalize itself. */
#ifndef DMAP_MPI_H
#define DMAP_MPI_H

#include <mpi.h>

#include <dmap/dmap.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Makes a pool of the ranks of comm: rank 0 becomes the master and returns with *pool; the others serve, and return
 *  when the master calls dmap_close, with *pool NULL.
 *  Called by:  collective over comm, by the thread that called MPI_Init, before MPI_Finalize
 *  comm:       duplicated; free to use for anything else meanwhile; no intercommunicator
 *  options:    NULL for defaults; the master's hold
 *  Returns:    the same on every rank: DMAP_OK; DMAP_EINVAL (option, environment or task table; comm; MPI is not
 *              running); DMAP_EMISMATCH (a rank runs another program or version); DMAP_ENOMEM; DMAP_EIO
 *              (DMAP_PROCESSES: no descriptor left); DMAP_EMPI; DMAP_EUNSUPPORTED. dmap_error(NULL) has the sentence.
 *              On a serving rank also DMAP_EMPI or DMAP_ENOMEM if its service broke, and DMAP_ELOST: the pool is
 *              closed, but a rank was lost: leave by _exit, as MPI_Finalize would wait for it. After DMAP_EMPI ranks
 *              may be gone, for whom it would wait, too: leave by MPI_Abort, or without it
 *  Blocks:     on the master until every rank has come; on the others until dmap_close */
DMAP_API dmap_status dmap_open(MPI_Comm comm, const dmap_options *options, dmap_pool **pool);

#ifdef __cplusplus
}
#endif
#endif
