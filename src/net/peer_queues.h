/* A queue per peer, first in, first out, and turns among the queues that are not empty: order within a peer, fairness
 * among peers. Entries are embedded in what waits (first member). Nothing here allocates but dmap__peer_queues_init. */
#ifndef DMAP_NET_PEER_QUEUES_H
#define DMAP_NET_PEER_QUEUES_H

#include <stdbool.h>

typedef struct dmap__peer_queue_entry {
    struct dmap__peer_queue_entry *next;
} dmap__peer_queue_entry;

typedef struct dmap__peer_queues {
    struct dmap__peer_queue *queue;
    int first, last; /* of the queues that wait for a turn; -1: none */
} dmap__peer_queues;

/** False: out of memory; dmap__peer_queues_fini is fine then, as it is on zeroed memory. */
bool dmap__peer_queues_init(dmap__peer_queues *queues, int n_peers);
/** The entries are the caller's. */
void dmap__peer_queues_fini(dmap__peer_queues *queues);

void dmap__peer_queues_push(dmap__peer_queues *queues, int peer, dmap__peer_queue_entry *entry);
/** NULL if that queue is empty. */
dmap__peer_queue_entry *dmap__peer_queues_front(const dmap__peer_queues *queues, int peer);
/** Takes the front of a queue that is not empty. */
void dmap__peer_queues_pop(dmap__peer_queues *queues, int peer);
/** True if no queue waits for a turn. */
bool dmap__peer_queues_is_empty(const dmap__peer_queues *queues);

/** The peer whose turn it is; -1 if every queue is empty. Pushing and popping are fine during a turn. */
int dmap__peer_queues_take_turn(dmap__peer_queues *queues);
/** Ends that turn: the queue waits for the next if it is not empty. */
void dmap__peer_queues_end_turn(dmap__peer_queues *queues, int peer);

#endif
