#include "pool/wait_replies.h"

#include "pool/loop.h"

void dmap__replies_take(dmap_pool *pool, dmap__message *message) {
    if (pool->replies)
        pool->replies->take(pool->replies->arg, message);
}

void dmap__replies_lose(dmap_pool *pool, int rank) {
    if (pool->replies)
        pool->replies->lost(pool->replies->arg, rank);
}

static bool have_come(void *arg) {
    const dmap_pool *pool = arg;
    return pool->broken != DMAP_OK || (!pool->replies->waiting && !dmap__comm_is_busy(pool->comm));
}

dmap_status dmap__replies_wait(dmap_pool *pool, dmap__replies *replies) {
    pool->replies = replies;
    dmap__loop_run(pool, have_come, pool, -1);
    pool->replies = NULL;
    return pool->broken;
}
