/* A worker's process: started when there is work for it, replaced when it died, had its share of items, or grew too
 * large. */
#ifndef DMAP_CREW_WORKER_PROC_H
#define DMAP_CREW_WORKER_PROC_H

#include "base/error.h"
#include "crew/cancel.h"
#include "crew/shm_channel.h"

/** Tells the channels of processes that ended: one thread for all of a crew. */
typedef struct dmap__watcher dmap__watcher;

/** Returns NULL, with errno, if memory, descriptors or threads are out. */
dmap__watcher *dmap__watcher_open(void);
/** watcher may be NULL. Errno is kept. */
void dmap__watcher_close(dmap__watcher *watcher);

/** What is told when a process ends. The channel's word is in memory that the process can write to: so this is the one
 *  to trust. */
typedef struct dmap__watch {
    dmap__shm_channel *channel;
    _Atomic uint32_t ended; /* 1: it has, and the watcher has done with both; slept on */
} dmap__watch;

typedef struct dmap__worker_proc_config {
    dmap_start start;
    uint64_t refresh_items;  /* most items that one process runs; 0: no bound */
    uint64_t refresh_memory; /* bytes of its own that it may hold in memory, looked at between batches; 0: no bound */
    double start_timeout_s;  /* for a process to come up; 0: the default */
    dmap__watcher *watcher;  /* borrowed */
    dmap__nested_threads inner; /* what the process tells the libraries of its tasks */
    const sigset_t *mask;       /* borrowed: signals that its tasks find blocked */
    int rank, worker;
    int workers; /* of the rank */
} dmap__worker_proc_config;

typedef struct dmap__worker_proc {
    dmap__worker_proc_config config;
    dmap__shm_channel channel;
    dmap__watch watch;                                                      /* over the process */
    struct dmap_process *process;                                           /* NULL: none runs */
    int pid;                                                                /* of the last one */
    uint64_t items;                                                         /* that it ran */
    uint64_t requests;                                                      /* so far, of all of them */
    double looked_s;                                                        /* at its memory, last */
    bool (*emit)(void *arg, uint64_t index, const void *data, size_t size); /* takes what its items emit */
    void (*offer)(void *arg, uint64_t key); /* is told a bound that one of them offers */
    void *emit_arg;                         /* of both */
} dmap__worker_proc;

/** Returns NULL, with errno, if memory or descriptors are out. */
dmap__worker_proc *dmap__worker_proc_create(const dmap__worker_proc_config *config);
/** Lets the process, if there is one, run its tear-downs and end. Blocks until then. */
void dmap__worker_proc_quit(dmap__worker_proc *proc);
/** Quits too. proc may be NULL. */
void dmap__worker_proc_destroy(dmap__worker_proc *proc);

typedef enum dmap__worker_proc_said {
    DMAP__WORKER_PROC_ANSWERED = 0,
    DMAP__WORKER_PROC_DIED = 1,
    DMAP__WORKER_PROC_TIMED_OUT = 2, /* its item was over the timeout: it was killed */
    DMAP__WORKER_PROC_UNWANTED = 3,  /* nobody waits for its items any more: it was killed */
    DMAP__WORKER_PROC_FAILED = 4,    /* no process could be started: error says why */
    DMAP__WORKER_PROC_LATE = 5,      /* it did not come up in time: it was killed */
    DMAP__WORKER_PROC_STILLBORN = 6, /* it died, or was killed for being late, before its function began: there is none
                                   now, error says more, and the next may do better */
    DMAP__WORKER_PROC_CANCELLED = 7  /* its item was cancelled: it was killed */
} dmap__worker_proc_said;

/** How long an answer is waited for. */
typedef struct dmap__patience {
    double item_timeout_s;         /* 0: none */
    const _Atomic uint64_t *limit; /* of the crew: once it is at `first` or below, the items are not wanted */
    uint64_t first;
    const _Atomic uint32_t *fate;         /* a dmap__fate: of the process then */
    dmap__cancel (*cancelled)(void *arg); /* whether what it is at was cancelled; KILL: it is killed, after a moment */
    void *arg;
} dmap__patience;

/** Before a request is written: ends a process that is due for it. Returns how many of `items` the next one to be asked
 *  may run, 1 or more. */
uint32_t dmap__worker_proc_admit(dmap__worker_proc *proc, uint32_t items);
/** Has the request on the channel answered. Blocks until then. */
dmap__worker_proc_said dmap__worker_proc_ask(dmap__worker_proc *proc, const dmap__patience *patience,
                                             dmap__error *error);
/** What the process says that starting it, and set-ups, took since the last time this was asked: any number. */
double dmap__worker_proc_take_setup_s(dmap__worker_proc *proc);
/** How the process that died ended: *code (n, or -signal), and a sentence on it with its process id and where it
 *  crashed. Returns DMAP_ELOST if that is not known: the fork server was killed, and so were its processes. */
dmap_status dmap__worker_proc_reap(dmap__worker_proc *proc, int *code, char *text, size_t size, dmap__error *error);

#endif
