/* A chunk on a serving rank, and what it needs: its items, as they came, and memory for its results. */
#ifndef DMAP_JOB_SERVED_H
#define DMAP_JOB_SERVED_H

#include "pool/pool.h"
#include "net/wire.h"

typedef struct dmap__served {
    struct dmap__served *next;
    dmap__grant grant; /* its owner is this */
    uint64_t call;     /* its number: the call itself may have gone before this */
    const dmap_task *task;
    uint64_t told;       /* items of it that have ended, as the master knows */
    dmap__packed packed; /* of its RESULT */
    /* Private to served.c. */
    void *data, *meta;    /* the GRANT's: items and indices lie there */
    dmap__spares *spares; /* the pool's */
    dmap__spare results;  /* from there: of fixed size */
    dmap_blob *table;
} dmap__served;

/** Makes the chunk of a GRANT, whose memory it takes over. Returns NULL if memory is out; if it is out for what the
 *  chunk needs, or the message is damaged, that is the trouble in its outcome. */
dmap__served *dmap__served_create(dmap_pool *pool, dmap__crew_call *call, dmap__message *message);
/** True if items that lie in the master's memory cannot be read from there: it is of a kind that only the master can
 *  reach. That shows at the first and the last. */
bool dmap__served_is_out_of_reach(const dmap__served *served);
/** Frees what came of it. */
void dmap__served_drop_outcome(dmap__served *served);
/** Frees it: the `sent` of its RESULT. */
void dmap__served_destroy(void *served);

#endif
