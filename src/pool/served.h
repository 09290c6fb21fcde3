/* What a serving rank knows of the calls, and of its chunks of them. */
#ifndef DMAP_POOL_SERVED_H
#define DMAP_POOL_SERVED_H

#include "pool/beat.h"
#include "pool/incoming.h"

/* A call, as this rank knows it. */
typedef struct dmap__served_call {
    struct dmap__served_call *next;
    dmap__crew_call at_crew;
    bool has_ended;
} dmap__served_call;

typedef struct dmap__server {
    dmap__served_call *calls;
    dmap__incoming *chunks; /* at the crew */
    double told_s;          /* progress, last */
    double had_s;           /* when there was a chunk here, last */
    dmap__beat beat;
    bool closed;
    dmap_status status;
} dmap__server;

/** NULL: there is none of that number. */
dmap__served_call *dmap__served_find(const dmap__server *s, uint64_t id);
void dmap__served_free(dmap__server *s, dmap__served_call *call);
/** It has ended, and no chunk of it is here. */
void dmap__served_free_if_over(dmap__server *s, dmap__served_call *call);
/** The chunk that a message is about; NULL: it is not at the crew any more. */
dmap__incoming *dmap__served_chunk(const dmap__server *s, const dmap__head *head);
/** It is not at the crew any more. */
void dmap__served_unlink(dmap__server *s, const dmap__incoming *c);

#endif
