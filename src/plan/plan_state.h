/* What the files of the plan share: its state, and who keeps which part of it.
 *
 * Each file asks those below it:
 *
 *   plan_event.c   events of leases
 *   plan.c         making, destroying, asking: what to do next
 *   plan_check.c   the invariants
 *   plan_lost.c    branches that are lost
 *   requeue.c      ranges to be granted again
 *   plan_lease.c   how leases are made, and how they end
 *   recall.c       whom to ask for work back
 *   spawn_count.c  the same, and how many, where items make items
 *   ready_queue.c  who is next
 *   holes.c        what was taken back of a lease */
#ifndef DMAP_PLAN_PLAN_STATE_H
#define DMAP_PLAN_PLAN_STATE_H

#include "plan/heap.h"
#include "plan/plan.h"
#include "plan/speed.h"
#include "plan/window.h"

#define DMAP__LEASES     2 /* out at a branch in any case: one running, one waiting */
#define DMAP__NO_LEASE   UINT32_MAX
#define DMAP__LOST_LIMIT 2 /* branches that an item may be lost with, by default */

/* Where a branch waits: some of its workers have nothing to do; it could take more; it has enough. */
typedef enum dmap__queue { DMAP__IDLE = 0, DMAP__HALF = 1, DMAP__FULL = 2 } dmap__queue;
#define DMAP__QUEUES 2

typedef struct dmap__branch {
    int workers;
    int out;                 /* leases */
    uint64_t load;           /* items in them that have not ended, by the last progress reports */
    uint32_t newest, oldest; /* lease */
    dmap__queue queue;
    bool is_seeded; /* speed, with what is known */
    uint64_t worth; /* workers that are worth giving work, when it was last put into a queue */
    dmap__speed speed;
    double since;             /* when the items it had left were last known for sure */
    double from_s;            /* when it last got a lease as it had none, or one of its leases ended, ... */
    uint64_t at_work;         /* ... and of its workers, those that had something to do then */
    uint64_t shared_since;    /* ... with the same other calls as now, if the fleet says the same */
    uint64_t share;           /* static: items that it is still to get */
    int next, prev;           /* in its queue; -1: none */
    int ring_next, ring_prev; /* static: whose turn is next */
    bool in_ring;
    bool candidate; /* stands in plan->candidates, at `place` */
    int place;
} dmap__branch;

typedef struct dmap__list {
    int first, last; /* -1: empty */
    int count;
} dmap__list;

/* A range to be granted again: taken back, or an item to be tried once more. */
typedef struct dmap__requeue {
    uint64_t begin, end; /* begin is the heap's key */
    int attempt;
    int avoid;  /* branch where it failed; -1: none */
    int losses; /* branches that were lost with it */
} dmap__requeue;

/* A range of a lease that was taken back. */
typedef struct dmap__hole {
    uint64_t begin, end;
    uint32_t next; /* of the lease, or of the free ones */
} dmap__hole;

struct dmap__plan {
    dmap__plan_config config; /* workers is NULL: see branches */
    dmap__branch *branches;
    uint64_t all_workers;
    int working; /* branches with workers */
    dmap__list queues[DMAP__QUEUES];
    int turn; /* static: branch whose turn it is; -1: nobody has a share left */

    uint64_t count;   /* items; of an open stream, what it can have at most */
    bool is_open;     /* a stream that has not ended */
    uint64_t offered; /* positions below are there */
    uint64_t granted; /* positions below have been granted */
    uint64_t wanted;  /* by branch `wants`, as was asked before this step; 0: was not */
    int wants;
    uint64_t found; /* spawns: items that wait here */
    uint64_t limit;
    bool tell_limit;            /* a LIMIT step is due */
    uint64_t batch, batch_left; /* factoring: items of the batch, and left of it */
    uint64_t pending;           /* items in leases out, not settled, or to be granted again */
    bool has_joined;            /* the fleet, ... */
    dmap__fleet *own_fleet;     /* ... maybe this one, with ... */
    dmap__fleet_share own_share;
    bool drained;          /* nothing is to be begun any more */
    unsigned char *leases; /* by number, of config.lease_size bytes each */
    uint32_t leases_capacity, free_lease;

    dmap__hole *holes;
    uint32_t holes_capacity, free_hole;

    dmap__heap requeue;
    uint64_t requeued_items;
    dmap__window window;
    dmap__speed_all speed;
    dmap__speeds *known; /* by calls of this task, the fleet's */
    bool is_seeded;      /* speed, with that */

    int *candidates; /* branches that may be asked for work back */
    int candidate_count;
    int cursor;   /* where the next look at them begins */
    int promised; /* idle branches for which recalls are under way */

    size_t out; /* leases */
    dmap__plan_stats stats;
    const char *broken; /* the caller's or our own mistake, found in passing */
};

/** The lease of a number, out or not. */
static inline dmap__lease *dmap__plan_at(const dmap__plan *plan, uint32_t number) {
    return (dmap__lease *)(plan->leases + number * plan->config.lease_size);
}

static inline int dmap__plan_lost_limit(const dmap__plan *plan) {
    return plan->config.lost_limit ? plan->config.lost_limit : DMAP__LOST_LIMIT;
}

/** True if items that so many branches were lost with go alone. */
static inline bool dmap__plan_goes_alone(const dmap__plan *plan, int losses) {
    return losses >= dmap__plan_lost_limit(plan);
}

/** Items of a lease that have not ended, as far as is known. */
static inline uint64_t dmap__plan_lease_left(const dmap__lease *lease) {
    uint64_t size = lease->end - lease->begin - lease->returned;
    return size > lease->ended ? size - lease->ended : 0;
}

/* ---- plan_lease.c ---- */

/** Counts the lease again, for the call's share and, where it was `before`, for the branch's load; moves the branch to
 *  its queue. */
void dmap__plan_loaded(dmap__plan *plan, dmap__lease *lease, uint64_t before);
/** Has the branch's speed begin with what is known of it, if that has not been done. */
void dmap__plan_seed(dmap__plan *plan, dmap__branch *branch);
/** From now on it is measured what the branch takes for the lease that ends next. */
void dmap__plan_look(const dmap__plan *plan, dmap__branch *branch, double now);
/** Most items that the branch's next lease may have. */
uint64_t dmap__plan_room(const dmap__plan *plan, const dmap__branch *branch);
/** True if there is a lease to be had; false if memory is out and others are out that will end. */
bool dmap__plan_has_lease(dmap__plan *plan);
/** Makes a lease; its items are counted as pending by the caller, which asked dmap__plan_has_lease. */
void dmap__plan_grant(dmap__plan *plan, int branch, const dmap__requeue *range, double now, dmap__step *step);
/** The lease is over. */
void dmap__plan_end_lease(dmap__plan *plan, dmap__lease *lease);

/* ---- holes.c ---- */

/** True if there is room for n more holes; false: memory is out. */
bool dmap__holes_reserve(dmap__plan *plan, size_t n);
/** A range of the lease was taken back; there is room. */
void dmap__holes_put(dmap__plan *plan, dmap__lease *lease, const dmap__range *range);
/** The lease is over. */
void dmap__holes_drop(dmap__plan *plan, dmap__lease *lease);
/** The lowest one at or above a position; one that begins where the lease ends, if there is none. */
dmap__range dmap__holes_next(const dmap__plan *plan, const dmap__lease *lease, uint64_t from);
size_t dmap__holes_count(const dmap__plan *plan, const dmap__lease *lease);

/* ---- plan.c ---- */

/** Fresh items left below the limit. */
uint64_t dmap__plan_fresh(const dmap__plan *plan);

/* ---- requeue.c ---- */

/** The next range to be granted again, if a branch is free. */
bool dmap__requeue_grant(dmap__plan *plan, double now, dmap__step *step);
/** True if it may take a branch now: fresh items come after it. */
bool dmap__requeue_is_due(const dmap__plan *plan);
/** Keeps a range, its part below the limit; there must be room (dmap__heap_reserve). Its items stay pending. */
void dmap__requeue_put(dmap__plan *plan, const dmap__requeue *range);
/** Drops what is at or above the limit. */
void dmap__requeue_cut(dmap__plan *plan);
/** Makes pieces without a tag of all ranges. Returns DMAP_ENOMEM: some are still there. */
dmap_status dmap__requeue_drain(dmap__plan *plan);

/* ---- ready_queue.c ---- */

/** All branches with workers idle, and in the ring if they have a share. */
void dmap__ready_init(dmap__plan *plan);
/** Where the branch belongs. */
dmap__queue dmap__ready_queue(const dmap__plan *plan, const dmap__branch *branch);
/** Moves the branch to the end of the queue where it belongs now; in the same one only if it was just served. */
void dmap__ready_move(dmap__plan *plan, int branch, bool was_served);
/** True if the branch can take a lease: of this call, and of any. */
bool dmap__ready_may(const dmap__plan *plan, int branch);
/** The branch that has waited longest, idle ones first; another one than `avoid` if there is. -1: none. */
int dmap__ready_first(const dmap__plan *plan, int avoid);
/** Static: the turn passes on; a branch whose share is used up leaves the ring. */
void dmap__ready_pass(dmap__plan *plan);
/** Static: the branch is lost, and what it is still to get goes to the others. */
void dmap__ready_lose(dmap__plan *plan, int branch);
/** Static: nobody has a share any more. */
void dmap__ready_close(dmap__plan *plan);

/* ---- recall.c ---- */

/** Whom to ask for work back, if a branch is idle or the plan is drained. */
bool dmap__recall_next(dmap__plan *plan, double now, dmap__step *step);
/** Keeps the branch among the candidates, or out, after a change of its leases. */
void dmap__recall_note(dmap__plan *plan, int branch);
/** The same for all branches: what may be asked about has changed. */
void dmap__recall_renote(dmap__plan *plan);
/** A recall of the lease is over. */
void dmap__recall_end(dmap__plan *plan, dmap__lease *lease);

/* ---- spawn_count.c ---- */

/** How many of the items that wait here the next lease gets. */
uint64_t dmap__spawn_share(const dmap__plan *plan);
/** The lease to ask for all that waits in it; NULL: none is to be asked now. */
dmap__lease *dmap__spawn_victim(dmap__plan *plan, double now);

#endif
