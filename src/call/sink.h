/* Where results go in the end. Parts come in order if the sink wants that (the plan sees to it), else as they come. */
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

typedef struct dmap__sink {
    dmap_sink given;
    const dmap_task *task;
    const dmap__order *order; /* NULL: position is index */
    bool unordered;
    bool has_order; /* there will be a shuffle */
    dmap__describe_fn *describe;
    void *arg;
    /* Private to sink.c. */
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
/** The result of the item at part->next, valid as long as the part; part->next moves on.
 *  text: room for the sentence of a failure, of DMAP__SINK_TEXT bytes */
void dmap__sink_next(const dmap__sink *sink, dmap__segment *part, char *text, dmap_item_result *result);
/** All parts have come, of `count` items; those above `limit` are not wanted (UINT64_MAX: no limit). Delivers what was
 *  deferred. */
dmap__sink_said dmap__sink_finish(dmap__sink *sink, uint64_t count, uint64_t limit);

#endif
