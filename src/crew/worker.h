/* A worker: takes batches from the board and runs the task on them. */
#ifndef DMAP_CREW_WORKER_H
#define DMAP_CREW_WORKER_H

#include "crew/crew_state.h"

typedef struct dmap__worker dmap__worker;
struct dmap__worker_proc;

/** core: for messages; -1: not known. Returns NULL if memory is out. */
dmap__worker *dmap__worker_create(dmap__crew_state *crew, int number, int core);
/** After dmap__worker_leave, by any thread. worker may be NULL. */
void dmap__worker_destroy(dmap__worker *worker);

/** Runs one batch. Returns 0: there was nothing to run; 1: it ran; 2: and it was the last of its chunk. */
int dmap__worker_step(dmap__worker *worker);
/** Gives the worker a process that runs its items from now on (taken over). Before its first step. */
void dmap__worker_hand_over(dmap__worker *worker, struct dmap__worker_proc *proc);
/** What it runs the task with. */
const dmap_context *dmap__worker_context(const dmap__worker *worker);
/** Most items of a grant that a worker may take at once. */
uint32_t dmap__worker_most(const dmap__crew_state *crew, const dmap__grant *grant);
/** Another thread may want its core: it yields before it begins its next batch. */
void dmap__worker_give_way(dmap__worker *worker);
/** Gives back memory for items and results beyond about so many bytes. By any thread, while no grant is out. */
void dmap__worker_trim(dmap__worker *worker, size_t bytes);
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

#endif
