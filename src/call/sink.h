/* Where results go in the end, as an ops table for each kind of sink. Parts come in order if the sink wants that (the
 * plan sees to it), else as they come.
 *
 *   sink.c           the table of kinds, and what they have in common
 *   sink_into.c      sink_collect.c  sink_each.c  sink_fold.c  sink_discard.c: the kinds
 *   sink_spawned.c   the kinds where items make items */
#ifndef DMAP_CALL_SINK_H
#define DMAP_CALL_SINK_H

#include <dmap/dmap.h>

#include "base/fold.h"
#include "call/order.h"
#include "call/segment.h"
#include "crew/work.h"

#define DMAP__SINK_TEXT 1280 /* bytes of a failure's sentence */

/** Writes the sentence for a failure of an item into text. */
typedef void dmap__describe_fn(void *arg, int rank, uint64_t index, const dmap__failure *failure, char *text,
                               size_t size);

struct dmap__sink_ops;

typedef struct dmap__sink {
    const struct dmap__sink_ops *ops;
    dmap_sink given;
    const dmap_task *task;
    const dmap__order *order; /* NULL: position is index */
    bool unordered;
    bool has_order; /* there will be a shuffle, or each result is wanted here for another reason */
    dmap__describe_fn *describe;
    void *arg;
    /* Private to the files of sinks. */
    dmap__fold fold;
    dmap__segment **deferred; /* shuffled, for a sink that wants order: kept until all have come */
    size_t n_deferred, deferred_capacity;
    uint64_t *position_of; /* by index, while those are delivered */
    uint32_t pace;         /* items between two looks at the clock */
} dmap__sink;

typedef enum dmap__sink_said {
    DMAP__SINK_DONE = 0,
    DMAP__SINK_MORE = 1,    /* its time is over: call again */
    DMAP__SINK_STOPPED = 2, /* the user's function said so */
    DMAP__SINK_NO_MEMORY = 3
} dmap__sink_said;

/** The `kind` of a dmap_sink. 0: no function made it. */
enum {
    DMAP__SINK_INTO = 1,
    DMAP__SINK_COLLECT = 2,
    DMAP__SINK_EACH = 3,
    DMAP__SINK_FOLD = 4,
    DMAP__SINK_DISCARD = 5,
    DMAP__SINK_FOLD_BLOB = 6
};

/** A kind of sink. A new one is a number above, a row in sink.c, and a file with the function that makes it. What may
 *  be NULL, has nothing to do then. */
typedef struct dmap__sink_ops {
    dmap__want want;         /* what the ranks do with results; if they come in another order, none is folded there */
    bool is_ordered;         /* parts are to come in order, ... */
    bool may_be_unordered;   /* ... unless the caller does not mind */
    bool calls_program;      /* a function of the program's takes them */
    bool is_whole;           /* it is finished only if all results were to come, */
    bool is_finished_always; /* or in any case; else unless the call has ended early */
    /** Says whether the task's results can go there.
     *  count: of results; 0: nobody knows */
    dmap_status (*check)(const dmap_task *task, const dmap_sink *given, uint64_t count, dmap__error *error);
    /** Makes ready for `count` items (0: not known). Returns DMAP_OK or DMAP_ENOMEM. May be NULL. */
    dmap_status (*open)(dmap__sink *sink, uint64_t count);
    /** Where results of fixed size belong from an index on, side by side; NULL: nowhere. May be NULL. */
    void *(*place)(const dmap__sink *sink, uint64_t begin);
    /** Delivers (some of) a part. May be NULL. */
    dmap__sink_said (*deliver)(dmap__sink *sink, dmap__segment *part);
    /** Longest first, of one that is ordered: delivers the item at part->next; part NULL: it has none. */
    dmap__sink_said (*deliver_one)(dmap__sink *sink, dmap__segment *part);
    /** With DMAP_STOP, of the item that ended the call and is in no part. Returns false if memory is out. May be
     *  NULL. */
    bool (*fail)(dmap__sink *sink, uint64_t index, dmap_item_status status, const char *text);
    /** Finishes what it has kept, as in dmap__sink_finish. Returns false if memory is out. May be NULL. */
    bool (*finish)(dmap__sink *sink, uint64_t count, uint64_t limit);
} dmap__sink_ops;

extern const dmap__sink_ops dmap__sink_into, dmap__sink_collect, dmap__sink_each, dmap__sink_fold, dmap__sink_fold_blob,
    dmap__sink_discard;

/** The ops of a dmap_sink's kind; NULL: no function made it. */
const dmap__sink_ops *dmap__sink_ops_of(int kind);
/** The same for a call whose items make items; NULL: it has none for that kind. */
const dmap__sink_ops *dmap__sink_spawned_ops_of(int kind);

static inline uint64_t dmap__sink_index(const dmap__sink *sink, uint64_t position) {
    return sink->order ? sink->order->index_of[position] : position;
}

/** Opens it for `count` items (0: not known). The fields above "Private" are set. Returns DMAP_OK or DMAP_ENOMEM. */
dmap_status dmap__sink_open(dmap__sink *sink, uint64_t count);
void dmap__sink_close(dmap__sink *sink);

/** What the ranks are to do with results, for this sink. */
dmap__want dmap__sink_want(const dmap__sink *sink);
/** True if parts are to be delivered in order of their positions. */
bool dmap__sink_is_ordered(const dmap__sink *sink);
/** Where the fixed-size results of positions from `begin` on belong in the end, for as long as the call; NULL if not
 *  side by side there. */
void *dmap__sink_place(const dmap__sink *sink, uint64_t begin);

/** Delivers (some of) a part. After any answer but MORE the part is spent (destroyed, or kept by the sink). */
dmap__sink_said dmap__sink_deliver(dmap__sink *sink, dmap__segment *part);
/** All parts have come, of `count` items; those above `limit` are not wanted (UINT64_MAX: no limit). Delivers what was
 *  deferred. */
dmap__sink_said dmap__sink_finish(dmap__sink *sink, uint64_t count, uint64_t limit);

/* ---- sink_each.c ---- */

/** The result of the item at part->next, valid as long as the part; part->next moves on.
 *  text: room for the sentence of a failure, of DMAP__SINK_TEXT bytes */
void dmap__sink_next(const dmap__sink *sink, dmap__segment *part, char *text, dmap_item_result *result);

#endif
