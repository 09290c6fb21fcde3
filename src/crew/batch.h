/* A worker's insides, and the batch that it runs. For the files of the worker alone.
 *
 *   worker.c          takes batches, says where results go, learns the pace
 *   worker_local.c    set-up and tear-down
 *   direct.c          items and results that a worker has from, and gives to, another process's memory
 *   runner.c          runs the items of a batch
 *   worker_items.c    has that done here, in the worker's own thread
 *   batch.c           items that failed, and what that means for the batch
 *   spawning.c        what an item makes, where items make items, and how it ends
 *   worker_spawned.c  runs such items
 *   worker_spawned_process.c  has the worker's process run them
 *   worker_process.c  has a batch run by a process of the worker's own
 *   worker_child.c    that process */
#ifndef DMAP_CREW_BATCH_H
#define DMAP_CREW_BATCH_H

#include "crew/context.h"
#include "crew/runner.h"
#include "crew/spawn.h"
#include "crew/worker.h"

struct dmap__worker_proc;

/* Items that lie in another process, as this worker has read them: offsets from their grant's begin. */
typedef struct dmap__fetched {
    unsigned char *items;
    size_t size;     /* bytes of memory */
    uint64_t ticket; /* of the grant's slot; 0: none */
    uint32_t begin, end;
} dmap__fetched;

/* One batch on its way: offsets are from grant->begin. */
typedef struct dmap__batch {
    dmap__slot *slot; /* NULL: it has ended */
    uint64_t taken;   /* items that are to be told to have ended */
    const dmap__grant *grant;
    dmap__outcome *log;
    uint32_t begin, end;
    uint32_t done; /* one past the last item that ran */
    double began_s;
    double setup_s;             /* that a set-up took before that, if somebody looks on */
    const unsigned char *items; /* ARRAY: the item at `begin` */
    uint32_t fold_from;         /* WANT_FOLD: results from here on are not yet folded */
    bool singly;                /* run_batch: one item at a time */
    bool is_direct;             /* results may go to another process's memory from where they are now */
    unsigned char *results;     /* of `begin`; NULL: none of fixed size */
    size_t result_step;
} dmap__batch;

#define DMAP__SPAWN_CLASSES 33 /* of records whose memory a worker keeps: by 16 bytes */

/* Items that make items: the one that runs, and those that its attempt has made. */
typedef struct dmap__spawning {
    dmap__spawn_work *work;
    dmap__spawn_record *record; /* that runs; NULL: none does */
    double began_s;
    dmap__spawn_record **made;
    size_t n_made, made_capacity;
    uint64_t came, ended;       /* since the worker went inside; of those that ended */
    uint64_t again;             /* so many came again */
    dmap__block *blocks;        /* for a result of variable size */
    dmap__spawn_record **taken; /* that the worker's process runs */
    size_t n_taken, taken_capacity;
    uint32_t most;                                  /* of them, at once */
    struct dmap__spare *spare[DMAP__SPAWN_CLASSES]; /* memory for records */
    uint32_t n_spare[DMAP__SPAWN_CLASSES];
} dmap__spawning;

struct dmap__worker {
    dmap__crew_state *crew;
    int core;
    bool gives_way;       /* before it begins its next batch */
    uint64_t mask_number; /* of the crew's mask that its thread has; 0: none */
    dmap__pace paces[DMAP__PACES];
    dmap__batch batch; /* the last one, or the one that runs */
    unsigned char *scratch;
    size_t scratch_size;
    dmap__fetched fetched;
    dmap__runner runner; /* of the batch, if its items are run here */
    dmap__spawning spawning;
    dmap__local *locals;            /* by task */
    struct dmap__worker_proc *proc; /* its process; NULL: it runs items itself */
    dmap_context context;
};

/* ---- worker_local.c ---- */

/** Makes the state for a task ready, if it is not: returns the set-up's code, 0 for success. ctx->text has its
 *  sentence. */
int dmap__local_set_up(dmap_context *ctx, dmap__local *local, const dmap_task *task, uint64_t generation);
void dmap__local_tear_down(dmap_context *ctx, dmap__local *local);
/** The call ends: the set-up failed. */
void dmap__worker_fail_set_up(dmap__worker *worker, dmap__outcome *log, int code);

/* ---- worker_items.c ---- */

/** Runs the items of the batch here, from b->done on. */
void dmap__worker_run_items(dmap__worker *worker, dmap__batch *b);

/* ---- batch.c ---- */

/** Has results made in memory of the worker's own, of that size. Returns false if it is out. */
bool dmap__batch_place_in_scratch(dmap__worker *worker, dmap__batch *b, size_t needed);
/** Memory is out for `what`: the call has to end. */
void dmap__batch_fail_memory(dmap__worker *worker, dmap__batch *b, const char *what);
/** Folds what was run since the last time, up to `offset`. */
void dmap__batch_flush_fold(dmap__worker *worker, dmap__batch *b, uint32_t offset);
/** An item failed; ctx has its index, attempt and text. Returns true if the batch goes on behind it. */
bool dmap__batch_record_failure(dmap__worker *worker, dmap__batch *b, uint32_t offset, int code, int signal,
                                dmap_item_status status);
/** The offset of the item, or the first of several, that the task was begun with last, here. */
uint32_t dmap__batch_reached(const dmap__worker *worker);
/** True if nobody waits any more for the item that runs, or for all those of the batch. ctx->is_cancelled, in the rank
 *  itself. */
bool dmap__batch_is_cancelled(const dmap_context *ctx);
/** True if the item at b->done is to be run: it is below the limit, and not cancelled. */
bool dmap__batch_runs_on(const dmap__worker *worker, const dmap__batch *b);
/** Passes that item, as it is not. Returns true if the batch goes on behind it: what follows an item above the limit is
 *  wanted only in a shuffled grant, and only if the limit is not 0. */
bool dmap__batch_pass(dmap__worker *worker, dmap__batch *b);
/** Keeps a result of variable size, or folds it, or lets it go if nobody wants it. */
void dmap__batch_keep_variable(dmap__worker *worker, dmap__batch *b, uint32_t offset);

/* ---- direct.c ---- */

/** Finds the items of the batch, where they lie in an ARRAY. Returns false if they cannot be had: the call ends. Those
 *  in another process's memory it reads; for a worker's process, which needs them elsewhere, dmap__batch_read does. */
bool dmap__batch_fetch(dmap__worker *worker, dmap__batch *b);
/** Reads n items of the grant from there, those from offset `first` on. Returns false if it cannot: the call ends. */
bool dmap__batch_read(dmap__worker *worker, dmap__batch *b, uint32_t first, uint64_t n, void *items);
/** True if the results of the batch may go straight to where they belong: it is as well to make them in scratch. */
bool dmap__batch_may_write_direct(const dmap__batch *b);
/** Has the results of items that ran go there, or to the outcome. Before the board is told that the batch has ended. */
void dmap__batch_write_direct(dmap__worker *worker, dmap__batch *b);

/* ---- spawning.c ---- */

/** ctx->spawn. */
bool dmap__spawning_spawn(dmap_context *ctx, const void *item, size_t size);
/** What the attempt has made waits from now on. */
void dmap__spawning_put_made(dmap__worker *worker, dmap__batch *b);
/** An item waits from now on. Returns false if memory is out: the call ends. */
bool dmap__spawning_put(dmap__worker *worker, dmap__batch *b, dmap__spawn_record *record);
/** The end of a record. */
void dmap__spawning_drop(dmap__spawning *s, dmap__spawn_record *record);
/** s->record has ended well, with the result in ctx, or has failed, with the sentence there. */
void dmap__spawning_keep_result(dmap__worker *worker, dmap__batch *b);
void dmap__spawning_fail(dmap__worker *worker, dmap__batch *b, int code, int signal, dmap_item_status status);
/** Folds a result. Returns false if memory is out. */
bool dmap__spawning_fold(dmap__worker *worker, dmap_blob result);
/** Takes what the items of the batch from `first` on, and before `end`, have made: all ended well. Returns false if
 *  the process wrote over it, or memory is out: the call ends. */
bool dmap__spawning_take_made(dmap__worker *worker, dmap__batch *b, uint32_t first, uint32_t end);
/** The worker ends. */
void dmap__worker_forget_spawned(dmap__worker *worker);

/* ---- worker_spawned.c ---- */

/** Runs items of a chunk whose items make items, for a while. Returns as dmap__worker_step does. */
int dmap__worker_run_spawned(dmap__worker *worker, dmap__batch *b);
/** A task of such a chunk did not return: that item has failed. Goes on as above, if that `goes_on`. */
int dmap__worker_resume_spawned(dmap__worker *worker, dmap__batch *b, bool goes_on);
/* ---- worker_spawned_process.c ---- */

/** Has the worker's process run some items. Returns false if there are none, or the call ends. */
bool dmap__spawning_ask(dmap__worker *worker, dmap__batch *b);

/* ---- worker_process.c ---- */

/** Has the items of the batch run by the worker's process. */
void dmap__worker_run_process(dmap__worker *worker, dmap__batch *b);

#endif
