/* Branches: whatever runs chunks. To the calls, the master's own crew and a rank far away look the same. */
#ifndef DMAP_POOL_BRANCH_H
#define DMAP_POOL_BRANCH_H

#include "pool/pool.h"

typedef struct dmap__branch_ops {
    /** A call begins, and has ended. */
    void (*begin)(dmap_pool *pool, int branch, dmap__call *call);
    void (*end)(dmap_pool *pool, int branch, dmap__call *call);
    /** Gives it a lease. Returns false if memory is out. */
    bool (*submit)(dmap_pool *pool, dmap__call *call, dmap__call_lease *out, uint32_t lease);
    /** Asks for up to `want` items of it back. */
    void (*recall)(dmap_pool *pool, dmap__call *call, dmap__call_lease *out, uint32_t lease, uint64_t want);
    /** Items of a call from this index on are not wanted any more. */
    void (*limit)(dmap_pool *pool, int branch, dmap__call *call, uint64_t index);
    /** The bound of a call is that. */
    void (*best)(dmap_pool *pool, int branch, dmap__call *call, uint64_t key);
    /** Nobody waits any more for the item at that position of a lease. kill: its process may be killed */
    void (*cancel)(dmap_pool *pool, dmap__call *call, dmap__call_lease *out, uint32_t lease, uint64_t position,
                   bool kill);
} dmap__branch_ops;

extern const dmap__branch_ops dmap__rank_branch;

/** The ops of a branch; NULL: it has no workers, or is lost. */
const dmap__branch_ops *dmap__branch_ops_of(const dmap_pool *pool, int branch);

/** Tells a rank that so many bytes of its emissions were taken. */
void dmap__rank_branch_taken(dmap_pool *pool, dmap__call *call, int rank, uint64_t bytes);

#endif
