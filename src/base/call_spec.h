/* What all chunks of a call have in common: plain bytes, which travel from the master to every rank as they are. */
#ifndef DMAP_BASE_CALL_SPEC_H
#define DMAP_BASE_CALL_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include <dmap/dmap.h>

/** What becomes of results on the rank where they arise. */
typedef enum dmap__want { DMAP__WANT_NOTHING = 0, DMAP__WANT_RESULTS = 1, DMAP__WANT_FOLD = 2 } dmap__want;

typedef struct dmap__call_spec {
    uint64_t seed;
    double item_timeout_s; /* 0: none */
    uint32_t task_id;      /* its place in the registry */
    uint32_t want;         /* a dmap__want */
    int32_t retries;
    uint32_t weight;   /* its part of the workers' time, beside that of other calls; 0: as 1 */
    uint8_t stop;      /* DMAP_STOP: nothing above a final failure is wanted */
    uint8_t each_span; /* keep the seconds of each batch, not of runs of them */
    uint8_t shuffled;  /* chunks bring the indices of their items along */
    uint8_t emits;     /* somebody takes what items emit */
    float watch_s;     /* somebody looks on: workers tell what they did, joined up to so long; 0: nobody does */
    uint8_t spawns;    /* items make items: chunks and outcomes are records */
    uint8_t rank_bits; /* that the index of such an item has for the rank that made it */
    uint8_t reserved[6];
    uint64_t window; /* spawns: bytes of items that wait and results at a rank, about */
} dmap__call_spec;

_Static_assert(sizeof(dmap__call_spec) == 56, "a spec travels without holes");

/** What an item comes to that has failed. */
typedef enum dmap__verdict {
    DMAP__VERDICT_RETRY = 0,  /* it is tried again, */
    DMAP__VERDICT_FAILED = 1, /* or that was final, */
    DMAP__VERDICT_STOP = 2    /* and ends the call: nothing of a higher index is wanted */
} dmap__verdict;

/** The one rule for that: a failure is final in the last attempt that the call allows, of an item that was cancelled or
 *  that ranks were lost with, and of one that may not begin again.
 *  status: a dmap_item_status; attempt: that in which it failed, from 1, less those that ended with their rank */
static inline dmap__verdict dmap__verdict_of(const dmap__call_spec *spec, int status, int attempt, bool may_begin) {
    bool is_last = status == DMAP_ITEM_CANCELLED || status == DMAP_ITEM_LOST;
    if (may_begin && attempt <= spec->retries && !is_last)
        return DMAP__VERDICT_RETRY;
    return spec->stop ? DMAP__VERDICT_STOP : DMAP__VERDICT_FAILED;
}

#endif
