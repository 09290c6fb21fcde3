/* Waiting for replies to a question that the master put to the other ranks. Calls in flight go on meanwhile. */
#ifndef DMAP_POOL_WAIT_REPLIES_H
#define DMAP_POOL_WAIT_REPLIES_H

#include "pool/pool.h"

typedef struct dmap__replies {
    int waiting; /* that are to come: lowered by `take` */
    void (*take)(void *arg, dmap__message *message);
    void (*lost)(void *arg, int rank); /* it does not reply any more */
    void *arg;
} dmap__replies;

/** Waits until none is to come. Returns DMAP_OK, or why the pool is broken. Blocks: until then. */
dmap_status dmap__replies_wait(dmap_pool *pool, dmap__replies *replies);
/** A rank is lost: tells whoever waits. */
void dmap__replies_lose(dmap_pool *pool, int rank);
/** A reply has come: hands it on, if somebody waits. */
void dmap__replies_take(dmap_pool *pool, dmap__message *message);

#endif
