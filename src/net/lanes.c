/* Lanes of waiting transfers, one a peer, and whose turn it is.
 *
 * Invariant: a lane is `listed` if it waits for a turn or has its turn now, and every lane that is not empty is listed.
 * So the cost of a turn does not grow with the number of ranks, only with those that have something under way.
 * It does not know what waits in a lane. */
#include "net/lanes.h"

#include <stdlib.h>

struct dmap__lane {
    dmap__lane_entry *first, *last;
    int next; /* that waits for a turn after this one */
    bool is_listed;
};

bool dmap__lanes_init(dmap__lanes *lanes, int n_peers) {
    *lanes = (dmap__lanes){.first = -1, .last = -1};
    lanes->lane = calloc((size_t)n_peers, sizeof *lanes->lane);
    return lanes->lane != NULL;
}

void dmap__lanes_fini(dmap__lanes *lanes) {
    free(lanes->lane);
    lanes->lane = NULL;
}

static void list(dmap__lanes *lanes, int peer) {
    lanes->lane[peer].next = -1;
    lanes->lane[peer].is_listed = true;
    if (lanes->last >= 0)
        lanes->lane[lanes->last].next = peer;
    else
        lanes->first = peer;
    lanes->last = peer;
}

void dmap__lanes_push(dmap__lanes *lanes, int peer, dmap__lane_entry *entry) {
    struct dmap__lane *lane = &lanes->lane[peer];
    entry->next = NULL;
    if (lane->first)
        lane->last->next = entry;
    else
        lane->first = entry;
    lane->last = entry;
    if (!lane->is_listed)
        list(lanes, peer);
}

dmap__lane_entry *dmap__lanes_front(const dmap__lanes *lanes, int peer) {
    return lanes->lane[peer].first;
}

void dmap__lanes_pop(dmap__lanes *lanes, int peer) {
    lanes->lane[peer].first = lanes->lane[peer].first->next;
}

bool dmap__lanes_is_empty(const dmap__lanes *lanes) {
    return lanes->first < 0;
}

int dmap__lanes_take_turn(dmap__lanes *lanes) {
    int peer = lanes->first;
    if (peer >= 0) {
        lanes->first = lanes->lane[peer].next;
        lanes->last = lanes->first < 0 ? -1 : lanes->last;
    }
    return peer;
}

void dmap__lanes_end_turn(dmap__lanes *lanes, int peer) {
    if (lanes->lane[peer].first)
        list(lanes, peer);
    else
        lanes->lane[peer].is_listed = false;
}
