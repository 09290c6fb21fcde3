/* Closing a pool with calls in flight. */
#include <dmap/call.h>

#include "api/calls.h"
#include "base/clock.h"
#include "pool/calls.h"
#include "pool/loop.h"

static bool are_over(void *pool) {
    return !dmap__calls_in_flight(pool) && !dmap__submits_pending(pool);
}

/* What is left belongs to nobody but whoever holds its handle. */
static void take_leave(dmap__handle *handle) {
    handle->is_due = false;
    handle->on_done = NULL;
    handle->pool = NULL;
}

static void has_finished(dmap_pool **pool) {
    (*pool)->is_finishing = false;
    (*pool)->close_at_s = 0;
}

/* Calls that on_done makes meanwhile are finished too. Nobody can ask for the results of a stream now: it would not
 * come to its end. */
static bool finish(dmap_pool *pool, double until) {
    __attribute__((cleanup(has_finished))) dmap_pool *finishing = pool;
    finishing->is_finishing = true;
    finishing->close_at_s = until;
    dmap__submits_end(pool, true);
    dmap__calls_cancel_streams(pool);
    do {
        if (!dmap__loop_run(pool, are_over, pool, until))
            return false;
        dmap__handles_tell(pool);
    } while (!are_over(pool) && dmap__clock_now() < until);
    return are_over(pool);
}

dmap_status dmap__calls_wind_up(dmap_pool *pool) {
    double limit_s = pool->options.close_s;
    bool kills = pool->options.on_close == DMAP_CLOSE_KILL;
    bool is_over = pool->options.on_close == DMAP_CLOSE_FINISH && finish(pool, dmap__clock_now() + limit_s);
    dmap__submits_cancel(pool); /* from here on no call can be made */
    if (!is_over) {
        dmap__calls_cancel_all(pool, kills ? DMAP__FATE_KILLED : DMAP__FATE_MOMENT);
        is_over = dmap__loop_run(pool, are_over, pool, dmap__clock_now() + limit_s);
    }
    dmap__handles_tell(pool);
    if (!is_over) {
        dmap__submits_go_on(pool);
        return dmap__fail(&pool->error, DMAP_ETIMEOUT,
                          "dmap_close: an item still runs %g seconds after it was asked to stop", limit_s);
    }
    dmap__handle_each(pool, take_leave);
    dmap__submits_destroy(pool);
    return DMAP_OK;
}
