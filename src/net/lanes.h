/* A lane per peer, first in, first out, and turns among the lanes that are not empty: order within a peer, fairness
 * among peers. Entries are embedded in what waits (first member). Nothing here allocates but dmap__lanes_init. */
#ifndef DMAP_NET_LANES_H
#define DMAP_NET_LANES_H

#include <stdbool.h>

typedef struct dmap__lane_entry {
    struct dmap__lane_entry *next;
} dmap__lane_entry;

typedef struct dmap__lanes {
    struct dmap__lane *lane;
    int first, last; /* of the lanes that wait for a turn; -1: none */
} dmap__lanes;

/** False: out of memory; dmap__lanes_fini is fine then, as it is on zeroed memory. */
bool dmap__lanes_init(dmap__lanes *lanes, int n_peers);
/** The entries are the caller's. */
void dmap__lanes_fini(dmap__lanes *lanes);

void dmap__lanes_push(dmap__lanes *lanes, int peer, dmap__lane_entry *entry);
/** NULL if that lane is empty. */
dmap__lane_entry *dmap__lanes_front(const dmap__lanes *lanes, int peer);
/** Takes the front of a lane that is not empty. */
void dmap__lanes_pop(dmap__lanes *lanes, int peer);
/** True if no lane waits for a turn. */
bool dmap__lanes_is_empty(const dmap__lanes *lanes);

/** The peer whose turn it is; -1 if every lane is empty. Pushing and popping are fine during a turn. */
int dmap__lanes_take_turn(dmap__lanes *lanes);
/** Ends that turn: the lane waits for the next if it is not empty. */
void dmap__lanes_end_turn(dmap__lanes *lanes, int peer);

#endif
