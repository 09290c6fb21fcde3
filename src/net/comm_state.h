/* A comm, for the files that make it up: comm_open.c opens and closes it, comm.c does the rest; MPI is called
 * below them, in mpi.c. */
#ifndef DMAP_NET_COMM_STATE_H
#define DMAP_NET_COMM_STATE_H

#include "net/comm.h"
#include "net/hosts.h"
#include "net/inbox.h"
#include "net/link.h"
#include "net/node_shm.h"
#include "net/outbox.h"
#include "net/peer_watch.h"

struct dmap__comm {
    dmap__link *link;
    int rank, size;
    char (*names)[DMAP__HOST_BYTES];
    dmap__host_place *places;
    dmap__node_shm node;
    dmap__node_shm_reached *reached; /* by rank: of its host */
    dmap__outbox outbox;
    dmap__inbox inbox;
    dmap__peer_watch watch; /* the master's, of its host */
    bool *lost;             /* by rank */
    int *found, n_found;    /* ranks that MPI has said are lost, and that were not told yet */
    dmap__error broken;     /* an error of MPI: for good */
    bool has_ended;         /* dmap__comm_end */
};

#endif
