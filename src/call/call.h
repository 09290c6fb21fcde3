/* One call in flight, on the master: from source to sink. A state machine: it is told what has come, is asked what is
 * to be done, and never blocks, polls or sleeps; the pool's loop does that.
 *
 *   call.c     how it begins and ends
 *   stop.c     how it ends early
 *   lease.c    what is to be done next; what the source offers, and what goes out with a lease
 *   arrive.c   what branches send back: failures are judged, the rest goes to the plan
 *   failure.c  which failure is the call's
 *   arrive_spawned.c  the same where items make items
 *   deliver.c  segments go to the sink; who looks on is told
 *   journal.c  what has ended goes to the journal too, and what that has comes from there
 *   report.c   what was done, in numbers */
#ifndef DMAP_CALL_CALL_H
#define DMAP_CALL_CALL_H

#include <dmap/call.h>

#include "base/buffer_cache.h"
#include "base/error.h"
#include "call/sink.h"
#include "call/source.h"
#include "crew/crew.h"
#include "plan/plan.h"
#include "watch/progress.h"
#include "watch/tally.h"

/** A lease: the plan's, with what goes along. Branch and rank have the same number. */
typedef struct dmap__call_lease {
    dmap__lease lease;
    uint64_t progress; /* items ended for good, as last heard */
    dmap__items *items;
    dmap__grant *grant;  /* on the master's own crew; NULL: on another rank, */
    const void *array;   /* which reads items from here; NULL: they are sent */
    void *place;         /* which may write results here; NULL: it sends them */
    double granted_s;    /* if somebody looks on */
    dmap__buffer memory; /* for results that have no place of the caller's; until the outcome comes */
} dmap__call_lease;

/** Items of it that will be granted again. */
static inline uint64_t dmap__call_lease_kept(const dmap__call_lease *lease) {
    return lease->lease.returned + lease->lease.retried;
}

/** What the pool is to its calls. */
typedef struct dmap__call_world {
    int branches;
    const int *workers; /* of each */
    int all_workers;
    dmap__fleet *fleet;
    dmap__buffer_cache *buffers; /* memory for results */
    dmap__monitor *monitor;      /* NULL: nobody looks on */
    struct dmap__keeps *keeps;   /* journals that are open */
    const char *(*host)(const void *arg, int rank);
    const void *arg;
} dmap__call_world;

typedef enum dmap__call_state {
    DMAP__CALL_WAITS = 0, /* for its turn: nothing of it was made */
    DMAP__CALL_RUNS = 1,
    DMAP__CALL_ENDED = 2
} dmap__call_state;

typedef struct dmap__call {
    dmap__call_world world;
    dmap__call_state state;
    uint64_t id;
    const dmap_task *task;
    dmap__crew_call at_crew; /* spec and limit, as the master's own crew sees them */
    dmap_map_options options;
    dmap__fleet_share share; /* of the fleet */
    dmap__source source;
    dmap__order *order;
    dmap__sink sink;
    struct dmap__journal *journal; /* NULL: it has none */
    struct dmap__spawned *spawned; /* where its items come from, if items make items; NULL: they do not */
    uint64_t came_back;            /* then: items that waited in a chunk that has ended, */
    uint64_t tried_again;          /* and attempts after which they were tried again */
    bool by_hand;                  /* results are taken one by one, by dmap__call_next_result, ... */
    char *sentence;                /* with the sentence of a failure here */
    dmap__segment *delivering;     /* handed out by the plan, not yet done with */
    uint64_t delivering_bytes;
    dmap__plan *plan;
    size_t sending;      /* messages not sent yet */
    double began_s;      /* when it was made: what its timeout counts from */
    double watched_s;    /* options.on_watch was last called */
    uint64_t tell_limit; /* shuffled: index from which on nothing is wanted, to be told; UINT64_MAX: it was */
    /* How it ends: if it is in no trouble, the first of these that applies. */
    bool is_left;      /* a function of the caller's did not return */
    bool sink_stopped; /* the sink, or another function of the caller's that may */
    bool cancelled;
    bool timed_out;
    bool drained;
    dmap_status stop_status; /* if it was stopped with the whole run, */
    const char *stop_reason; /* and why; NULL: it was not */
    double longest_s;        /* that an item took so far */
    bool failed;
    uint64_t failed_index; /* the lowest that failed for good */
    dmap_item_status failed_status;
    dmap__progress progress;
    uint64_t ended;           /* items delivered */
    uint64_t arrived;         /* items that have ended for good, as the master knows */
    double arrived_weight;    /* of theirs, with a cost hint and a bar */
    uint64_t shown;           /* on the bar, which never goes back */
    bool sends_items;         /* some rank cannot read them from here */
    uint64_t fetched, placed; /* bytes that other ranks have read from here, and written here */
    dmap_report report;
    dmap__tally *tally;                 /* NULL: nobody looks on; */
    dmap_worker_report *worker_reports; /* once it has ended: of all workers */
    /* The pool's own. */
    struct dmap__call *next;               /* that waits */
    uint64_t bytes_sent, bytes_received;   /* by the pool, when it began */
    bool is_begun;                         /* the branches know of it */
    _Atomic bool is_to_cancel;             /* by another thread, maybe */
    bool is_orphan;                        /* nobody holds it: it goes when it has ended */
    bool has_nothing;                      /* it ends as soon as its source says so: there is nothing to cancel */
    void *owner;                           /* whoever opened it, ... */
    bool is_finished;                      /* dmap__call_finish was called */
    void (*done)(struct dmap__call *call); /* ... and is told when it has ended; may be NULL */
    bool (*is_dropped)(const struct dmap__call *call,
                       uint64_t index); /* its items that nobody waits for; may be NULL */
    /* Sentences, which are long, so that they are not cleared with the rest. */
    dmap__error trouble;       /* out of memory, a set-up that failed, a broken pool */
    dmap__error failed_error;  /* of the lowest item that failed */
    dmap__error error;         /* ENDED: its status and sentence */
    dmap_rank_report shares[]; /* of each branch */
} dmap__call;

/** What is to be made. */
typedef struct dmap__call_request {
    const dmap_task *task;
    uint32_t task_id;
    dmap_source source;
    dmap_sink sink;
    const dmap_map_options *options; /* copied */
    bool by_hand;                    /* results are taken by dmap__call_next_result */
    bool rings;                      /* the source rings the bell when it has items again */
} dmap__call_request;

/** Makes a call that waits. Returns NULL if memory is out. */
dmap__call *dmap__call_create(const dmap__call_world *world, const dmap__call_request *request, double now);
/** Gives it the number by which branches know it. Before it begins. */
void dmap__call_number(dmap__call *call, uint64_t id);
/** Makes what it needs to run. Returns DMAP_OK; DMAP_ENOMEM: it is in trouble, and over. */
dmap_status dmap__call_begin(dmap__call *call);
/** call may be NULL. No lease may be out. */
void dmap__call_destroy(dmap__call *call);

/* ---- lease.c ---- */

/** The next step for a branch, now; false if there is none. Asks the source for what is to be granted next. */
bool dmap__call_next_step(dmap__call *call, double now, dmap__step *step);
/** The lease of a GRANT, with its items; NULL: the call has failed. */
dmap__call_lease *dmap__call_open_lease(dmap__call *call, const dmap__step *step);
/** The lease could not be given to its branch: the call ends. */
void dmap__call_take_lease_back(dmap__call *call, dmap__call_lease *out);
/** A lease is over: lets go of what went with it, and tells the plan.
 *  items, busy_s: as in dmap__plan_done */
void dmap__call_close_lease(dmap__call *call, dmap__call_lease *out, double now, uint64_t items, double busy_s);
/** The lease of that number; NULL if it is not out. */
dmap__call_lease *dmap__call_find_lease(const dmap__call *call, uint64_t number);
/** Numbers of leases are below that. */
uint32_t dmap__call_leases(const dmap__call *call);
/** Where results of fixed size from a position on go: to their final place if the sink has one, else to memory of the
 *  lease's own. NULL: it is out. */
void *dmap__call_results_of(dmap__call *call, dmap__call_lease *out);

/* ---- arrive.c ---- */

/** A lease has ended. Takes the outcome over. */
void dmap__call_arrived(dmap__call *call, uint32_t lease, dmap__outcome *outcome, double now);
/** Items of a lease were taken back: ranges. */
void dmap__call_returned(dmap__call *call, uint32_t lease, const dmap__range *ranges, size_t n);
/** So many items of a lease have ended so far, of which `undone` are not done for good. */
void dmap__call_progressed(dmap__call *call, uint32_t lease, uint64_t ended, uint64_t undone, double now);
/** A branch is lost: its leases end, and their items are granted again; but for one that is to blame, which fails for
 *  good. suspects: see dmap__plan_is_to_blame. Returns false if no branch with workers is left. */
bool dmap__call_lost(dmap__call *call, int branch, int suspects, double now);
/** An item has emitted. */
void dmap__call_emitted(dmap__call *call, const dmap_emission *emission);
/** The sentence of a failure. A dmap__describe_fn. */
void dmap__call_describe_failure(void *call, int rank, uint64_t index, const dmap__failure *failure, char *text,
                                 size_t size);

/** An item has failed for good; failure->position is its position, or, where items make items, its index. */
void dmap__call_note_failure(dmap__call *call, int branch, const dmap__failure *failure);

/* ---- arrive_spawned.c ---- */

/** Takes in what came of a lease. */
void dmap__call_take_spawned(dmap__call *call, const dmap__call_lease *out, dmap__result_buffer *buffer);
/** The outcome of a chunk of one item, which failed as its ranks were lost: and with it all that it would have made.
 *  text:     its sentence
 *  Returns:  false if memory is out: there is no outcome then */
bool dmap__call_make_spawned_loss(const dmap__call *call, const dmap__call_lease *out, const char *text,
                                  dmap__outcome *outcome);
/** Items that have ended in a chunk. */
uint64_t dmap__call_ran(const dmap__outcome *outcome);
/** The failure in a record, which its text stays in. */
void dmap__call_failure_of(const dmap__spawn_record *record, dmap__failure *failure);
/** Whether leases are out: of a dmap__call. */
bool dmap__call_is_any_out(const void *call);

/* ---- how it ends early ---- */

/** The caller wants nothing more. */
void dmap__call_stop(dmap__call *call);
/** So does dmap_cancel. What was delivered stays. Again, too, with another fate. */
void dmap__call_cancel(dmap__call *call, dmap__fate fate);
/** A function of the caller's did not return: nothing more is delivered, and what it was at is none. */
void dmap__call_break_off(dmap__call *call);
/** Nothing is begun any more. */
void dmap__call_drain(dmap__call *call);
/** The same, as the whole run is stopped: it ends with that status.
 *  reason: a clause; kept */
void dmap__call_stop_run(dmap__call *call, dmap_status status, const char *reason);
/** The call cannot go on: nothing more is granted or delivered. Keeps the first reason. */
void dmap__call_fail(dmap__call *call, const dmap__error *why);
/** The same, as there is no memory for results. */
void dmap__call_fail_memory(dmap__call *call);

/* ---- deliver.c ---- */

/** Hands a segment, or a part of it, to the sink. Returns false if there was none. Not for a call by hand. */
bool dmap__call_deliver(dmap__call *call);
/** The next result of a call by hand, valid until the next question or the call's end. False: there is none now. */
bool dmap__call_next_result(dmap__call *call, dmap_item_result *result);
/** Frees segments that are not wanted any more. */
void dmap__call_drop_unwanted(dmap__call *call);
/** What the bar shows: counts it again. */
void dmap__call_count_shown(dmap__call *call);
/** What is to be done by the clock: the bar, on_watch, the timeout. */
void dmap__call_look_at_clock(dmap__call *call, double now);
/** The same without a function of the program's. */
void dmap__call_look_at_time(dmap__call *call, double now);
/** True if its items come from a function of the program's; if its results go to one. */
bool dmap__call_asks(const dmap__call *call);
bool dmap__call_tells(const dmap__call *call);
/** True if its timeout is over, and that has not been seen yet. */
bool dmap__call_is_over_time(const dmap__call *call, double now);
/** Seconds until dmap__call_look_at_clock has something to do that cannot wait, no more than sleep_s. */
double dmap__call_until_due(const dmap__call *call, double now, double sleep_s);

/* ---- the end ---- */

/** Nothing more is wanted, not even the rest of what is being delivered. */
bool dmap__call_is_ended_early(const dmap__call *call);
/** True once nothing is out, being sent, or left to deliver. */
bool dmap__call_is_over(const dmap__call *call);
/** It is over: has the sink finish what it has kept. */
void dmap__call_finish(dmap__call *call);
/** After that: leaves status and sentence in call->error, numbers in call->report. */
void dmap__call_end(dmap__call *call);

/* ---- report.c ---- */

/** Counts an outcome of a branch. */
void dmap__call_count(dmap__call *call, int branch, uint64_t items, double busy_s);
void dmap__call_fill_report(dmap__call *call);
/** A call that is looked at has ended, as call->error says: explains it, and tells of it. */
void dmap__call_explain(dmap__call *call);
/** The numbers of a call that has ended; of another, those so far. */
void dmap__call_report_now(const dmap__call *call, dmap_report *report);

#endif
