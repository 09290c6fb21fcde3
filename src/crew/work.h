/* What a crew is told: the work (all that the chunks of a call have in common) and the grants (its chunks). */
#ifndef DMAP_CREW_WORK_H
#define DMAP_CREW_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/dmap.h>

#include "base/outcome.h"

/** What becomes of results on the rank where they arise. */
typedef enum dmap__want { DMAP__WANT_NOTHING = 0, DMAP__WANT_RESULTS = 1, DMAP__WANT_FOLD = 2 } dmap__want;

typedef struct dmap__work {
    const dmap_task *task;
    uint32_t task_id; /* its place in the registry */
    dmap__want want;
    bool each_span; /* keep the seconds of each batch, not of runs of them */
    bool emits;     /* somebody takes what items emit */
    bool stop;      /* DMAP_STOP: nothing above a final failure is wanted */
    int retries;
    double item_timeout_s; /* 0: none */
    uint64_t seed;
} dmap__work;

/** How the items of a grant lie in memory. */
typedef enum dmap__layout {
    DMAP__LAYOUT_RANGE = 0, /* nowhere: item of index i is the number range_first + i */
    DMAP__LAYOUT_ARRAY = 1, /* side by side */
    DMAP__LAYOUT_BLOBS = 2  /* a table of pointers and sizes */
} dmap__layout;

/** A chunk for a crew. The crew's until dmap__crew_poll gives it back. */
typedef struct dmap__grant {
    uint32_t lease;
    uint64_t begin, end; /* positions; fewer than 2^32 of them */
    int attempt;
    dmap__layout layout;
    uint64_t range_first;
    const void *items;       /* ARRAY: the item at `begin`; BLOBS: dmap_blob table whose entry 0 is that of `begin` */
    const uint64_t *indices; /* of the items, from `begin` on; NULL: index = position */
    /* Set before by the giver: results.fixed or results.refs, where the work wants results. */
    dmap__outcome outcome;
    void *owner; /* the giver's own */
} dmap__grant;

static inline uint64_t dmap__grant_index(const dmap__grant *grant, uint64_t position) {
    return grant->indices ? grant->indices[position - grant->begin] : position;
}

#endif
