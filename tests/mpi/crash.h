/* The suites of the crash program, and what they share: tasks that end their process in every way, and eyes for the
 * processes of a run. */
#ifndef DMAP_TESTS_CRASH_H
#define DMAP_TESTS_CRASH_H

#include "harness.h"

/* ---- fates (crash_fate.c) ---- */

/** What becomes of an item. */
typedef enum fate {
    FATE_GOOD,
    FATE_SEGV,
    FATE_OVERFLOW, /* of the stack */
    FATE_ABORT,
    FATE_FPE,
    FATE_BUS,
    FATE_EXIT,   /* exit(3) */
    FATE__EXIT,  /* _exit(9) */
    FATE_FLAKY,  /* crashes at the first attempt only */
    FATE_REFUSE, /* the task returns 5 */
    FATE_HANG    /* until it is killed, in calls whose seed is odd; else FATE_SEGV */
} fate;

/** The fate of item `index` of `count` in a call of this seed: of 10,000, 100 crash, 20 exit, 10 are refused, 30 are
 *  flaky, 10 hang. */
fate fate_of(uint64_t seed, uint64_t index, uint64_t count);
/** Meets it. Returns what the task has to return. */
int fate_meet(dmap_context *ctx, fate what);

typedef struct fate_end {
    dmap_item_status status;
    int code, signal;
} fate_end;

/** How an item of this fate ends after so many attempts. */
fate_end fate_ends(fate what, int attempts);

/* ---- processes (crash_look.c) ---- */

/** Process ids of the workers' processes of all ranks of this run on this host, zombies too; returns how many. */
int look_workers(int *pids, int most);
/** Waits up to 5 s for there to be no zombie among them. */
bool look_no_zombies(void);
/** In a worker's process: its channel. */
struct dmap__shm_channel_head *look_channel(void);
/** Open descriptors of this process. */
int look_descriptors(void);

/** A thread that kills workers' processes, at random moments. */
typedef struct killer killer;

/** wanted: most kills. NULL if it cannot be started. */
killer *killer_start(uint64_t seed, int wanted);
/** Ends it; returns how many it killed. */
int killer_stop(killer *k);

/* ---- suites ---- */

void crash_add_storm(void);
void crash_add_ends(void);
void crash_add_life(void);
void crash_add_wild(void);
void crash_add_rude(void);
void crash_add_refresh(void);

#endif
