#include "pool/master_sched.h"

#include "base/timeslice.h"

void dmap__master_sched_take(dmap_pool *pool) {
    if (pool->sched_is_set || pool->options.backend == DMAP_SERIAL)
        return;
    pool->sched_is_set = true;
    pool->slice = dmap__timeslice_shorten();
}

void dmap__master_sched_settle(dmap_pool *pool) {
    bool shares = pool->comm && dmap__comm_node_size(pool->comm, pool->rank) > 1;
    if (shares && pool->places && pool->options.bind != DMAP_BIND_NONE)
        dmap__topology_enter(pool->topology, &pool->places[0]);
}

void dmap__master_sched_leave(dmap_pool *pool) {
    if (pool->sched_is_set)
        dmap__timeslice_restore(pool->slice);
    pool->sched_is_set = false;
    if (pool->topology)
        dmap__topology_leave(pool->topology);
}
