/* What the workers of a crew have in common, and what they and their manager do with it. */
#ifndef DMAP_CREW_CREW_STATE_H
#define DMAP_CREW_CREW_STATE_H

#include <signal.h>
#include <stdatomic.h>

#include "crew/board.h"
#include "crew/shm_channel.h"

/** What all workers of a crew look at. Written by the manager while no grant is out. */
typedef struct dmap__crew_state {
    dmap__board board;
    int rank;
    size_t n_tasks;     /* in the registry */
    const void *shared; /* dmap_share's data */
    size_t shared_size;
    uint64_t shared_generation;
    dmap__shared_place shared_place; /* where processes find them */
    struct dmap__shm_channel_head *
        *channels; /* of the workers' processes, which look at limits of their own; NULL: threads only */
    int n_channels;
    struct dmap__emissions *emissions;
    _Atomic bool is_broken;                   /* the fork server was killed: set before a limit is lowered for that */
    sigset_t mask;                            /* signals that tasks find blocked */
    uint64_t mask_number;                     /* counts its changes, from 1; 0: workers leave theirs as it is */
    void (*tell)(void *arg);                  /* wakes the manager */
    void (*share)(void *arg, uint64_t items); /* this worker has so many to spare: for as many others */
    void *tell_arg;
    void (*hear)(
        void *arg); /* DMAP_SERIAL: lets this thread hear what it would hear if it ran no item; NULL: nothing */
    void *hear_arg;
} dmap__crew_state;

/** Lowers a limit, if it is higher: returns whether. */
bool dmap__limit_lower(_Atomic uint64_t *limit, uint64_t value);
/** Lowers the limit of a call; returns true if it was higher. Any thread. */
bool dmap__crew_lower_limit(dmap__crew_state *crew, dmap__crew_call *call, uint64_t limit);
/** Items of the call were cancelled: workers whose processes are at it look now, not in a while. Any thread. */
void dmap__crew_look_up(const dmap__crew_state *crew, const dmap__crew_call *call);
/** Marks this thread as inside a task, or not any more (NULL). */
void dmap__worker_mark(dmap_context *inside);
/** What this thread is inside of: a task's context; NULL: no task. A signal handler may ask, too. */
const dmap_context *dmap__worker_inside(void);

#endif
