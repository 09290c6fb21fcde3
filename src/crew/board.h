/* The board: chunks cut into deques, one a worker, from which workers take batches and steal.
 *
 * A worker takes from the front of its own deque by one compare-and-swap; when that is empty it moves half of
 * the nearest other's deque, from its back, into its own. No lock, no shared counter on the way of an item. A worker's
 * deques lie on pages of their own, in memory near to it. A chunk of a few items, of which many may be out, has a slot
 * of a smaller kind: one deque serves all workers. */
#ifndef DMAP_CREW_BOARD_H
#define DMAP_CREW_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "crew/work.h"

#define DMAP__BIG_SLOTS  8
#define DMAP__SMALL_MOST 4 /* items in a small slot */
#define DMAP__CACHE_LINE 64

/** One worker's part of one chunk; in a small slot, range 0 is everyone's, and a log is that of an item. `range` packs
 *  two 32-bit offsets from grant->begin: begin << 32 | end. */
typedef struct dmap__deque {
    _Alignas(DMAP__CACHE_LINE) _Atomic uint64_t range;
    dmap__outcome log; /* the worker's own until the chunk has ended */
} dmap__deque;

typedef struct dmap__slot {
    _Alignas(DMAP__CACHE_LINE) _Atomic uint64_t ticket; /* order of submission, from 1; 0: free */
    dmap__grant *grant;
    uint64_t call;                 /* that the grant belongs to */
    _Atomic uint32_t account;      /* where that call's time is counted */
    uint32_t most;                 /* items in a batch */
    struct dmap__spawn_work *work; /* of a grant whose items make items; made with the slot's first */
    _Atomic bool spawns;           /* this grant is one: its deques are not used */
    bool is_small;
    int n_deques;
    size_t deque_step; /* bytes from one to the next */
    unsigned char *deques;
    _Alignas(DMAP__CACHE_LINE) _Atomic uint64_t left; /* items that have not ended */
    _Atomic uint64_t undone;                          /* of those that have: to be tried again, or dropped unrun */
} dmap__slot;

/** Time that workers have spent on a call, in nanoseconds over its weight, and what it began with. */
typedef struct dmap__account {
    _Alignas(DMAP__CACHE_LINE) _Atomic uint64_t had;
    uint32_t weight; /* the manager's; 0: it is not used */
} dmap__account;

typedef struct dmap__board {
    int workers;
    uint64_t tickets;      /* given so far: the manager's */
    int n_slots;           /* big ones first */
    _Atomic int reached;   /* slots from here on were never used */
    _Atomic uint32_t used; /* grants on the board */
    dmap__slot *slots;
    unsigned char *near; /* deques of big slots, those of a worker side by side: near_step bytes a worker */
    size_t near_step;
    dmap__deque *small;         /* deques of small slots */
    _Atomic uint32_t *attached; /* by worker, a cache line apart: slot + 1 that it works in, or 0 */
    dmap__account *accounts;    /* as many as slots */
    _Atomic uint32_t calls;     /* accounts in use */
    uint64_t last_had;          /* the manager's: what the call had had that left last */
} dmap__board;

/** How many items of a call a worker takes at once: learned by it, for each of the last DMAP__PACES calls. */
#define DMAP__PACES 4
typedef struct dmap__pace {
    uint64_t call;
    uint32_t items; /* 1 or more */
    uint32_t most;  /* while its deque is long */
    uint32_t spare; /* items that it has just stolen, and did not take: for so many others */
} dmap__pace;

/* The manager is the rank's own thread; workers are numbered from 0. */

bool dmap__board_init(dmap__board *board, int workers);
/** Worker, once it is bound, and before a grant is put: has its deques' memory come from where it runs. */
void dmap__board_touch(const dmap__board *board, int worker);
void dmap__board_fini(dmap__board *board);

static inline dmap__deque *dmap__board_deque(const dmap__slot *slot, int i) {
    return (dmap__deque *)(void *)(slot->deques + (size_t)i * slot->deque_step);
}
/** The log of a batch that `worker` took, beginning at that offset. */
static inline dmap__outcome *dmap__board_log(const dmap__slot *slot, int worker, uint32_t begin) {
    return &dmap__board_deque(slot, slot->is_small ? (int)begin : worker)->log;
}
/** True if a grant is on the board. Any thread. */
static inline bool dmap__board_is_used(const dmap__board *board) {
    return atomic_load_explicit(&board->used, memory_order_relaxed) > 0;
}

/** Manager: a grant of the call is about to be put, or one has been cleared. A call that had none on the board has
 *  not saved its time up: it begins with what the least served of the others has had, or the last that left. */
void dmap__board_enter(dmap__board *board, dmap__crew_call *call);
void dmap__board_leave(dmap__board *board, dmap__crew_call *call);
/** Manager: puts a grant, whose call has entered, on the board, to be run in batches of at most `most` items. Returns
 *  false if no slot is free now: never with at most 6 out of more than DMAP__SMALL_MOST items, and at most 2 * workers
 *  + 4 of fewer; for as long as no worker is about to turn from one that has ended. */
bool dmap__board_put(dmap__board *board, dmap__grant *grant, uint32_t most);
/** Manager: a slot whose items have all ended, or NULL; the deques' logs are the caller's until dmap__board_clear. */
dmap__slot *dmap__board_ended(dmap__board *board);
void dmap__board_clear(dmap__board *board, dmap__slot *slot);
/** Manager: takes back up to `want` items, not begun, of a grant, the last ones of each deque first.
 *  Writes at most `workers` ranges of positions and returns their number. Of a grant whose items make items none are
 *  taken back: it is to end soon, with what is left in its outcome. */
int dmap__board_recall(dmap__board *board, const dmap__grant *grant, uint64_t want, uint64_t (*ranges)[2]);
/** Manager: items of a grant that have ended so far, been taken back, or not run.
 *  undone:  gets how many of them are not done for good, and were not taken back */
uint64_t dmap__board_progress(const dmap__board *board, const dmap__grant *grant, uint64_t *undone);

/** Worker: takes a batch of the call that has had least time; of its oldest grant. Of pace->items to pace->most items
 *  (one, if there is no pace of that call among the worker's DMAP__PACES): returns its slot and offsets [*begin, *end)
 *  from grant->begin, or NULL if there is none. The worker stays attached to the slot until it takes from another, or
 *  gets NULL. */
dmap__slot *dmap__board_take(dmap__board *board, int worker, dmap__pace *paces, uint32_t *begin, uint32_t *end);
/** Worker: its pace for a call; that of another call is forgotten for it, if need be. */
dmap__pace *dmap__pace_of(dmap__pace *paces, uint64_t call);
/** Worker: it has spent that long on a batch of the slot, not told to have ended yet. */
void dmap__board_charge(dmap__board *board, const dmap__slot *slot, double seconds);
/** Worker: true if there is something to take, now or a moment ago. To be asked after it has said, by a sequentially
 *  consistent write, that it is about to sleep: then a thief that does not see that write is seen by this look. */
bool dmap__board_has_work(const dmap__board *board);
/** Worker: empties its own deque of a slot; returns how many items that were. */
uint32_t dmap__board_drain(dmap__slot *slot, int worker);
/** Worker: so many items, of those that it will say have ended, are to be tried again, or were dropped. */
void dmap__board_undo(dmap__slot *slot, uint64_t items);
/** Worker: so many items that it took have ended. Returns true if they were the last of the chunk; the slot must not
 *  be touched then any more. */
bool dmap__board_end(dmap__slot *slot, uint64_t items);

#endif
