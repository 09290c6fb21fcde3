/* Lanes of waiting transfers, one a peer, and whose turn it is.
 *
 * Invariant: a queue is `listed` if it waits for a turn or has its turn now, and every queue that is not empty is
 * listed. So the cost of a turn does not grow with the number of ranks, only with those that have something under way.
 * It does not know what waits in a queue. */
#include "net/peer_queues.h"

#include <stdlib.h>

struct dmap__peer_queue {
    dmap__peer_queue_entry *first, *last;
    int next; /* that waits for a turn after this one */
    bool is_listed;
};

bool dmap__peer_queues_init(dmap__peer_queues *queues, int n_peers) {
    *queues = (dmap__peer_queues){.first = -1, .last = -1};
    queues->queue = calloc((size_t)n_peers, sizeof *queues->queue);
    return queues->queue != NULL;
}

void dmap__peer_queues_fini(dmap__peer_queues *queues) {
    free(queues->queue);
    queues->queue = NULL;
}

static void list(dmap__peer_queues *queues, int peer) {
    queues->queue[peer].next = -1;
    queues->queue[peer].is_listed = true;
    if (queues->last >= 0)
        queues->queue[queues->last].next = peer;
    else
        queues->first = peer;
    queues->last = peer;
}

void dmap__peer_queues_push(dmap__peer_queues *queues, int peer, dmap__peer_queue_entry *entry) {
    struct dmap__peer_queue *queue = &queues->queue[peer];
    entry->next = NULL;
    if (queue->first)
        queue->last->next = entry;
    else
        queue->first = entry;
    queue->last = entry;
    if (!queue->is_listed)
        list(queues, peer);
}

dmap__peer_queue_entry *dmap__peer_queues_front(const dmap__peer_queues *queues, int peer) {
    return queues->queue[peer].first;
}

void dmap__peer_queues_pop(dmap__peer_queues *queues, int peer) {
    queues->queue[peer].first = queues->queue[peer].first->next;
}

bool dmap__peer_queues_is_empty(const dmap__peer_queues *queues) {
    return queues->first < 0;
}

int dmap__peer_queues_take_turn(dmap__peer_queues *queues) {
    int peer = queues->first;
    if (peer >= 0) {
        queues->first = queues->queue[peer].next;
        queues->last = queues->first < 0 ? -1 : queues->last;
    }
    return peer;
}

void dmap__peer_queues_end_turn(dmap__peer_queues *queues, int peer) {
    if (queues->queue[peer].first)
        list(queues, peer);
    else
        queues->queue[peer].is_listed = false;
}
