/* The workers of this rank. The rank's own thread is their manager: it calls every function here. It gives them
 * grants and gets them back with their outcome; workers are threads, with a process each
 * (DMAP_PROCESSES) or without (DMAP_THREADS), or the manager itself (DMAP_SERIAL). */
#ifndef DMAP_CREW_CREW_H
#define DMAP_CREW_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bell.h"
#include "base/error.h"
#include "cpu/nested_threads.h"
#include "cpu/topology.h"
#include "crew/work.h"

/* Grants out: most of more than DMAP__CREW_SMALL items; of others, 2 * workers + 4. */
#define DMAP__CREW_GRANTS 6
#define DMAP__CREW_SMALL  4

typedef struct dmap__crew dmap__crew;

typedef struct dmap__crew_config {
    dmap_backend backend;                   /* none of the fields below is a default value */
    dmap_start start;                       /* DMAP_PROCESSES: of processes */
    uint64_t refresh_items, refresh_memory; /* DMAP_PROCESSES: as in dmap_options */
    double start_timeout_s;                 /* DMAP_PROCESSES: for one to come up; 0: the default */
    int workers;                            /* 1 or more; DMAP_SERIAL: 1 */
    size_t stack_size;                      /* of each thread, in bytes; 0: as ulimit -s says, or much */
    bool spins; /* there are cores to spare: a worker looks for work for a while before it sleeps */
    int rank;
    dmap__bell *bell; /* borrowed as long as the crew; rung when a grant has ended, something was emitted, or a worker
                         has nothing to do */
    void (*hear)(void *arg); /* DMAP_SERIAL: an item asks whether it is to stop, in the manager's thread, which is the
                                one that would hear of it; may be NULL */
    void *hear_arg;
    size_t n_tasks;                 /* in the registry */
    const dmap__topology *topology; /* borrowed as long as the crew; NULL: nobody is bound */
    const dmap__place *places;      /* one a worker; copied. NULL: nobody is bound */
    dmap__nested_threads inner;     /* what workers tell the libraries of their tasks */
} dmap__crew_config;

dmap_status dmap__crew_open(const dmap__crew_config *config, dmap__crew **crew, dmap__error *error);
/** Ends the workers, once they have run their tear-downs. crew may be NULL. No grant may be out. Blocks: until then. */
void dmap__crew_close(dmap__crew *crew);
int dmap__crew_workers(const dmap__crew *crew);

/** Makes a call ready to have grants. id: unique on this rank, not 0. The call stays the giver's; it must be there as
 *  long as a grant of it is out. */
void dmap__crew_call_init(dmap__crew_call *call, const dmap__call_spec *spec, const dmap_task *task, uint64_t id);
/** Tasks find the signals blocked that the calling thread has blocked now. Does nothing while a grant is out. */
void dmap__crew_take_mask(dmap__crew *crew);
/** Keeps no more than about so many bytes of memory for items and results. Does nothing while a grant is out:
 *  workers use it, for whatever call. */
void dmap__crew_trim(dmap__crew *crew, size_t bytes);
/** New shared data. No grant may be out. data: borrowed until the next time.
 *  process, descriptor: that hold them, for processes */
void dmap__crew_share(dmap__crew *crew, const void *data, size_t size, long process, int descriptor);
/** Gives a grant, of at least one item; so many may be out as is said above, of all calls. Workers take from the call
 *  that has had least of their time, by its weight. Never blocks for long: only until a
 *  worker has turned from a chunk that has ended. */
void dmap__crew_submit(dmap__crew *crew, dmap__grant *grant);
/** A grant that has ended, its outcome sorted and complete; NULL if there is none. */
dmap__grant *dmap__crew_poll(dmap__crew *crew);
/** What an item emitted, to be freed with free(); NULL if there is nothing. All of an item's come before the grant that
 *  holds its end: to be asked after each dmap__crew_poll, before its grant is looked at. */
struct dmap__emission *dmap__crew_emission(dmap__crew *crew);
/** So many bytes of emissions are gone: others may follow. */
void dmap__crew_emission_gone(dmap__crew *crew, size_t bytes);
/** Takes back up to `want` items, not begun, of a grant: writes at most dmap__crew_workers() ranges, and returns how
 *  many. */
int dmap__crew_recall(dmap__crew *crew, const dmap__grant *grant, uint64_t want, uint64_t (*ranges)[2]);
/** True if a worker has nothing to do while a grant is out. */
bool dmap__crew_is_starved(const dmap__crew *crew);
/** True if no process can be started any more, as the fork server was killed: what comes from the workers then may be
 *  less than it seems. */
bool dmap__crew_is_broken(const dmap__crew *crew);
/** Items of a grant that have ended so far, been taken back, or not run.
 *  undone:  gets how many of them are to be tried again, or were dropped */
uint64_t dmap__crew_progress(const dmap__crew *crew, const dmap__grant *grant, uint64_t *undone);
/** Items of this index and above are not wanted any more, of that call. */
void dmap__crew_limit(dmap__crew *crew, dmap__crew_call *call, uint64_t limit);
/** The item at `position` of a grant that is out is not waited for any more: it is not begun; if it runs it is asked to
 *  stop, and its process is killed (kill), if it takes no notice. */
void dmap__crew_cancel(dmap__crew *crew, dmap__grant *grant, uint64_t position, bool kill);

/** The call's bound is that, or lower: as told by another rank. crew may be NULL. */
void dmap__crew_best(dmap__crew *crew, dmap__crew_call *call, uint64_t key);
/** True if the call's bound is lower than when this was asked before: others are to be told. */
bool dmap__crew_has_better(dmap__crew_call *call, uint64_t *key);

/** DMAP_SERIAL: the task threw an exception, which has passed dmap__crew_step: it has failed, and what is left of its
 *  batch is dropped. Does nothing if there was no task. */
void dmap__crew_break_off(dmap__crew *crew);
/** DMAP_SERIAL: runs a batch. Returns false if there was nothing to run, and for DMAP_THREADS. */
bool dmap__crew_step(dmap__crew *crew);

/** True while this thread is inside a task. */
bool dmap__crew_is_inside(void);

#endif
