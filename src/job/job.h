/* One call in flight, on the master: from source to sink.
 *
 *   job.c    the loop, and how a call begins and ends
 *   give.c   the plan's steps: chunks, recalls and limits go to the branches
 *   take.c   what comes back: outcomes become parts, failures are judged
 *   report.c what was done, in numbers */
#ifndef DMAP_JOB_JOB_H
#define DMAP_JOB_JOB_H

#include "crew/emission.h"
#include "job/items.h"
#include "job/pool.h"
#include "job/results.h"
#include "job/sink.h"
#include "plan/plan.h"
#include "watch/progress.h"

/** A lease that is out. Branch and rank have the same number. */
typedef struct dmap__out {
    bool out;
    int branch;
    uint64_t begin, end;
    int attempt;
    uint64_t kept;     /* items of it that will be granted again */
    uint64_t progress; /* items ended for good, as last heard */
    dmap__items *items;
    dmap__grant *grant; /* on the master's own crew; NULL: on another rank, */
    const void *array;  /* which reads items from here; NULL: they are sent */
    void *place;        /* which may write results here; NULL: it sends them */
    dmap__spare memory; /* for results that have no place of the caller's; until the outcome comes */
} dmap__out;

typedef struct dmap__job {
    dmap_pool *pool;
    const dmap_task *task;
    uint32_t task_id;
    dmap_map_options options;
    uint64_t call;
    dmap__items_source source;
    bool source_told; /* the plan knows that the source has ended */
    dmap__shuffle *shuffle;
    dmap__sink sink;
    const void *frame;        /* of the function that runs it: what lies above it on the stack is the caller's */
    long slack;               /* of the thread's timers before the call; -1: as it was */
    dmap__grant *polled;      /* of the own crew, that has ended; its emissions come first */
    dmap__emission *emission; /* of the own crew, that on_emit takes now; */
    bool takes_message;       /* or another rank's, in */
    dmap__message message;    /* the last one that came */
    dmap__part *delivering;   /* handed out by the plan, not yet done with */
    uint64_t delivering_bytes;
    dmap__plan *plan;
    dmap__out *outs; /* by lease number */
    size_t outs_capacity;
    size_t sending;          /* messages not sent yet */
    double began_s, heard_s; /* heard_s: own crew's progress was last looked at */
    double watched_s;        /* options.on_watch was last called */
    /* How it ends: the first of these that applies. */
    dmap__error trouble; /* out of memory, a set-up that failed, a broken pool */
    bool sink_stopped;   /* the sink, or another function of the caller's that may */
    bool timed_out;
    bool drained;
    bool failed;
    uint64_t failed_index; /* the lowest that failed for good */
    dmap_item_status failed_status;
    dmap__error failed_error; /* its sentence */
    dmap__progress progress;
    uint64_t ended;           /* items delivered */
    uint64_t arrived;         /* items that have ended for good, as the master knows */
    double arrived_weight;    /* of theirs, with a cost hint and a bar */
    uint64_t shown;           /* on the bar, which never goes back */
    bool sends_items;         /* some rank cannot read them from here */
    uint64_t fetched, placed; /* bytes that other ranks have read from here, and written here */
    dmap_report report;
} dmap__job;

/** Nothing is begun any more. */
void dmap__job_drain(dmap__job *job);
/** True if the function that runs the call has gone, by longjmp. Called by: a function of api, on the rank's thread */
bool dmap__job_is_left(const dmap__job *job);
/** Ends a call from outside the function that runs it, which has gone: nothing more is begun or delivered, and what is
 *  out is waited for. */
void dmap__job_break_off(dmap__job *job);
/** Runs a whole call; arguments were checked. The sentence is in pool->error. If a function of the caller's throws a
 *  C++ exception (or ends the thread), the call is broken off before its caller sees that. */
dmap_status dmap__job_run(dmap_pool *pool, uint32_t task_id, dmap_source source, dmap_sink sink,
                          const dmap_map_options *options);

/* ---- open.c ---- */

/** Makes ready all that the call needs; job->trouble says why it cannot. */
dmap_status dmap__job_open(dmap__job *job);

/* ---- give.c ---- */

/** Tells every other rank that the call begins. */
void dmap__job_give_call(dmap__job *job);
/** Does a step of the plan. */
void dmap__job_give(dmap__job *job, const dmap__step *step);
/** A chunk that was being given, when its source threw an exception, is none. */
void dmap__job_give_up(dmap__job *job);
/** Tells a rank that so many bytes of its emissions were taken. */
void dmap__job_give_taken(dmap__job *job, int rank, uint64_t bytes);
/** Items of this index and above are not wanted: tells everyone. */
void dmap__job_give_limit(dmap__job *job, uint64_t limit);

/* ---- take.c ---- */

/** Takes in what has come; returns true if anything had. */
bool dmap__job_take(dmap__job *job);
/** The caller wants nothing more. */
void dmap__job_stop(dmap__job *job);
/** The call cannot go on: nothing more is granted or delivered. Keeps the first reason. */
void dmap__job_fail(dmap__job *job, const dmap__error *why);
/** The same, as there is no memory for results. */
void dmap__job_fail_memory(dmap__job *job);
/** The sentence of a failure. A dmap__blame_fn. */
void dmap__job_blame(void *job, int rank, uint64_t index, const dmap__failure *failure, char *text, size_t size);
/** on_emit threw an exception in the midst of dmap__job_take: what that was at is taken in. */
void dmap__job_take_left(dmap__job *job);
/** A lease is over: forgets it. */
void dmap__job_close_out(dmap__job *job, dmap__out *out);

/* ---- report.c ---- */

/** Counts an outcome of a rank. */
void dmap__job_count(dmap__job *job, int rank, uint64_t items, double busy_s);
/** Fills the pool's report. */
void dmap__job_report(dmap__job *job);

#endif
