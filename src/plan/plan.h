/* The plan: chunk sizes, who gets what, leases, recall, retries, the order window, the lowest failing index.
 *
 * Pure: no MPI, no threads, no clock, no I/O. Time is an argument (seconds, any origin, never backwards), events are
 * calls, and what is to be done is asked for with dmap__plan_next and dmap__plan_take. Memory grows by doubling as
 * leases and pieces come, never on the way of an item.
 *
 * It works on *positions* 0, 1, …: the caller maps them to items. A *branch* is whatever runs chunks: a rank far away
 * or the crew on the master's own cores. A *lease* is a chunk out at a branch. A *piece* is a contiguous range of
 * positions that have ended, and their results; the caller's `tag` names it. */
#ifndef DMAP_PLAN_PLAN_H
#define DMAP_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/dmap.h>

#include "base/call_spec.h"
#include "plan/fleet.h"

typedef struct dmap__plan dmap__plan;

typedef struct dmap__plan_config {
    int branches;       /* 1 or more */
    const int *workers; /* of each branch; 0: it gets no work. At least one is not 0. Copied */
    dmap__fleet *fleet; /* of these branches, shared with other plans; NULL: this call is alone, in one of its own */
    dmap__fleet_share *share; /* the call's, with a fleet. Both are borrowed */
    uint32_t task;            /* of the call, by its number in the fleet */
    uint32_t weight;          /* of the call, beside those of the others; 0: as 1 */
    uint64_t count;           /* of items, up to UINT64_MAX; of a stream it is not looked at */
    bool is_stream;           /* nobody knows how many items there are until the source ends */
    bool is_offered;          /* items are there when they are offered, as a stream's always are; else all are */
    dmap_schedule schedule;
    uint64_t chunk;        /* the caller's wish, as in dmap_map_options; 0: none */
    uint64_t max_chunk;    /* most items in a lease (from their sizes in bytes); 0: no bound */
    uint64_t max_share;    /* the same, for each worker of a branch: of all but the first, which is sent nothing, */
    bool all_share;        /* or of that, too */
    bool ordered;          /* pieces are to be taken in order: the window holds */
    uint64_t window;       /* bytes; > 0 if ordered */
    uint64_t result_bytes; /* of an item's result; 0: not known beforehand, measured */
    bool spawns;           /* items make items: see spawn_count.c */
    bool no_prefetch;      /* no item waits at a branch: it gets as many as it has idle workers */
    int lost_limit;        /* an item that so many branches were lost with is tried once more, alone; 0: 2 */
    size_t lease_size;     /* bytes that the caller has for a lease, which begin with a dmap__lease; 0: just that */
} dmap__plan_config;

/** A lease: a chunk that is out, and all that is known of it, once. The plan writes it; others read it, from the grant
 *  until dmap__plan_done, and keep behind it what goes with it: zeros at first, and theirs to clear. */
typedef struct dmap__lease {
    bool out;
    int branch;
    int attempt;         /* of every item in it, from 1 */
    int losses;          /* branches that were lost with these items: as many of the attempts have ended so */
    uint32_t number;     /* unique among the leases out at the time */
    uint64_t begin, end; /* positions */
    uint64_t returned;   /* items taken back, ... */
    uint64_t retried;    /* ... and to be tried again: in both cases they will be granted again */
    uint64_t settled;    /* items returned, failed for good or to be tried again, or in a piece that came */
    uint64_t ended;      /* items that have ended by the last progress report */
    uint64_t waiting;    /* spawns: items that wait in it, by that */
    /* Private to the plan. */
    bool asked;   /* a recall is under way */
    bool barren;  /* a recall brought nothing: not asked again */
    bool emptied; /* asked for all, as the plan is drained */
    bool is_big;
    bool waited;           /* behind another of the branch */
    uint32_t holes;        /* what was taken back of it, in plan->holes */
    int promised;          /* idle branches that the recall is for */
    uint64_t bytes;        /* of its pieces that came */
    double from_s;         /* when it was granted */
    double item_s;         /* that one of its items is expected to take, over the call's weight */
    double expected_s;     /* what it counts for in the call's share */
    uint32_t older, newer; /* leases of the branch, by number; of free ones, `older` is the next free one */
} dmap__lease;

typedef enum dmap__step_kind {
    DMAP__STEP_GRANT,  /* give [begin, end) to branch as lease */
    DMAP__STEP_RECALL, /* ask branch for up to `want` items of lease, not begun, back: answer by dmap__plan_returned */
    DMAP__STEP_LIMIT   /* tell every branch (`branch` is -1) that positions from `begin` on are not wanted any more */
} dmap__step_kind;

typedef struct dmap__step {
    dmap__step_kind kind;
    int branch;
    uint32_t lease; /* unique among the leases out at the time */
    uint64_t begin, end;
    uint64_t want;
    int attempt; /* GRANT: of every item in it, from 1, ... */
    int losses;  /* ... of which so many ended with their branch */
} dmap__step;

typedef struct dmap__piece {
    uint64_t begin, end; /* positions */
    uint64_t bytes;      /* what it holds in memory; counted against the window */
    void *tag;           /* NULL: nothing came, as the plan was drained */
} dmap__piece;

typedef struct dmap__range {
    uint64_t begin, end;
} dmap__range;

typedef struct dmap__plan_stats {
    uint64_t chunks;      /* granted */
    uint64_t recalled;    /* items given back */
    uint64_t retried;     /* further attempts */
    uint64_t lost;        /* items that were at a branch when it was lost */
    uint64_t window_peak; /* most bytes of pieces come and not yet released, ordered or not */
    uint64_t window;      /* bytes now */
    uint64_t leases;      /* out */
} dmap__plan_stats;

/** Makes a plan. Returns NULL if memory is out. */
dmap__plan *dmap__plan_create(const dmap__plan_config *config);
/** plan may be NULL. Pieces not taken are forgotten: take them first (dmap__plan_drop). */
void dmap__plan_destroy(dmap__plan *plan);

/** The next thing to do for a branch, now; to be asked until it returns false after every event, and now and then (some
 *  10 ms) without one while leases are out: that a branch is overdue shows by time alone. No item is granted that is
 *  not there. O(1); a recall O(64). */
bool dmap__plan_next(dmap__plan *plan, double now, dmap__step *step);
/** The lease of a number, until the plan grants another one: memory moves. NULL: it is not out. */
dmap__lease *dmap__plan_lease(const dmap__plan *plan, uint64_t number);
/** Numbers of leases are below that. */
uint32_t dmap__plan_leases(const dmap__plan *plan);
/** Why nothing is granted, once dmap__plan_next returned false. */
typedef enum dmap__plan_wait {
    DMAP__PLAN_WAIT_BRANCHES = 0, /* they have enough, or the source has to be asked */
    DMAP__PLAN_WAIT_WINDOW = 1,   /* one has not, but the window is full */
    DMAP__PLAN_WAIT_NOTHING = 2   /* nothing is left to grant */
} dmap__plan_wait;
dmap__plan_wait dmap__plan_waits_for(dmap__plan *plan);
/** True while a branch has nothing to do and another may have what could be asked back: then ask every millisecond. */
bool dmap__plan_is_uneven(const dmap__plan *plan);

/** How many items the next lease would get, if the source has them: 0 if none is due, or if something else or items
 *  that were offered come first. To be asked before dmap__plan_next, where items are offered: the source is then asked
 *  for as many, and what it has is told by dmap__plan_offer. */
uint64_t dmap__plan_wanted(dmap__plan *plan);
/** The items below position `end` are there. is_last: of a stream, that there are no others. */
void dmap__plan_offer(dmap__plan *plan, uint64_t end, bool is_last);

/** The fresh items of a piece have ended before: they are not granted. It begins where the fresh items do (see
 *  dmap__plan_granted), and all below are granted. Not for DMAP_STATIC, which has dealt all items out. Returns
 *  DMAP_ENOMEM: the piece was not taken over. */
dmap_status dmap__plan_have(dmap__plan *plan, const dmap__piece *piece);
/** Positions below have been granted, or had. */
uint64_t dmap__plan_granted(const dmap__plan *plan);
/** Bytes of pieces that have come, and were not released. */
uint64_t dmap__plan_held(const dmap__plan *plan);
/** Spawns: so many items wait here, to be granted next, of the source's and of those that came back. Told before
 *  dmap__plan_wanted. */
void dmap__plan_found(dmap__plan *plan, uint64_t waiting);
/** Spawns: so many items wait in a lease. */
void dmap__plan_lease_found(dmap__plan *plan, uint32_t lease, uint64_t waiting);
/** Leases out. */
size_t dmap__plan_out(const dmap__plan *plan);

/** Nothing that has not begun is to be begun: every lease is recalled, what comes back and what was to be granted again
 *  becomes pieces without a tag, and there is no item beyond those granted. Returns DMAP_ENOMEM: call it again. */
dmap_status dmap__plan_drain(dmap__plan *plan);

/** True if the item at a position would be granted again: it is wanted, and the plan is not drained. */
bool dmap__plan_may_begin(const dmap__plan *plan, uint64_t position);
/** An item of a lease has failed, and comes to that. Comes before dmap__plan_done of the lease. RETRY: it is granted
 *  again, to another branch if there is one free; it is in no piece. STOP: nothing at or above its position is wanted;
 *  it is in no piece. FAILED: it is in its piece. Returns DMAP_ENOMEM: it was not taken in */
dmap_status dmap__plan_failed(dmap__plan *plan, uint32_t lease, uint64_t position, dmap__verdict verdict);
/** A piece of a lease has come. Comes before dmap__plan_done of that lease. A piece at or above the limit may come: it
 *  is dropped (see dmap__plan_drop); one that begins below it is delivered whole. Returns DMAP_ENOMEM: the piece was
 *  not taken over. */
dmap_status dmap__plan_piece(dmap__plan *plan, uint32_t lease, const dmap__piece *piece);
/** A lease has ended: every item of it was returned, failed, in a piece, or above the limit.
 *  now:     what has passed between the branch's ends tells how fast its results come back
 *  items:   that it ran    busy_s: time in tasks, summed over the branch's workers */
void dmap__plan_done(dmap__plan *plan, double now, uint32_t lease, uint64_t items, double busy_s);
/** Answer to a recall: these ranges (may be none) of the lease were not begun and are taken back. A recall of a lease
 *  that has ended since is answered by dmap__plan_done alone: no answer may follow it.
 *  Returns DMAP_ENOMEM */
dmap_status dmap__plan_returned(dmap__plan *plan, uint32_t lease, const dmap__range *ranges, size_t n);
/** A branch is lost. First, for each of its leases: its items that were not taken back are granted again, in another
 *  attempt; then the lease is ended by dmap__plan_done, with 0 items. Returns DMAP_ENOMEM: nothing has changed. */
dmap_status dmap__plan_lost(dmap__plan *plan, uint32_t lease);
/** True if the lease is of an item that is to blame, as far as is known: as many branches as are allowed were lost with
 *  it before, and now this one, on which it was alone. Then it is to fail for good, as DMAP_ITEM_LOST.
 *  suspects: of the branch, by dmap__fleet_suspects, before any of its leases ended */
bool dmap__plan_is_to_blame(const dmap__plan *plan, const dmap__lease *lease, int suspects);
/** Then, with no lease out there: the branch gets nothing any more. Before dmap__fleet_lose. Returns false if no branch
 *  with workers is left. */
bool dmap__plan_lose(dmap__plan *plan, int branch);
/** So many items of a lease have ended so far. */
void dmap__plan_progress(dmap__plan *plan, double now, uint32_t lease, uint64_t items);

/** Nothing at or above `limit` is wanted any more (0: nothing at all): a deadline, a sink that stopped. */
void dmap__plan_limit(dmap__plan *plan, uint64_t limit);

/** The next piece to deliver: in order if `ordered`, else as it came; false if there is none now. Its bytes stay in the
 *  window until dmap__plan_release (in parts, if so wished). */
bool dmap__plan_take(dmap__plan *plan, dmap__piece *piece);
void dmap__plan_release(dmap__plan *plan, uint64_t bytes);
/** A piece that is not wanted any more, to be freed by the caller (nothing to release); false if there is none. */
bool dmap__plan_drop(dmap__plan *plan, dmap__piece *piece);

/** True when nothing is out, nothing is left to grant, and every piece was taken. Ask after dmap__plan_next returned
 *  false. */
bool dmap__plan_over(const dmap__plan *plan);
void dmap__plan_stats_get(const dmap__plan *plan, dmap__plan_stats *stats);
/** Verifies every invariant written in plan.c: NULL, or a sentence that names the broken one. For tests. */
const char *dmap__plan_check(const dmap__plan *plan);

#endif
