/* What a crew is told: calls (all that their chunks have in common) and grants (the chunks). */
#ifndef DMAP_CREW_WORK_H
#define DMAP_CREW_WORK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/dmap.h>

#include "base/call_spec.h"
#include "base/cross_memory.h"
#include "base/outcome.h"

/** What becomes of items that run when they are not wanted any more: all are asked to stop (dmap_cancelled). */
typedef enum dmap__fate {
    DMAP__FATE_MOMENT = 0, /* a process is killed if it takes no notice */
    DMAP__FATE_RUNS = 1,   /* they may run to their end, in processes too */
    DMAP__FATE_KILLED = 2  /* a process is killed at once */
} dmap__fate;

/** A call, as the workers of a rank see it: made by the giver of its grants, and there until none of them is out. */
typedef struct dmap__crew_call {
    dmap__call_spec spec;
    const dmap_task *task;
    uint64_t id;              /* unique on this rank, never 0 */
    uint32_t account;         /* the board's: where its workers' time is counted while grants of it are out */
    uint64_t had;             /* the manager's: that time, when none was */
    size_t grants;            /* the manager's: out */
    _Atomic uint64_t limit;   /* items of this index and above are not wanted; */
    _Atomic uint32_t fate;    /* of those that run already: a dmap__fate */
    _Atomic uint64_t best;    /* a key: see best.h */
    uint64_t told_best;       /* the manager's: that others know */
    _Atomic uint64_t indices; /* given to items that items on this rank made */
} dmap__crew_call;

/** How the items of a grant lie in memory. */
typedef enum dmap__layout {
    DMAP__LAYOUT_RANGE = 0, /* nowhere: item of index i is the number range_first + i */
    DMAP__LAYOUT_ARRAY = 1, /* side by side */
    DMAP__LAYOUT_BLOBS = 2  /* a table of pointers and sizes */
} dmap__layout;

/** Bytes of an item or a result that goes between a worker and another process: of smaller ones there are so many in a
 *  message, and they take so long to compute, that the rank's own thread sends them beside that; larger ones leave the
 *  cache on the way. And bytes of a chunk that does so at the least, and of a batch, that are worth a system call. */
#define DMAP__DIRECT_LEAST ((size_t)512)
#define DMAP__DIRECT_MOST  ((size_t)2 << 20)
#define DMAP__DIRECT_CHUNK ((size_t)64 << 10)
#define DMAP__DIRECT_BATCH ((size_t)4 << 10)

/** How the results of a chunk leave the rank. */
typedef enum dmap__direct_way {
    DMAP__DIRECT_WAY_OPEN = 0, /* no batch has ended yet */
    DMAP__DIRECT_WAY_ALL = 1,  /* each worker writes its own to `place` */
    DMAP__DIRECT_WAY_NONE = 2  /* they are kept in the outcome */
} dmap__direct_way;

/** A chunk for a crew. The crew's until dmap__crew_poll gives it back. */
typedef struct dmap__grant {
    dmap__crew_call *call;
    uint32_t lease;
    uint64_t begin, end; /* positions; fewer than 2^32 of them */
    int attempt;
    int losses; /* attempts that ended with a lost rank */
    dmap__layout layout;
    uint64_t range_first;
    const void *items;       /* ARRAY: the item at `begin`; BLOBS: dmap_blob table whose entry 0 is that of `begin` */
    const uint64_t *indices; /* of the items, from `begin` on; NULL: index = position */
    /* Set before by the giver: results.fixed or results.refs, where the call wants results. */
    dmap__outcome outcome;
    /* The memory of another process: items of an ARRAY may lie there, the one at `begin` at `items_at` (and `items` is
     * NULL), and results of fixed size may belong there, that of the item at `begin` at `place`. 0: no. */
    const dmap__cross_memory *reach; /* borrowed until the end */
    uint64_t items_at, place;
    _Atomic uint32_t direct_way;      /* a dmap__direct_way; the workers' */
    _Atomic uint8_t *_Atomic cancels; /* a dmap__cancel of each item; NULL: none is cancelled. See cancel.h */
    void *owner;                      /* the giver's own */
} dmap__grant;

static inline uint64_t dmap__grant_index(const dmap__grant *grant, uint64_t position) {
    return grant->indices ? grant->indices[position - grant->begin] : position;
}

#endif
