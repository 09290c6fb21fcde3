/* Submitted items of one task and the same options: what submit.c, which takes them, and submits.c, which has them run,
 * share. */
#ifndef DMAP_API_SUBMITS_H
#define DMAP_API_SUBMITS_H

#include <pthread.h>

#include "api/handle.h"
#include "pool/calls.h"

typedef struct dmap__handle_list {
    dmap__handle *first, *last;
} dmap__handle_list;

typedef struct dmap__submits {
    struct dmap__submits *next;
    dmap_pool *pool;
    const dmap_task *task;
    dmap_map_options options; /* what they have in common */
    dmap__call *call;         /* NULL: none is open */
    pthread_mutex_t lock;     /* guards `theirs` */
    pthread_cond_t room;
    dmap__handle_list theirs; /* put by other threads */
    dmap__handle_list own;    /* the pool's thread's */
    _Atomic size_t held;      /* items in both */
    _Atomic size_t bytes;     /* of them */
    _Atomic size_t waiting;   /* threads that wait for room */
    _Atomic bool has_theirs;
    size_t running;       /* items that have left, */
    size_t n_gone;        /* and those of them that have ended for whoever made them */
    dmap__handle **begun; /* by index: those that have left, a ring */
    uint64_t from, to;    /* indices in it */
    size_t capacity;
} dmap__submits;

/** Puts it at the end. */
void dmap__handle_put(dmap__handle_list *l, dmap__handle *handle);

#endif
