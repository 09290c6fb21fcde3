/* The ranks of a pool, to everybody who has one: where they are, and what they agree on. */
#include "pool/pool.h"

const char *dmap__pool_host(const dmap_pool *pool, int rank) {
    const dmap__comm *comm = pool->comm ? pool->comm : pool->ended;
    return comm ? dmap__comm_host(comm, rank) : pool->host;
}

dmap_status dmap__pool_agree(dmap_pool *pool, dmap__error *error) {
    return pool->comm ? dmap__comm_agree(pool->comm, error) : error->status;
}
