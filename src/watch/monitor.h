/* Looking on: one stream of events, from the calls, the loop and the workers, feeds every view. Where nobody looks on
 * there is no dmap__monitor, and each place that would tell it something asks only that. All of it is the master's, and
 * its loop's thread's. It changes nothing.
 *
 *   monitor.c      what a pool's views have in common
 *   timeline.c     what the master's thread was at
 *   tally.c        of a call: where time went
 *   diagnosis.c    why it was not faster, in a sentence
 *   report_text.c, report_json.c   DMAP_REPORT
 *   trace.c, protobuf.c   DMAP_TRACE
 *   metrics.c      DMAP_METRICS */
#ifndef DMAP_WATCH_MONITOR_H
#define DMAP_WATCH_MONITOR_H

#include <dmap/dmap.h>

#include "base/error.h"
#include "base/options.h"
#include "watch/metrics.h"
#include "watch/report.h"
#include "watch/timeline.h"
#include "watch/trace.h"

/** What is known of a worker, over all calls. */
typedef struct dmap__watched_worker {
    double had_s; /* in items and set-ups */
} dmap__watched_worker;

/** What is known of a rank. */
typedef struct dmap__watched_rank {
    int workers;
    int first;       /* of all workers, its number 0 */
    double offset_s; /* the master's clock less its host's, */
    double trip_s;   /* by the round trip that took least so far; < 0: by none */
} dmap__watched_rank;

typedef struct dmap__monitor {
    dmap__monitor_options options;
    dmap__timeline timeline;
    dmap__trace *trace; /* NULL: none */
    dmap__trace_counts counts;
    size_t n_tallies; /* that are open: while there are none, the timeline is empty */
    int n_ranks, n_workers;
    dmap__watched_rank *ranks;
    dmap__watched_worker *workers;
    dmap__metrics_rank *totals; /* of each rank; its host is a copy */
    double master_s[DMAP__DOINGS];
    uint64_t failed, retried;
    double counted_s, written_s; /* when leases and window were counted, and metrics written, last */
} dmap__monitor;

/** workers: of each rank; host: of a rank. Returns NULL if memory is out. */
dmap__monitor *dmap__monitor_create(const dmap__monitor_options *options, int ranks, const int *workers,
                                    const char *(*host)(const void *arg, int rank), const void *arg);
/** Opens the trace, and writes metrics for the first time, where that is asked for. */
dmap_status dmap__monitor_open(dmap__monitor *monitor, dmap__error *error);
/** Writes metrics, if it is time. monitor may be NULL. */
void dmap__monitor_look(dmap__monitor *monitor, double now);
/** monitor may be NULL. */
void dmap__monitor_destroy(dmap__monitor *monitor);
/** Says whether files that are to be written can be. */
dmap_status dmap__monitor_check(const dmap__monitor_options *options, dmap__error *error);
/** True if every call is to be looked at. */
static inline bool dmap__monitor_wants_any(const dmap__monitor_options *options) {
    return options->report[0] || options->trace[0] || options->metrics[0];
}

/** Events that follow one another are one, up to so long. */
double dmap__monitor_joined_s(const dmap__monitor *monitor);

/** The master's thread is at something else from now on. monitor may be NULL. Returns what it was at. */
dmap__doing dmap__monitor_turn_now(dmap__monitor *monitor, dmap__doing doing);
static inline dmap__doing dmap__monitor_turn(dmap__monitor *monitor, dmap__doing doing) {
    return monitor ? dmap__monitor_turn_now(monitor, doing) : DMAP__DOING_OUTSIDE;
}

/** An explained call has ended: tells of it, if that is asked for. */
void dmap__monitor_tell(const dmap__monitor *monitor, const dmap__told *told);

/** A chunk came to a rank and its outcome left there, by its own clock; by the master's, it was granted and came back:
 *  the clocks are compared. */
void dmap__monitor_compare_clocks(dmap__monitor *monitor, int rank, double granted_s, double taken_s, double sent_s,
                                  double came_s);

#endif
