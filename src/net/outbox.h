/* What a rank sends: the first MPI message of every message at once, from a copy; fragments as the peers receive them,
 * from their place. */
#ifndef DMAP_NET_OUTBOX_H
#define DMAP_NET_OUTBOX_H

#include "net/link.h"
#include "net/message.h"
#include "net/peer_queues.h"

typedef struct dmap__staging dmap__staging;

typedef struct dmap__outbox {
    dmap__link *link;
    dmap__peer_queues queues;       /* of transfers: what is sent in fragments */
    dmap__staging *oldest, *newest; /* first messages that have not left */
    size_t n_waiting;               /* of those */
    dmap__staging *left;            /* to ranks that are lost: MPI may still look at them */
    dmap__staging *spare[2];        /* by size class */
    size_t n_spare[2];
    uint64_t moved; /* requests that ended, ever */
} dmap__outbox;

typedef struct dmap__outgoing {
    int to;
    const dmap__head *head; /* its sizes are not looked at */
    const void *meta;
    size_t meta_size;
    const dmap_blob *parts;
    size_t n_parts;
    void (*sent)(void *arg); /* NULL: none */
    void *arg;
} dmap__outgoing;

/** False: out of memory. */
bool dmap__outbox_init(dmap__outbox *outbox, dmap__link *link, int n_ranks);
/** Waits until all has left, or nothing moved for 10 s; then gives up the rest. Calls every `sent`. Zeroed is fine. */
void dmap__outbox_fini(dmap__outbox *outbox);
/** As dmap__comm_send. */
dmap_status dmap__outbox_send(dmap__outbox *outbox, const dmap__outgoing *message, dmap__error *error);
/** A rank is lost: what is under way to it is given up. Calls its `sent`. */
void dmap__outbox_lose(dmap__outbox *outbox, int rank);
/** Moves what is under way. Returns DMAP_OK, DMAP_ENOMEM (it may be tried again), DMAP_EMPI */
dmap_status dmap__outbox_move(dmap__outbox *outbox, dmap__error *error);
bool dmap__outbox_is_busy(const dmap__outbox *outbox);

#endif
