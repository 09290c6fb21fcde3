/* What a rank receives: first MPI messages in a ring of receives from any rank, fragments straight into their place,
 * and whole messages out, in the order of each sender. */
#ifndef DMAP_NET_INBOX_H
#define DMAP_NET_INBOX_H

#include "net/link.h"
#include "net/message.h"
#include "net/peer_queues.h"

typedef struct dmap__inbox {
    dmap__link *link;
    dmap__place_fn *place;
    void *arg;
    const bool *lost;         /* ranks that are: what they send is dropped */
    int late;                 /* one of them that has sent something since, lately; -1: none */
    dmap__peer_queues queues; /* of messages that are not whole, and those of the same rank behind them */
    unsigned char *bytes;     /* of the ring's slots */
    dmap__request *ring;
    int n_slots;
    int slot;         /* of the oldest receive */
    bool has_arrived; /* it is done, and not taken yet: */
    dmap__arrival arrival;
} dmap__inbox;

/** Posts the receives. Returns DMAP_OK, DMAP_ENOMEM, DMAP_EMPI; dmap__inbox_fini is fine after each */
dmap_status dmap__inbox_init(dmap__inbox *inbox, dmap__link *link, int n_ranks, int n_slots, dmap__error *error);
/** Cancels the receives; messages not taken are lost. Zeroed is fine. */
void dmap__inbox_fini(dmap__inbox *inbox);
/** As dmap__comm_poll, and dmap__comm_release but that it can fail. */
int dmap__inbox_poll(dmap__inbox *inbox, dmap__message *message, dmap__error *error);
dmap_status dmap__inbox_release(dmap__inbox *inbox, dmap__message *message, dmap__error *error);
/** A rank is lost: what of it is under way is dropped. */
void dmap__inbox_lose(dmap__inbox *inbox, int rank);
bool dmap__inbox_is_busy(const dmap__inbox *inbox);

#endif
