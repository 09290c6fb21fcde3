/* Signs of life of a serving rank: the master's side of them is in lost.c. */
#ifndef DMAP_POOL_BEAT_H
#define DMAP_POOL_BEAT_H

#include "pool/pool.h"

typedef struct dmap__beat {
    double at_s; /* the last one was sent, or answered */
    bool is_out; /* and is not answered */
} dmap__beat;

/** Seconds until the next one is due; INFINITY: it waits for an answer, or the pool has none. */
double dmap__beat_until(const dmap_pool *pool, const dmap__beat *beat, double now);
/** Sends the next one, if it is due. As dmap__comm_send. */
dmap_status dmap__beat_send(dmap_pool *pool, dmap__beat *beat, double now);
void dmap__beat_answered(dmap__beat *beat, double now);

#endif
