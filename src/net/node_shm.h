/* What the ranks of a host have in common, on pages that all of them map: each a bell, by which a rank that has sent it
 * something wakes it, and each a gate, through which it writes results into the memory of the first rank of the host
 * (items it reads there without). A rank that cannot reach those pages (it sees other processes than the one that made
 * them) has a bell of its own, which only its workers ring; it looks for messages now and then, and sends all that it
 * has in messages. */
#ifndef DMAP_NET_NODE_SHM_H
#define DMAP_NET_NODE_SHM_H

#include <stddef.h>

#include "base/bell.h"
#include "base/cross_memory.h"
#include "net/hosts.h"

/** Where the first rank of a host has put the pages: what the others need to find them. */
typedef struct dmap__node_shm_offer {
    int64_t process;
    int descriptor; /* -1: there are none */
    uint64_t mark;  /* that stands in them */
    uint64_t probe; /* an address in that process, to write the mark to */
    uint64_t pages; /* ... and where the pages are there: they begin with the mark */
} dmap__node_shm_offer;

/** What a rank has reached. */
typedef struct dmap__node_shm_reached {
    bool pages;
    int64_t process; /* its own, as the first rank of its host knows it; 0: it has reached nothing */
    bool memory;     /* of the first rank of its host, too: it can read and write there */
} dmap__node_shm_reached;

typedef struct dmap__node_shm {
    dmap__bell own;
    dmap__bell *bells;        /* by place on the host; NULL: none are shared */
    dmap__gate *gates;        /* the same */
    dmap__cross_memory reach; /* to the memory of the first rank; .process is 0 if there is none */
    uint64_t probe;           /* of the first rank: the others write the mark here */
    void *pages;
    size_t size;
    int descriptor;  /* of the offer; -1: none */
    bool is_first;   /* of several on its host */
    bool are_closed; /* its gates */
    int n;           /* ranks of the host */
} dmap__node_shm;

/** First, on every rank: the first of a host with several makes the pages. It must not move from here on. */
void dmap__node_shm_init(dmap__node_shm *node, const dmap__host_place *place, dmap__node_shm_offer *offer);
/** Then, on every rank, with the offer of the first of its host. */
dmap__node_shm_reached dmap__node_shm_accept(dmap__node_shm *node, const dmap__host_place *place,
                                             const dmap__node_shm_offer *offer);
/** When all have: the pages stay, nobody else finds them. */
void dmap__node_shm_end_offer(dmap__node_shm *node);
/** On the first rank, after that: true if what the others wrote to its memory has come there. */
bool dmap__node_shm_was_written(const dmap__node_shm *node);
/** On the first rank: that one, by its place on the host, writes nothing more to its memory. False: after timeout_s it
 *  still did. */
bool dmap__node_shm_close_gate(dmap__node_shm *node, int place, double timeout_s);
/** On the first rank: nothing more is written to its memory. Blocks while something is, for some seconds at most. */
void dmap__node_shm_close_gates(dmap__node_shm *node);
void dmap__node_shm_fini(dmap__node_shm *node);

#endif
