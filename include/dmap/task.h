/* A task: the function to map, its sizes, and what it may call. Included by <dmap/dmap.h>, whose words and conventions
 * hold here too.
 *
 * A task runs elsewhere: in a thread, in a process, on another node. What it may count on is the same everywhere:
 *
 *  - It sees its item, the data of dmap_share and the state of its worker. It does not see what main_fn has set: a
 *    global variable has its old value there on other ranks and in other processes. There is no error: the results are
 *    wrong. Give such values to dmap_share. What main sets before dmap_run is seen: every rank runs it.
 *  - Several threads run it at once, with DMAP_THREADS: it must be thread-safe. So must combine and merge, always.
 *  - It does not call MPI, nor a function that takes a pool: other ranks have none.
 *  - What it prints goes to the standard output of its rank, in the order in which items run. With DMAP_PROCESSES that
 *    is a buffer of the worker's process, unless it is a terminal: it is written when it is full, at fflush, or when
 *    the process ends, and lost if the process is killed. Output in order: give it as a result, or by dmap_emit. */
#ifndef DMAP_TASK_H
#define DMAP_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dmap_context dmap_context; /* what a task function sees of the world */
typedef struct dmap_merge dmap_merge;     /* one merge of two results, as the function sees it */

#define DMAP_VARIABLE ((size_t)-1) /* an item or result size: any, 0 too */

typedef struct dmap_blob {
    const void *data;
    size_t size;
} dmap_blob;

/* A task's functions return. A C++ exception out of one ends the process as any that nobody catches: it costs the item
 * with DMAP_PROCESSES, the rank with DMAP_THREADS; with DMAP_SERIAL it comes out of dmap_map. pthread_exit fails the
 * item; a longjmp out of a task is undefined. If a task forks, the copy of the process ends when it
 * returns from the function. */

/** Does one item.
 *  item:     read-only. Of fixed size: aligned as in an array of such items; of variable size: to 16 bytes
 *  result:   result_size bytes, aligned as in an array of such results. NULL if result_size is 0, and if it is
 *            DMAP_VARIABLE: then dmap_result gives the place
 *  Returns:  0: done; else the item has failed with that code. dmap_fail adds a sentence */
typedef int dmap_task_fn(dmap_context *ctx, const void *item, void *result);

/** Does `count` items of consecutive index. dmap_index() is that of the first. Both sizes are fixed.
 *  items:    side by side. From dmap_range there is the first number only: the others follow by counting
 *  results:  side by side; NULL if result_size is 0
 *  Returns:  0: all are done; else they are run again one by one, so that the right one is reported */
typedef int dmap_batch_fn(dmap_context *ctx, const void *items, void *results, size_t count);

/** A function to map and its sizes. Define it by DMAP_TASK at file scope: then every process of the program has it. */
typedef struct dmap_task {
    const char *name;  /* unique in the program */
    dmap_task_fn *run; /* one of run and run_batch */
    dmap_batch_fn *run_batch;
    size_t item_size;   /* bytes, or DMAP_VARIABLE. dmap_array wants it set, dmap_range wants 8 */
    size_t result_size; /* bytes, or DMAP_VARIABLE; 0: there is no result. dmap_into and dmap_fold want it set */
    /* setup runs once in each worker, before its first item of this task, and again after dmap_share. If it returns
     * non-zero the call fails. teardown runs when the worker ends, and before setup runs again; not after a setup that
     * failed. */
    int (*setup)(dmap_context *ctx);
    void (*teardown)(dmap_context *ctx);
    /* For dmap_fold: *into becomes "*into followed by *from". It must be associative (rounding aside); it need not
     * commute. It runs in the rank itself, also with DMAP_PROCESSES. */
    void (*combine)(void *into, const void *from);
    /* For dmap_fold_blob: makes "left followed by right" in the place that dmap_merge_result gives. left and right are
     * aligned to 16 bytes and valid until it returns. merge and combine may run in several threads at once. */
    void (*merge)(dmap_merge *merge, dmap_blob left, dmap_blob right);
} dmap_task;

/* C++ has had `.field = value` since C++20; compilers know it before, and warn of it, and of the fields that are not
 * named. The macro's users can do nothing about that. */
#ifdef __cplusplus
#define DMAP_DESIGNATED_BEGIN                                                                                          \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wpragmas\"")                                     \
        _Pragma("GCC diagnostic ignored \"-Wpedantic\"") _Pragma("GCC diagnostic ignored \"-Wc++20-extensions\"")      \
            _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"")
#define DMAP_DESIGNATED_END _Pragma("GCC diagnostic pop")
#else
#define DMAP_DESIGNATED_BEGIN
#define DMAP_DESIGNATED_END
#endif

/** Defines `const dmap_task symbol`, named "symbol", and registers it in every process of the program:
 *  DMAP_TASK(square, .run = square_fn, .item_size = sizeof(double), .result_size = sizeof(double)); */
#define DMAP_TASK(symbol, ...)                                                                                         \
    DMAP_DESIGNATED_BEGIN const dmap_task symbol = {.name = #symbol, __VA_ARGS__};                                     \
    DMAP_DESIGNATED_END                                                                                                \
    __attribute__((constructor)) static void dmap_register_##symbol(void) {                                            \
        dmap_register(&symbol);                                                                                        \
    }                                                                                                                  \
    struct dmap_task

/** What DMAP_TASK calls. A mistake (no name, two tasks of one name) is reported when a pool is opened.
 *  task:     borrowed for ever
 *  Threads:  one at a time; before any pool is opened */
DMAP_API void dmap_register(const dmap_task *task);

/* Inside a task (run, run_batch, setup, teardown): for the thread that was given ctx, until the function returns. */

/** Index of the item (of the first one in run_batch; 0 in setup and teardown). An item that another
 *  has made has a number of 2^63 or more, as no other item of the call has. */
DMAP_API uint64_t dmap_index(const dmap_context *ctx);
/** Bytes of the item. */
DMAP_API size_t dmap_item_size(const dmap_context *ctx);
/** The place of a result of variable size, to be written before the function returns. A second call gives it another
 *  size and keeps what was written. An item that never calls it has failed: for an empty result call it with 0.
 *  Of a task whose result_size is fixed: the place that it was given, if size is result_size; else NULL.
 *  Returns:  `size` bytes, aligned to 16; not NULL for 0 bytes. NULL if memory is out: the item has then failed so,
 *            whatever it returns */
DMAP_API void *dmap_result(dmap_context *ctx, size_t size);
/** Gives the failure a sentence: `return dmap_fail(ctx, 3, "no line %d", n);`. Up to 1,000 bytes are kept, whole
 *  characters of UTF-8.
 *  Returns:  code, or 1 if that is 0 */
DMAP_API int dmap_fail(dmap_context *ctx, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/** What dmap_share sent last: read-only, aligned to 64; NULL and 0 if nothing. size may be NULL. */
DMAP_API const void *dmap_shared(const dmap_context *ctx, size_t *size);
/** The worker's own state for this task: NULL until set. Free it in teardown. */
DMAP_API void *dmap_local(const dmap_context *ctx);
DMAP_API void dmap_set_local(dmap_context *ctx, void *local);
/** A hash of (the call's seed, the item's index): the same on any number of ranks. In run_batch, of the first item.
 *  Of an item that another has made: of the other's seed, and of its number among those that it has made. */
DMAP_API uint64_t dmap_seed(const dmap_context *ctx);
/** The same for another index: for run_batch, and for streams of one's own. */
DMAP_API uint64_t dmap_seed_of(const dmap_context *ctx, uint64_t index);
/** 1 for the first attempt at an item. */
DMAP_API int dmap_attempt(const dmap_context *ctx);
/** Rank, and worker on that rank, that run the task. */
DMAP_API int dmap_rank(const dmap_context *ctx);
DMAP_API int dmap_worker(const dmap_context *ctx);
/** Sends bytes of the item's output to the master ahead of its result: the call's on_emit takes them. So output may be
 *  of any length in bounded memory. They come while the item runs; with DMAP_SERIAL, when it has ended. More than
 *  128 KiB come in parts. Not in setup, teardown and run_batch.
 *  data:     copied
 *  Returns:  0; -1 if memory is out, or nobody takes them: there is no on_emit, or the result is no longer wanted
 *  Blocks:   while more than 4 MiB of this rank's are on their way */
DMAP_API int dmap_emit(dmap_context *ctx, const void *data, size_t size);
/* Items that make items. In a call with .spawns (dmap_map_options) a task may add items to the call; the source gives
 * the roots, none but they are counted beforehand, and the call ends when no item is left. What differs then:
 *
 *  order      there is none. dmap_each is given items as they come; dmap_collect has them in the order of arrival, and
 *             entry i is any item's. dmap_fold and dmap_fold_blob combine what comes first: combine and merge must
 *             commute, and a sum of doubles may differ in its last bits from run to run. dmap_into is refused
 *  memory     `window` is what a rank holds of items that wait and of results; beyond it items go back to the master,
 *             and there to a temporary file ($TMPDIR, else /tmp), which has no name
 *  results    reach the master when a chunk ends: within some 50 ms, once the items that run there have ended
 *  lost ranks what they had runs again from the item that went to them; if that is to blame (lost_limit), it fails as
 *             DMAP_ITEM_LOST, with all that it would have made
 *  DMAP_STOP  the first failure that is seen ends the call, and its sentence is dmap_error's. It is not the same on any
 *             number of ranks. dmap_fold and dmap_fold_blob leave the accumulator untouched then
 *  refused    cost, chunk, schedule, ahead: nobody knows what is to come; streams, dmap_submit; tasks of run_batch */

/** Adds an item to the call: it waits from the moment that the item which makes it has ended well. An attempt that
 *  fails, or is lost, has made nothing. There is no waiting for it: it is a child, not a future. Not in setup and
 *  teardown.
 *  item:     `size` bytes, copied; task.item_size, if that is fixed
 *  Returns:  0; -1: the call has not .spawns, the size is not the task's, or memory is out (the item has then failed
 *            so, whatever it returns). Never blocks */
DMAP_API int dmap_spawn(dmap_context *ctx, const void *item, size_t size);
/** How many items stand between this one and the source: 0 for one of the source's, 1 for one that such a one made. */
DMAP_API int dmap_depth(const dmap_context *ctx);
/** A bound that the items of a call share, as branch and bound wants it: the least value that any of them has offered,
 *  as far as is known here; INFINITY before. In a rank it is known at once, in others as soon as they hear of it, some
 *  milliseconds later (with DMAP_SERIAL, between items). Of any call, with .spawns or without.
 *  Cost:     a load from memory */
DMAP_API double dmap_best(const dmap_context *ctx);
/** Offers a value; NaN and INFINITY are none. Where the largest is wanted, offer it with the other sign.
 *  A bound stays, though the attempt that offered it fails, or is lost with its rank: the next attempt may find it
 *  there. So cut off what is above the bound, and not what equals it: that may be the very solution, which has to be
 *  found again.
 *  Returns:  true if it is lower than what was known here: it is the bound now, and others are told
 *  Cost:     if it is lower, a message to each rank */
DMAP_API bool dmap_best_offer(dmap_context *ctx, double value);
/** True once the result is no longer wanted: the call stops, the item is cancelled, or item_timeout_s is over. A long
 *  task may then return. In a batch (run_batch): once none of its results is. With DMAP_SERIAL it is here that the rank
 *  hears of that, while an item runs: in the thread that the task was called in. */
DMAP_API bool dmap_cancelled(const dmap_context *ctx);

/** Inside a task's merge function: the place of the merged result. A second call gives it another size and keeps what
 *  was written, as with dmap_result. Without a call the merged result is empty.
 *  Returns:  `size` bytes, aligned to 16. NULL if memory is out: return then, and the call ends with DMAP_ENOMEM */
DMAP_API void *dmap_merge_result(dmap_merge *merge, size_t size);

#ifdef __cplusplus
}
#endif
#endif
