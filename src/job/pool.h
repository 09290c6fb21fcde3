/* What a pool holds. Made by src/api, used by the files of this room on the rank's own thread. */
#ifndef DMAP_JOB_POOL_H
#define DMAP_JOB_POOL_H

#include <pthread.h>
#include <sys/types.h>

#include <dmap/dmap.h>

#include "base/error.h"
#include "crew/crew.h"
#include "job/spares.h"
#include "net/comm.h"

/** The tasks of the program, sorted by name: the same on every rank, so a task's place here names it in messages. */
typedef struct dmap__registry {
    const dmap_task *const *tasks;
    size_t count;
} dmap__registry;

struct dmap__job;

struct dmap_pool {
    dmap__registry registry;
    dmap_options options; /* resolved; the same on every rank */
    dmap__comm *comm;     /* NULL: a pool of one rank, without MPI, or one that broke */
    dmap__comm *ended;    /* what it had then: workers still ring its bell */
    bool is_alone;        /* one rank, of a program that has MPI */
    double touched_s;     /* ... which was last let look around then */
    int rank, ranks;
    int *workers; /* of each rank; the master's is 0 if it does not work */
    int all_workers;
    dmap__bell *bell;    /* what this rank's thread sleeps on: comm's, or its own */
    dmap__bell own_bell; /* without comm */
    bool has_long_calls; /* the last one was: the next one may be, too */
    bool is_seated;      /* seat.h */
    uint64_t slice;      /* of the thread's before that */
    bool is_rung;        /* whoever sends to this rank rings the bell */
    bool has_spare_core; /* this rank has one more than workers: who waits may look for a while before it sleeps */
    dmap__topology *topology;
    dmap__place_request place_request; /* that the places answer */
    dmap__place *places;               /* NULL: DMAP_SERIAL */
    dmap_blob *told_places;            /* of each rank, as it packed them; NULL: nobody was asked yet */
    dmap__inner inner;
    dmap__crew *crew;          /* NULL on a master that does not work */
    char host[256];            /* this rank's */
    uint64_t calls;            /* so far */
    struct dmap__job *current; /* the call that runs, or NULL */
    dmap_status broken;        /* DMAP_EMPI, …: every further call returns it */
    pthread_t owner;
    pid_t process;     /* that opened it */
    bool is_programs;  /* opened by dmap_run, and closed by it */
    dmap__error error; /* the last */
    void *shared;      /* a mapping of shared_size bytes: dmap_share's data */
    size_t shared_size;
    dmap__spares spares; /* of a serving rank, until it is idle; of the master, some of them for the next call */
    int shared_fd;       /* that holds it, on the first rank of a host; -1: none */
    dmap_report report;
    dmap_rank_report *rank_reports; /* one a rank */
};

/** Where comm puts the data of large messages. A dmap__place_fn; arg is the pool. */
void *dmap__pool_place(void *arg, int from, const dmap__head *head, const void *meta);

/** Host of a rank. */
const char *dmap__pool_host(const dmap_pool *pool, int rank);
/** All ranks get the status, and the sentence, of the lowest rank whose error is not DMAP_OK. Collective. */
dmap_status dmap__pool_agree(dmap_pool *pool, dmap__error *error);

#endif
