/* A chunk of a call whose items make items, while the workers of this rank are at it. See spawn.c. */
#ifndef DMAP_CREW_SPAWN_H
#define DMAP_CREW_SPAWN_H

#include "crew/spawn_deque.h"

/** One worker's part. */
typedef struct dmap__spawn_lane {
    dmap__spawn_deque deque;
    _Alignas(DMAP__CACHE_LINE) _Atomic uint64_t stolen; /* bytes of items that thieves took */
    _Alignas(DMAP__CACHE_LINE) uint64_t held;           /* bytes of items that came into the deque less those that the
                                                           owner took. The owner's, and what follows */
    uint64_t indices, indices_end;                      /* that it may give to items */
    void *value;     /* WANT_FOLD, of fixed size: what the results come to; NULL: nothing yet */
    dmap__fold fold; /* the same of variable size */
    uint64_t folded;
    double longest_s; /* that the worker was inside: no item of the chunk took it more */
} dmap__spawn_lane;

typedef struct dmap__spawn_work {
    _Alignas(DMAP__CACHE_LINE) _Atomic uint64_t state; /* see spawn.c */
    _Atomic uint64_t ran;                              /* items that have ended, */
    _Atomic uint64_t again;                            /* and attempts after which they were tried again */
    double began_s;
    int workers;
    dmap__spawn_lane *lanes;
} dmap__spawn_work;

/** work may be NULL. */
void dmap__spawn_work_destroy(dmap__spawn_work *work);

/** Manager: if the grant's items make items, *work (NULL: it is made) is the grant's from now on, and nobody is at it.
 *  Without memory for that the grant ends as it begins, and its call with it. Returns true if it is used. */
bool dmap__spawn_open(dmap__spawn_work **work, int workers, dmap__grant *grant);
/** Worker: true if there is an item to take, now or a moment ago. */
bool dmap__spawn_has_work(const dmap__spawn_work *work);
/** Worker: goes inside. Returns false if it has ended, or is to end. */
bool dmap__spawn_enter(dmap__spawn_work *work);
/** Worker: leaves it again; since it went inside, so many items have come, and so many of all have ended, of which
 *  `again` have come again. Returns true if the chunk has ended with that. */
bool dmap__spawn_leave(dmap__spawn_work *work, uint64_t came, uint64_t ended, uint64_t again);
/** No further item is to be begun. Any thread. Returns true if the chunk has ended with that. */
bool dmap__spawn_stop(dmap__spawn_work *work);
static inline bool dmap__spawn_is_stopped(const dmap__spawn_work *work) {
    return atomic_load_explicit(&work->state, memory_order_relaxed) >> 63;
}
/** Manager: true if the chunk has ended. */
bool dmap__spawn_has_ended(const dmap__spawn_work *work);
/** Items that wait or run, about. */
uint64_t dmap__spawn_waiting(const dmap__spawn_work *work);

/** Worker, inside: the next item: its own youngest, or the oldest of another, with half of what follows. NULL: there is
 *  none. */
dmap__spawn_record *dmap__spawn_take(dmap__spawn_work *work, int worker);
/** Worker, inside: an item that waits from now on. Returns false if memory is out. */
bool dmap__spawn_put(dmap__spawn_work *work, int worker, dmap__spawn_record *record);
/** An index for an item made by that worker on this rank. */
uint64_t dmap__spawn_index(dmap__spawn_work *work, int worker, dmap__crew_call *call, int rank);

/** Manager, once it has ended: what is left goes into the grant's outcome. */
void dmap__spawn_collect(dmap__spawn_work *work, dmap__grant *grant);

/** A record's memory, and the memory's end. The bytes are not cleared. */
dmap__spawn_record *dmap__spawn_alloc(size_t size);
void dmap__spawn_free(dmap__spawn_record *record);

#endif
