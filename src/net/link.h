/* What mpi.c gives to the files above it: a duplicate of a communicator, MPI messages that are sent, received and
 * tested, a few collectives, without MPI's types. Sizes of messages are at most DMAP__FRAGMENT_BYTES or
 * DMAP__FIRST_BYTES, so they fit MPI's int. */
#ifndef DMAP_NET_LINK_H
#define DMAP_NET_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/dmap.h>

#include "base/error.h"

#define DMAP__ANY_RANK (-1)

typedef enum dmap__tag {
    DMAP__TAG_FIRST = 1,   /* a head and what fits */
    DMAP__TAG_FRAGMENT = 2 /* the rest */
} dmap__tag;

typedef struct dmap__link dmap__link;

/** An MPI_Request, in a type that every file may see. Zero bytes are none. */
typedef struct dmap__request {
    unsigned char handle[8];
} dmap__request;

typedef struct dmap__arrival {
    int from;
    size_t size;
} dmap__arrival;

/** Opens on a duplicate of *(MPI_Comm *)mpi_comm; NULL: of MPI_COMM_WORLD.
 *  Called by: collective. Returns the same on every rank: DMAP_OK, DMAP_EMPI, DMAP_ENOMEM */
dmap_status dmap__link_open(const void *mpi_comm, dmap__link **link, dmap__error *error);
/** Frees the duplicate. No request may be left. */
void dmap__link_close(dmap__link *link, bool is_broken);
int dmap__link_rank(const dmap__link *link);
int dmap__link_size(const dmap__link *link);
/** This rank's host, into DMAP__HOST_BYTES. */
dmap_status dmap__link_host(char *name, dmap__error *error);
/** Sent and received so far. */
void dmap__link_bytes(const dmap__link *link, uint64_t *sent, uint64_t *received);

/** As dmap__comm_agree, _bcast, _gather. Collective. */
dmap_status dmap__link_agree(dmap__link *link, dmap__error *error);
dmap_status dmap__link_bcast(dmap__link *link, void *data, size_t size, dmap__error *error);
dmap_status dmap__link_gather(dmap__link *link, const void *mine, size_t size, void *all, dmap__error *error);

/** Starts to send or receive. bytes: borrowed until the request was tested done. Returns: DMAP_OK, DMAP_EMPI */
dmap_status dmap__link_send(dmap__link *link, const void *bytes, size_t size, int to, dmap__tag tag,
                            dmap__request *request, dmap__error *error);
dmap_status dmap__link_receive(dmap__link *link, void *bytes, size_t size, int from, dmap__tag tag,
                               dmap__request *request, dmap__error *error);
/** 1: done, and the request is no more; 0: not yet; -1: failed, and the request is no more. What MPI says of a rank
 *  that is lost is no failure: of a send, it is done; a receive does not end. See dmap__link_lost.
 *  arrival: of a receive; NULL for a send */
int dmap__link_test(dmap__link *link, dmap__request *request, dmap__arrival *arrival, dmap__error *error);
/** Ranks that are lost, as MPI knows since it said so of a request: all, up to `most`. Returns how many; 0 where it has
 *  said nothing, as most do not. */
int dmap__link_lost(dmap__link *link, int *ranks, int most);
/** Gives a send up that a peer does not receive. */
void dmap__link_drop_send(dmap__link *link, dmap__request *request);
/** Cancels a receive. False: the message had begun to come and does not end; its memory must stay. */
bool dmap__link_drop_receive(dmap__link *link, dmap__request *request);

#endif
