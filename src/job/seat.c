#include "job/seat.h"

#include "base/slice.h"

void dmap__seat_take(dmap_pool *pool) {
    if (pool->is_seated || pool->options.backend == DMAP_SERIAL)
        return;
    pool->is_seated = true;
    pool->slice = dmap__slice_shorten();
}

void dmap__seat_settle(dmap_pool *pool) {
    bool shares = pool->comm && dmap__comm_node_size(pool->comm, pool->rank) > 1;
    if (shares && pool->places && pool->options.bind != DMAP_BIND_NONE)
        dmap__topology_enter(pool->topology, &pool->places[0]);
}

void dmap__seat_leave(dmap_pool *pool) {
    if (pool->is_seated)
        dmap__slice_restore(pool->slice);
    pool->is_seated = false;
    if (pool->topology)
        dmap__topology_leave(pool->topology);
}
