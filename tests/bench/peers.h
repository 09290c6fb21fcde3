/* The list of all peers, in the order in which tables show them. */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include "peer.h"

extern const bench_peer *const bench_peers[]; /* the last is NULL */

#endif
