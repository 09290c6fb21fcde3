/* A worker: takes batches from the board and runs the task on them. */
#ifndef DMAP_CREW_WORKER_H
#define DMAP_CREW_WORKER_H

#include <stdatomic.h>

#include <signal.h>

#include "crew/board.h"
#include "crew/stage.h"

typedef struct dmap__worker dmap__worker;
struct dmap__puppet;

/** What all workers of a crew look at. Written by the manager while no grant is out, but for `limit`. */
typedef struct dmap__crew_state {
    dmap__board board;
    dmap__work work;
    int rank;
    size_t n_tasks;     /* in the registry */
    const void *shared; /* dmap_share's data */
    size_t shared_size;
    uint64_t shared_generation;
    dmap__shared_place shared_place; /* where processes find them */
    struct dmap__stage_head *
        *stages; /* of the workers' processes, which look at limits of their own; NULL: threads only */
    int n_stages;
    struct dmap__emissions *emissions;
    sigset_t mask;           /* signals that tasks find blocked */
    uint64_t mask_number;    /* counts its changes, from 1; 0: workers leave theirs as it is */
    void (*tell)(void *arg); /* wakes the manager */
    void *tell_arg;
    _Alignas(DMAP__CACHE_LINE) _Atomic uint64_t limit; /* items of this index and above are not wanted */
} dmap__crew_state;

/** core: for messages; -1: not known. Returns NULL if memory is out. */
dmap__worker *dmap__worker_create(dmap__crew_state *crew, int number, int core);
/** After dmap__worker_leave, by any thread. worker may be NULL. */
void dmap__worker_destroy(dmap__worker *worker);

/** Runs one batch. Returns 0: there was nothing to run; 1: it ran; 2: and it was the last of its chunk. */
int dmap__worker_step(dmap__worker *worker);
/** Gives the worker a process that runs its items from now on (taken over). Before its first step. */
void dmap__worker_hand_over(dmap__worker *worker, struct dmap__puppet *puppet);
/** Most items of a grant that a worker may take at once. */
uint32_t dmap__worker_most(const dmap__crew_state *crew, const dmap__grant *grant);
/** Another thread may want its core: it yields before it begins its next batch. */
void dmap__worker_give_way(dmap__worker *worker);
/** Tasks are to find the signals blocked that the calling thread has, as in a serial loop. While no grant is out. */
void dmap__worker_take_mask(dmap__crew_state *crew);
/** It is about to sleep: its thread takes no signals meanwhile. */
void dmap__worker_rest(dmap__worker *worker);
/** A task did not return (pthread_exit, an exception): what it was at has failed. The rest of its batch is run if that
 *  `goes_on`. Does nothing if there was no batch. Returns as dmap__worker_step does.
 *  Called by:  that thread, once the task's frames are gone
 *  why:        a sentence */
int dmap__worker_resume(dmap__worker *worker, const char *why, bool goes_on);
/** Runs what tear-downs are due. Called by: the worker's own thread, at its end. */
void dmap__worker_leave(dmap__worker *worker);

/** Lowers the limit of a crew; returns true if it was higher. Any thread. */
bool dmap__crew_lower_limit(dmap__crew_state *crew, uint64_t limit);
/** What this thread is inside of: a task's context; NULL: no task. A signal handler may ask, too. */
const struct dmap_context *dmap__worker_inside(void);

#endif
