/* What a pool holds. Used by the files of this room, and of src/api, on the rank's own thread, or by a helper while
 * that is kept out: see helper.h. */
#ifndef DMAP_POOL_POOL_H
#define DMAP_POOL_POOL_H

#include <pthread.h>
#include <sys/types.h>
#include <stdatomic.h>

#include <dmap/dmap.h>

#include "base/buffer_cache.h"
#include "base/error.h"
#include "call/call.h"
#include "cpu/aside.h"
#include "crew/crew.h"
#include "keep/keep.h"
#include "net/comm.h"
#include "plan/fleet.h"

/** The tasks of the program, sorted by name: the same on every rank, so a task's place here names it in messages. */
typedef struct dmap__registry {
    const dmap_task *const *tasks;
    size_t count;
} dmap__registry;

/** The calls in flight, on the master. */
typedef struct dmap__calls {
    dmap__call **running; /* as they began; the fleet has the order of their turns */
    size_t n_running;
    dmap__call *first, *last; /* that wait to begin */
    size_t n_waiting;
    dmap__call **slots;                      /* by the low bits of their numbers: those that run */
    uint64_t begun;                          /* so far */
    double heard_s;                          /* the own crew's progress was last looked at */
    dmap__call *inside;                      /* whose functions run now; NULL: none */
    bool in_turn;                            /* the loop is at them */
    bool is_armed;                           /* a signal stops them */
    double end_s;                            /* when they have to be over; 0: not known yet */
    _Atomic bool has_cancelled;              /* one is to be cancelled */
    double swept_s;                          /* those that wait were last looked at */
    void (*on_turn)(struct dmap_pool *pool); /* is called once a round */
    size_t (*count_idle)(
        const struct dmap_pool *pool); /* calls in flight that wait for the program to give them items */
} dmap__calls;

/** What is known of a rank that is lost. */
typedef struct dmap__lost_rank {
    bool is_lost, is_dismissed;
    double heard_s; /* with signs of life: something came of it, last */
    char why[128];
} dmap__lost_rank;

struct dmap__emission;

/** What the loop is at: so that it can be left in the midst of it, by an exception. */
typedef struct dmap__running {
    const void *frame;   /* of dmap__loop_run: what lies above it on the stack is the caller's */
    long slack;          /* of the thread's timers, before they were sharpened for short sleeps; 0: they were not */
    dmap__grant *polled; /* of the own crew, that has ended; its emissions come first */
    struct dmap__emission *emission; /* of the own crew, that on_emit takes now; */
    bool takes_emission;             /* or another rank's, in */
    dmap__message message;           /* the last one that came */
    double heard_s;                  /* an item in this thread has let it look, last */
} dmap__running;

struct dmap__side;
struct dmap__server;
typedef struct dmap__helper dmap__helper;

struct dmap_pool {
    dmap__registry registry;
    dmap_options options;          /* resolved; the same on every rank */
    dmap__comm *comm;              /* NULL: a pool of one rank, without MPI, or one that broke */
    dmap__comm *ended;             /* what it had then: workers still ring its bell */
    bool is_alone;                 /* one rank, of a program that has MPI */
    double touched_s;              /* ... which was last let look around then */
    const struct dmap__side *side; /* what the loop does: the master's, a serving rank's */
    int rank, ranks;
    int *workers; /* of each rank; the master's is 0 if it does not work */
    int all_workers;
    dmap__bell *bell;    /* what this rank's thread sleeps on: comm's, or its own */
    dmap__bell own_bell; /* without comm */
    bool has_long_waits; /* the last one was: the next one may be, too */
    bool sched_is_set;   /* master_sched.h */
    uint64_t slice;      /* of the thread's before that */
    bool is_rung;        /* whoever sends to this rank rings the bell */
    bool has_spare_core; /* this rank has one more than workers: who waits may look for a while before it sleeps */
    dmap__aside aside;   /* of its workers; none taken: there is no core to spare, or other ranks may have it */
    double aside_s;      /* when its thread was last asked to step aside */
    dmap__topology *topology;
    dmap__place_request place_request; /* that the places answer */
    dmap__place *places;               /* NULL: DMAP_SERIAL */
    dmap_blob *told_places;            /* of each rank, as it packed them; NULL: nobody was asked yet */
    dmap__nested_threads inner;
    dmap__crew *crew;      /* NULL on a master that does not work */
    char host[256];        /* this rank's */
    dmap__lost_rank *lost; /* each rank */
    int n_lost;
    double looked_s; /* with signs of life: for whom has fallen silent */
    dmap__fleet *fleet;
    dmap__calls calls;
    dmap__keeps keeps;             /* journals that are open */
    struct dmap__server *server;   /* what a serving rank knows of its calls */
    struct dmap__replies *replies; /* that are waited for; NULL: none */
    uint32_t heard;                /* rings of the bell, before the loop's last round */
    dmap__running loop;            /* what it is at */
    struct dmap__helper *helper;   /* NULL: there is none, or it is not the master */
    bool is_helped;                /* it is at the loop now */
    struct dmap__fd *fd;           /* NULL: nobody asked for it */
    /* What src/api keeps of calls in flight. */
    _Atomic(struct dmap__submits *) submits;   /* a list that only grows, */
    pthread_mutex_t submits_lock;              /* by whoever has the lock */
    struct dmap__handle *due_first, *due_last; /* that ended, and whose on_done is to be run */
    bool is_telling;                           /* one runs */
    uint64_t n_ended, n_told;                  /* calls, so far; those that dmap_step has told of */
    _Atomic bool has_cancelled_items;
    bool submits_end;  /* their calls have no more items than are queued */
    double close_at_s; /* calls in flight are cancelled then, as it is being closed; 0: no */
    bool is_finishing; /* it is to be closed, once its calls have ended */
    volatile bool closes;
    dmap_status broken; /* DMAP_EMPI, …: every further call returns it */
    pthread_t owner;
    pid_t process;     /* that opened it */
    bool is_programs;  /* opened by dmap_run, and closed by it */
    dmap__error error; /* the last */
    void *shared;      /* a mapping of shared_size bytes: dmap_share's data */
    size_t shared_size;
    dmap__buffer_cache buffers; /* of a serving rank, until it is idle; of the master, some of them for the next call */
    int shared_fd;              /* that holds it; -1: none */
    dmap__monitor_options monitor_options; /* the master's */
    dmap__monitor *monitor;                /* NULL: nobody looks on */
    dmap_report report;                    /* of the call that ended last */
    dmap_rank_report *rank_reports;        /* one a rank */
    dmap_worker_report *worker_reports; /* of the explained call that ended last, its own are taken over; NULL: none */
};

/** Where comm puts the data of large messages. A dmap__place_fn; arg is the pool. */
void *dmap__pool_place(void *arg, int from, const dmap__head *head, const void *meta);

/** Host of a rank. */
const char *dmap__pool_host(const dmap_pool *pool, int rank);
/** All ranks get the status, and the sentence, of the lowest rank whose error is not DMAP_OK. Collective. */
dmap_status dmap__pool_agree(dmap_pool *pool, dmap__error *error);

#endif
