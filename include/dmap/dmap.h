/* dmap: map a function over items, on one core, on all cores of a machine, or on a cluster under mpirun.
 *
 * Words. An *item* goes in, a *result* comes out; *index* is an item's position, from 0. A *task* is the function and
 * its sizes. A *call* is one map in flight. A *pool* is all that serves the calls: *ranks* (MPI processes; rank 0 of
 * the pool is the *master*), each with a *crew* of *workers* (threads or processes). A *chunk* is a range of items that
 * are granted together. Ranges are half open: [begin, end).
 *
 * Unless a comment says otherwise: functions are called on the master, by the thread that opened the pool, outside any
 * task, source or sink function, in the process that opened it (a copy of that by fork() is refused); pointers passed
 * in are borrowed for the call; sizes are in bytes, times in seconds; text returned is UTF-8, owned by the library. No
 * function exits, aborts, or prints to stdout. */
#ifndef DMAP_DMAP_H
#define DMAP_DMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/report.h>
#include <dmap/results.h>
#include <dmap/status.h>
#include <dmap/task.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DMAP_VERSION_MAJOR 0
#define DMAP_VERSION_MINOR 1
#define DMAP_VERSION_PATCH 0
#define DMAP_VERSION       "0.1.0"

typedef struct dmap_call dmap_call;
typedef struct dmap_stream dmap_stream;

/* ---- a program ------------------------------------------------------------------------------------------------ */

/** Who does the work on a rank. */
typedef enum dmap_backend {
    DMAP_BACKEND_DEFAULT = 0, /* DMAP_BACKEND from the environment, else DMAP_THREADS */
    DMAP_THREADS = 1,         /* a thread a worker, pinned: a crash names the item on stderr, then ends the rank */
    DMAP_PROCESSES = 2,       /* a process a worker, pinned: a crash of the task costs one item. Each takes three
                                 descriptors of the rank: see ulimit -n. If a task forks, its copy ends when it
                                 returns from the task */
    DMAP_SERIAL = 3           /* the rank's own thread, one item after the other: for gdb */
} dmap_backend;

/** How processes are started (DMAP_PROCESSES only). */
typedef enum dmap_start {
    DMAP_START_DEFAULT = 0, /* DMAP_START from the environment, else DMAP_FORKSERVER */
    DMAP_FORKSERVER = 1,    /* with the memory that the program had when the fork server was made */
    DMAP_FORK = 2,          /* with the memory that the rank has now, MPI's too: at your own risk */
    DMAP_SPAWN = 3          /* as a fresh copy of the program, which enters at dmap_prefork */
} dmap_start;

/** What a worker is bound to. */
typedef enum dmap_bind {
    DMAP_BIND_DEFAULT = 0, /* DMAP_BIND from the environment, else DMAP_BIND_CORE */
    DMAP_BIND_CORE = 1,
    DMAP_BIND_PU = 2, /* one hardware thread */
    DMAP_BIND_L3 = 3,
    DMAP_BIND_NUMA = 4,
    DMAP_BIND_SOCKET = 5,
    DMAP_BIND_NONE = 6
} dmap_bind;

/** In what order workers take the cores of a rank. */
typedef enum dmap_spread {
    DMAP_SPREAD_DEFAULT = 0, /* DMAP_SPREAD from the environment, else DMAP_COMPACT */
    DMAP_COMPACT = 1,        /* neighbours first; bound to more than a core, each where its part of the cores begins */
    DMAP_SCATTER = 2         /* as far apart as the machine allows */
} dmap_spread;

/** What becomes of calls in flight when a pool is closed. */
typedef enum dmap_on_close {
    DMAP_CLOSE_DROP = 0, /* what has not begun is dropped, what runs is asked to stop (dmap_cancelled), and killed after
                            half a second (DMAP_PROCESSES) */
    DMAP_CLOSE_FINISH = 1, /* they are finished; after close_s they are dropped, and streams at once */
    DMAP_CLOSE_KILL = 2    /* what has not begun is dropped, what runs is killed at once (DMAP_PROCESSES), or asked */
} dmap_on_close;

/** How a pool is made. Zero means default in every field. The master's options hold for every rank, and so does its
 *  environment: DMAP_WORKERS, DMAP_NODE_WORKERS, DMAP_BACKEND, DMAP_START, DMAP_BIND, DMAP_SPREAD, DMAP_STACKSIZE,
 *  DMAP_MASTER_WORKS, DMAP_HELPER, DMAP_RESERVE, DMAP_HEARTBEAT. What the program sets wins over the environment, as
 *  with OpenMP. workers wins over node_workers, and DMAP_WORKERS over DMAP_NODE_WORKERS; if the program sets either
 *  field, neither variable has a say. A variable that is misspelt by one letter is refused, if its value is one that
 *  the right one may have; so is a bad value.
 *  While a pool is open, OMP_NUM_THREADS and the like (OPENBLAS_, MKL_, BLIS_, NUMEXPR_, VECLIB_MAXIMUM_THREADS) are
 *  set in each rank, where they are not, to a worker's share of its cores; libraries that are loaded already are told.
 *  Opening and closing change the environment then: no other thread may read it meanwhile.
 *  DMAP_REPORT, DMAP_TRACE and DMAP_METRICS have the master look on: see <dmap/report.h>. */
typedef struct dmap_options {
    int workers;            /* per rank, 1 to 4096; 0: one a core that this rank may use */
    int node_workers;       /* or per host, 1 to 4096, shared out over its ranks, of which some may have none; 0: see
                               workers, which wins */
    dmap_backend backend;   /* environment: serial, threads, processes */
    dmap_start start;       /* environment: forkserver, fork, spawn */
    dmap_bind bind;         /* environment: core, pu, l3, numa, socket, none */
    dmap_spread spread;     /* environment: compact, scatter */
    size_t stack_size;      /* DMAP_THREADS: bytes of stack that each worker has; 0: as the main thread (ulimit -s), or,
                               if that has no limit, up to 1 GiB: a quarter of the memory over the workers, 8 MiB or
                               more. Other backends: the program's own stack (with DMAP_FORK: the same). environment:
                               as OMP_STACKSIZE, a number of KiB, or with B, K, M or G behind it */
    uint64_t refresh_items; /* DMAP_PROCESSES: most items a process runs before it is replaced; 0: no bound */
    uint64_t refresh_memory; /* DMAP_PROCESSES: bytes it may hold in memory before that; 0: no bound */
    dmap_on_close on_close;  /* what becomes of calls in flight when the pool is closed */
    double close_s;          /* how long that may take; 0: 60 s */
    double start_timeout_s;  /* DMAP_PROCESSES: for a process to come up: else it is killed and replaced; after
                                three in a row the call ends. 0: 30 */
    bool helper;   /* a thread of the master's moves calls along while the program computes: see <dmap/call.h>. It needs
                      workers, and among several ranks MPI_THREAD_SERIALIZED. environment: yes, no */
    int reserve_s; /* in a batch job (Slurm, PBS): calls are over so many seconds before its end, going by the longest
                      item so far; 1 to 86400; 0: 10, -1: its end does not matter; environment: a number */
    double heartbeat_s; /* between two signs of life of each rank, 0.01 to 3600: one that misses three counts as lost.
                           0: nobody looks for them. Not with DMAP_SERIAL. environment: seconds */
    int master_works; /* 0: the library decides, 1: yes, -1: no (ignored in a pool of one rank); environment: yes, no */
} dmap_options;

/** The user's program, run on the master only; its value becomes that of dmap_run there. Tasks do not see the global
 *  variables that it sets: see <dmap/task.h>, and dmap_share. */
typedef int dmap_main_fn(dmap_pool *pool, int argc, char **argv);

/** Runs a whole program: `int main(int argc, char **argv) { return dmap_run(argc, argv, my_main, NULL); }`.
 *  Under mpirun (or srun) it starts and ends MPI, and the other ranks serve inside it; without a launcher it is a pool
 *  of one rank and MPI is not started. A launcher of another MPI, or a srun without PMI (--mpi=none), would make N
 *  pools of one, and is refused. So is a second dmap_run under a launcher: MPI starts once in a program.
 *  MPI is started with MPI_THREAD_FUNNELED; with MPI_THREAD_SERIALIZED if this rank's options, or DMAP_HELPER=yes, ask
 *  for a helper.
 *  SIGINT and SIGTERM, where the program has left them as they are at its start, stop the calls in flight: no item is
 *  begun any more; those that run have 0.2 s to end, then they are asked to stop, and processes are killed 0.5 s later.
 *  These calls, and all that are made afterwards, end with DMAP_ECANCELLED. A second signal kills at once, a third ends
 *  the rank. An item that died of the very signal, as batch systems send it to all processes, has not failed. While no
 *  call is in flight they end the program.
 *  Before it starts Open MPI it sets OMPI_MCA_ variables that the user has not set: see cluster/README.md.
 *
 *  Called by:  every rank, first thing in main
 *  options:    NULL for defaults; the master's hold
 *  Returns:    main_fn's value on the master, 0 on the others; 128 and the signal's number on those that SIGINT or
 *              SIGTERM has stopped; 1 on every rank, with a sentence on stderr, if the pool could not be opened, and on
 *              a rank whose connection broke. After an error of MPI it does not end MPI, which would wait for ranks
 *              that may be gone: the launcher ends the others when this one has ended. After the loss of a rank all
 *              are flushed, and end by _exit, the master with main_fn's value */
DMAP_API int dmap_run(int argc, char **argv, dmap_main_fn *main_fn, const dmap_options *options);

/** Makes the fork server, in programs that call MPI_Init themselves. dmap_run calls it.
 *  It must be the first thing in main, before MPI_Init: the children of DMAP_PROCESSES, and of <dmap/process.h>, are
 *  started with the memory that the program has now. A fresh copy (DMAP_SPAWN) does its work here and does not return.
 *  Returns:  0; 1 if there is no server now (dmap_error(NULL) says why): DMAP_PROCESSES is refused then
 *  Cost:     a process that sleeps, until this one ends */
DMAP_API int dmap_prefork(int *argc, char ***argv);

/** Ends a pool made by dmap_open: the other ranks return from dmap_open. Not for the pool that dmap_run opened, which
 *  does the same when the program's function has returned. Calls in flight end as dmap_options.on_close says; their
 *  handles may be looked at, and are to be freed, after that too. MPI_Finalize closes a pool of several ranks that was
 *  forgotten.
 *  pool:     may be NULL; after the call it is refused by every function with DMAP_EINVAL
 *  Returns:  DMAP_OK; DMAP_EINVAL (not open, or inside a function of a call); DMAP_EMPI; DMAP_ETIMEOUT: an item of a
 *            call in flight does not end within close_s after it was asked to (not with processes: they are killed).
 *            The pool is as it was, but for its calls, which were cancelled, and may be closed again; DMAP_ELOST: all
 *            is done, but a rank was lost: leave by _exit, as MPI_Finalize would wait for it
 *  Blocks:   until the calls in flight have ended, the other ranks have been told and the workers have ended */
DMAP_API dmap_status dmap_close(dmap_pool *pool);

/** Ranks in the pool (1 or more), workers over all ranks, and the host name of a rank (NULL if out of range).
 *  Called by:  master; 0 or NULL for a pool that is not open */
DMAP_API int dmap_ranks(const dmap_pool *pool);
DMAP_API int dmap_workers(const dmap_pool *pool);
DMAP_API const char *dmap_host(const dmap_pool *pool, int rank);
/** When the batch job ends that the program runs in: seconds since the epoch; 0: it runs in none, or that is not known.
 *  Asks Slurm's environment, else squeue and scontrol, or qstat: these only after dmap_prefork (dmap_run calls it).
 *  Called by: any rank, any thread. Blocks up to 5 s for each command */
DMAP_API double dmap_allocation_end(void);

/* ---- sources and sinks: small values, made by these functions; their fields are private ------------------------ */

/** One item's end, as dmap_each hands it out. */
typedef struct dmap_item_result {
    uint64_t index;
    dmap_item_status status;
    int code;          /* what the task returned */
    int signal;        /* that killed it, or 0 */
    const void *data;  /* the result; NULL if status is not DMAP_ITEM_OK. Valid until the function returns */
    size_t size;       /* bytes of it */
    const char *error; /* a sentence; NULL if status is DMAP_ITEM_OK. Valid until the function returns */
    int rank;          /* that ran it */
    int attempt;       /* that ended it, from 1 */
    double seconds;    /* that it took; of short items, the mean of its batch */
} dmap_item_result;

enum { DMAP_PULL_END = 0, DMAP_PULL_ITEM = 1, DMAP_PULL_LATER = 2 };
/** Gives the next item of a stream. Runs in the caller's thread, which serves the other ranks too: it should not block.
 *  Returns:  DMAP_PULL_ITEM (its data are valid until the next call), DMAP_PULL_END, DMAP_PULL_LATER (there is none
 *            yet: it is asked again within 10 ms), < 0: an error */
typedef int dmap_pull_fn(void *arg, dmap_blob *item);
/** Takes one item's end. Runs in the caller's thread. If it returns non-zero the call stops: the rest is dropped. */
typedef int dmap_each_fn(void *arg, const dmap_item_result *result);

/** Bytes that a running item sent ahead of its end, by dmap_emit. */
typedef struct dmap_emission {
    uint64_t index;
    int attempt; /* from 1. If one fails, what it had sent is followed by all that the next one sends */
    int rank;
    const void *data; /* valid until the function returns */
    size_t size;
} dmap_emission;

/** Takes an emission. Those of one attempt come in order, and before the item's end; one of more than 128 KiB comes in
 *  parts. Those of different items come as they come. Runs in the caller's thread. Non-zero stops the call. */
typedef int dmap_emission_fn(void *arg, const dmap_emission *emission);

/** How far a call is. */
typedef struct dmap_progress {
    uint64_t total; /* items; UINT64_MAX while a stream has not ended */
    uint64_t ended; /* failed ones included, not one that is to be tried again; never goes back, never passes total */
    uint64_t failed;
    double seconds; /* since the call began */
} dmap_progress;

/** A call has ended. Runs in what moves calls along (dmap_wait, dmap_wait_any, dmap_step, dmap_stream_next, dmap_map,
 *  dmap_close); may make calls, and free this one. */
typedef void dmap_done_fn(void *arg, dmap_call *call);

/** Looks on. Runs in the caller's thread, about 20 times a second while the call runs. Non-zero stops the call. */
typedef int dmap_watch_fn(void *arg, const dmap_progress *progress);

/* Functions of sources and sinks, cost, on_emit and on_watch may throw C++ exceptions: the call is broken off (nothing
 * more is delivered, what runs is waited for), then its caller sees the exception, and the pool may be used on. They
 * must not leave the call by longjmp: the pool can only be closed then. */

typedef struct dmap_source {
    int kind;
    const void *data;
    uint64_t begin, end;
    dmap_pull_fn *next;
    void *arg;
} dmap_source;

typedef struct dmap_sink {
    int kind;
    void *data;
    dmap_results **results;
    dmap_each_fn *each;
    void *arg;
} dmap_sink;

/** `count` items of task.item_size, side by side. item_size must be set, and fixed. */
DMAP_API dmap_source dmap_array(const void *items, size_t count);
/** `count` items of any size (of task.item_size, if that is fixed). */
DMAP_API dmap_source dmap_blobs(const dmap_blob *items, size_t count);
/** The numbers begin to end - 1, each an item of type uint64_t; index 0 is `begin`. Nothing is sent but the range. */
DMAP_API dmap_source dmap_range(uint64_t begin, uint64_t end);
/** Items from a function, of unknown number. After an error (a negative value) the items before it are done and
 *  delivered. The call then returns DMAP_EIO, with the value in dmap_error(). */
DMAP_API dmap_source dmap_pull(dmap_pull_fn *next, void *arg);

/* What a sink holds when dmap_map has returned, by how the call has ended. L is the lowest index that failed.
 *
 *                        dmap_collect           dmap_each                       dmap_fold, dmap_fold_blob
 *  all done              all are OK             was given all                   all
 *  an item failed,       below L: OK; L: why;   in order: below L; unordered:   below L
 *    DMAP_STOP           above: cancelled       these, and perhaps some above
 *  items failed,         each item's own end    was given all                   all but those that failed
 *    DMAP_KEEP_GOING
 *  the source failed     as if the items before that were all
 *  drained               ends of what ran;      what ran; in order: with gaps   untouched
 *                        the rest: cancelled    where nothing ran
 *  stopped, time over,   some ends;             some; in order: the first few   untouched
 *    any other failure   the rest: cancelled    items, without a gap
 *
 * "An item failed" is also that memory was out for its result. If a call with DMAP_STOP is drained, L counts as well.
 * "Stopped" is by a function that returned non-zero; "any other failure" that a setup failed, memory was out, a
 * connection broke. dmap_into has the results that dmap_collect would call OK; every other place is unspecified.
 * Nothing is written once dmap_map has returned. */

/** Results of fixed size, side by side, in place. task.result_size must be set. */
DMAP_API dmap_sink dmap_into(void *results);
/** A table of results of any size, made by the call. Free it with dmap_results_free, also after a call that failed.
 *  Items that did not run are DMAP_ITEM_CANCELLED. It is NULL if the call could not start. */
DMAP_API dmap_sink dmap_collect(dmap_results **results);
/** A function for each item, in index order unless `unordered`. */
DMAP_API dmap_sink dmap_each(dmap_each_fn *fn, void *arg);
/** *accumulator becomes itself, combined with the result of item 0, 1, … The index alone sets the brackets (a binary
 *  tree, as pairwise summation has): the bits are the same on any number of ranks and workers. Items that failed are
 *  left out. It is untouched if there is no result. */
DMAP_API dmap_sink dmap_fold(void *accumulator);
/** The same by task.merge, for results of any size: the accumulator is *size bytes at *data.
 *  data, size:  *data is NULL (none yet), or from malloc, as an earlier call left it: then it is freed and replaced.
 *               In the end it is yours to free(). Both are untouched if there is no result
 *  Cost:        a rank holds a merged result for each power of two in a range of items, until that is sent. While the
 *               master merges it serves nobody */
DMAP_API dmap_sink dmap_fold_blob(void **data, size_t *size);
/** Results are thrown away where they arise. */
DMAP_API dmap_sink dmap_discard(void);

/* ---- a call --------------------------------------------------------------------------------------------------- */

/** Who gets how much. Formulas, with R items left, P the share of all workers that a rank has: */
typedef enum dmap_schedule {
    DMAP_AUTO = 0,     /* adaptive weighted factoring: R/2 split by each rank's measured speed, bounded in time */
    DMAP_STATIC = 1,   /* shares by number of workers, in turn; `chunk` makes them smaller */
    DMAP_DYNAMIC = 2,  /* `chunk` items (default: a fixed time's worth) to whoever asks */
    DMAP_GUIDED = 3,   /* R * P */
    DMAP_FACTORING = 4 /* batches of R/2, split evenly by P */
} dmap_schedule;

typedef enum dmap_on_error {
    DMAP_STOP = 0,      /* as a serial loop would: the lowest failing index ends the call; items below it are done */
    DMAP_KEEP_GOING = 1 /* every item gets an end of its own */
} dmap_on_error;

/** How a call is done. Zero means default in every field. */
typedef struct dmap_map_options {
    size_t chunk; /* items a rank is granted at once; 0: by measured time. AUTO, GUIDED, FACTORING: the least */
    dmap_schedule schedule;
    bool unordered; /* dmap_each: as they come, those that were granted together (a chunk) in one go */
    size_t window;  /* bytes of results held for order, 4096 or more; 0: 64 MiB. One chunk is always let in */
    dmap_on_error on_error;
    int retries;           /* further attempts at an item that failed, 0 to 1000 */
    double item_timeout_s; /* 0: none. A process is killed; a thread can only be asked to stop (dmap_cancelled) */
    double timeout_s;      /* 0: none. Then the call stops: DMAP_ETIMEOUT. Running items are asked to stop, and waited
                              for; processes that run on are killed after half a second */
    const char *journal;   /* a file that keeps what has ended: dmap-journal(1). The same call again delivers all, and
                              runs what is not there, failed, or has changed. NULL: none */
    const char *journal_name;                  /* of this map, where several have one file; NULL: it is alone there */
    double (*cost)(void *arg, uint64_t index); /* hint: longest first. Not for dmap_pull. 16 bytes an item, 24 with a
                                                  bar; an ordered sink holds results out of order, beyond the window */
    void *cost_arg;
    uint64_t seed;             /* for dmap_seed */
    int progress;              /* a bar on stderr: 0: if that is a terminal, 1: always (a line now and then,
                                  if it is none), -1: never */
    int ahead;                 /* 0: some items wait at their rank: no worker waits for a message. -1: an item leaves
                                  the master when a worker is free for it (for items of seconds) */
    dmap_emission_fn *on_emit; /* takes what dmap_emit sends; NULL: it is refused there */
    void *on_emit_arg;
    dmap_watch_fn *on_watch; /* looks on; NULL: nobody does */
    void *on_watch_arg;
    int priority; /* of calls in flight, this one gets that many parts of the workers' time: 1 to 1000000; 0: 1 */
    bool kill;    /* DMAP_PROCESSES: dmap_cancel kills what runs, half a second after it was asked to stop; so does
                     timeout_s of dmap_submit; else it is only asked */
    dmap_done_fn *on_done; /* of dmap_map_async and dmap_submit: is told when the call has ended; NULL: nobody is */
    void *on_done_arg;
    size_t queue; /* dmap_submit: submits held, which have not left for a rank, before it waits; 0: 65536, or 64 MiB */
    bool no_wait; /* dmap_submit: it returns DMAP_PENDING instead of waiting */
    bool spawns;  /* tasks may add items to the call (dmap_spawn): see <dmap/task.h> */
    bool explain; /* the report says where time went, and why it was not faster; as with DMAP_REPORT */
    int lost_limit; /* an item that so many ranks were lost with is tried again alone; if that one is lost, too, it
                       fails as DMAP_ITEM_LOST. 1 to 1000; 0: 2 */
} dmap_map_options;

/** Maps task over the items of source; results go to sink. Zero items are fine. The table above says what the sink
 *  holds afterwards.
 *  Called by:  master; also from a program without mpirun
 *  task:       registered (DMAP_TASK); any of the program's
 *  options:    NULL for defaults
 *  Returns:    DMAP_OK; DMAP_EITEM (an item failed, or a setup); DMAP_EINVAL (task, source, sink or options contradict
 *              one another: nothing was run; or the source gave an item of another size); DMAP_EIO (source, journal);
 *              DMAP_ECANCELLED (a function returned non-zero, the call was drained, or the run was stopped);
 *              DMAP_ETIMEOUT (timeout_s; the end of the batch job: reserve_s); DMAP_ENOMEM; DMAP_EMPI (the
 *              pool is broken); DMAP_EUNSUPPORTED. dmap_error() has the sentence
 *  Blocks:     until every item has ended. After a millisecond the calling thread has the kernel's shortest time
 *              slices. Where ranks share a host it is bound to its rank's cores, unless bind is DMAP_BIND_NONE. So is
 *              what source and sink functions start
 *  Cost:       one or two messages a chunk; memory O(window + chunks out), whatever the number of items */
DMAP_API dmap_status dmap_map(dmap_pool *pool, const dmap_task *task, dmap_source source, dmap_sink sink,
                              const dmap_map_options *options);

/** Ends the call that runs on the pool, softly: no further item is begun, as soon as each rank has heard of it, and
 *  none is tried again. Those that run are finished and delivered. The call returns DMAP_ECANCELLED, also if an item
 *  fails in it. The table above says what sinks hold then.
 *  Called by:  a source, cost, sink, emission or watch function of that call; again, too
 *  Returns:    DMAP_OK; DMAP_EINVAL (no call runs on the pool). Never blocks */
DMAP_API dmap_status dmap_drain(dmap_pool *pool);

/** Gives every worker read-only data, one copy a node, in place of what was shared before: all that tasks have to know
 *  besides their items.
 *  data:     copied; NULL if size is 0, which takes the data away
 *  Returns:  DMAP_OK, DMAP_EINVAL, DMAP_EMPI; DMAP_ENOMEM, DMAP_EIO (the system or a limit of the program, see ulimit
 *            -f, does not let it): what was shared before is gone too
 *  Blocks:   until every rank has it */
DMAP_API dmap_status dmap_share(dmap_pool *pool, const void *data, size_t size);

/* ---- what went wrong ------------------------------------------------------------------------------------------ */

/** The last failure on the pool, whole: "item 17 (attempt 2): … (on node3, rank 2, worker 5)"; "" if there was none.
 *  For NULL, in a task, and in other threads than that which opened the pool: the last failure in this thread that
 *  belongs to no pool (a refused argument, a pool that was not opened).
 *  Called by: any thread. Valid until the next call on the pool (or in the thread) */
DMAP_API const char *dmap_error(const dmap_pool *pool);

#ifdef __cplusplus
}
#endif
#endif
