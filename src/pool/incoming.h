/* A chunk on a serving rank, and what it needs: its items, as they came, and memory for its results. */
#ifndef DMAP_POOL_INCOMING_H
#define DMAP_POOL_INCOMING_H

#include "net/wire.h"
#include "pool/pool.h"

typedef struct dmap__incoming {
    struct dmap__incoming *next;
    dmap__grant grant; /* its owner is this */
    uint64_t call;     /* its number: the call itself may have gone before this */
    const dmap_task *task;
    uint64_t told;       /* items of it that have ended, as the master knows */
    dmap__packed packed; /* of its RESULT */
    /* Private to incoming.c. */
    void *data, *meta;           /* the GRANT's: items and indices lie there */
    dmap__buffer_cache *buffers; /* the pool's */
    dmap__buffer results;        /* from there: of fixed size */
    dmap_blob *table;
} dmap__incoming;

/** Makes the chunk of a GRANT, whose memory it takes over. Returns NULL if memory is out; if it is out for what the
 *  chunk needs, or the message is damaged, that is the trouble in its outcome. */
dmap__incoming *dmap__incoming_create(dmap_pool *pool, dmap__crew_call *call, dmap__message *message);
/** True if items that lie in the master's memory cannot be read from there: it is of a kind that only the master can
 *  reach. That shows at the first and the last. */
bool dmap__incoming_is_out_of_reach(const dmap__incoming *served);
/** Frees what came of it. */
void dmap__incoming_drop_outcome(dmap__incoming *served);
/** Frees it: the `sent` of its RESULT. */
void dmap__incoming_destroy(void *served);

#endif
