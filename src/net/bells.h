/* The bells of the ranks of a host, on pages that all of them map: so a rank that sends to another of its host can wake
 * it. A rank that cannot reach those pages (it sees other processes than the one that made them) has a bell of its own,
 * which only its workers ring; it looks for messages now and then. */
#ifndef DMAP_NET_BELLS_H
#define DMAP_NET_BELLS_H

#include <stddef.h>

#include "base/bell.h"
#include "net/hosts.h"

/** Where the first rank of a host has put the bells: what the others need to find them. */
typedef struct dmap__bells_offer {
    long process;
    int descriptor; /* -1: there are none */
    uint64_t mark;  /* that stands in them */
} dmap__bells_offer;

typedef struct dmap__bells {
    dmap__bell own;
    dmap__bell *shared; /* by place on the host; NULL: none */
    void *pages;
    size_t size;
    int descriptor; /* of the offer; -1: none */
} dmap__bells;

/** First, on every rank: the first of a host with several makes the bells. */
void dmap__bells_init(dmap__bells *bells, const dmap__host_place *place, dmap__bells_offer *offer);
/** Then, on every rank, with the offer of the first of its host. Returns true if it has reached the bells. */
bool dmap__bells_accept(dmap__bells *bells, const dmap__host_place *place, const dmap__bells_offer *offer);
/** When all have: the pages stay, nobody else finds them. */
void dmap__bells_end_offer(dmap__bells *bells);
void dmap__bells_fini(dmap__bells *bells);

#endif
