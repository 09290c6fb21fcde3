/* What a program does to a pool beside calls. */
#include "api/calls.h"
#include "api/pool.h"
#include "pool/calls.h"
#include "pool/loop.h"
#include "pool/share.h"

/* The pool may be used, and has not broken. */
static dmap_status enter(dmap_pool *pool, const char *function) {
    dmap_status status = dmap__pool_check(pool, function);
    if (status != DMAP_OK)
        return status;
    if (pool->broken != DMAP_OK)
        return pool->broken;
    dmap__error_clear(&pool->error);
    return DMAP_OK;
}

static bool no_call_is_left(void *pool) {
    return !dmap__calls_in_flight(pool);
}

dmap_status dmap_share(dmap_pool *pool, const void *data, size_t size) {
    DMAP__ENTER(pool);
    dmap_status status = enter(pool, "dmap_share");
    if (status != DMAP_OK)
        return status;
    if (!data && size)
        return dmap__fail(&pool->error, DMAP_EINVAL, "dmap_share: %zu bytes at NULL", size);
    if (dmap__submits_pending(pool) || dmap__calls_in_flight(pool) > dmap__submits_idle(pool))
        return dmap__fail(&pool->error, DMAP_EINVAL, "dmap_share: calls are in flight: wait for them first");
    dmap__submits_end(pool, true);
    dmap__loop_run(pool, no_call_is_left, pool, -1);
    dmap__submits_end(pool, false);
    return dmap__share_give(pool, data, size);
}

dmap_status dmap_drain(dmap_pool *pool) {
    DMAP__ENTER(pool);
    dmap_status status = dmap__pool_check_calling(pool, "dmap_drain");
    if (status == DMAP_OK)
        dmap__call_drain(pool->calls.inside);
    return status;
}
