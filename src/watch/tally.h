/* Where the time of one call went: gathered from events as chunks arrive, summed up at its end. */
#ifndef DMAP_WATCH_TALLY_H
#define DMAP_WATCH_TALLY_H

#include "base/outcome.h"
#include "watch/monitor.h"

/** Of one worker. */
typedef struct dmap__tallied_worker {
    uint64_t items;
    double first_s, last_s; /* when its first item began, and its last ended; first_s < 0: it had none */
    double task_s, setup_s;
    double had_s;                 /* of all calls, when this one began */
    double covered[DMAP__DOINGS]; /* what the master's thread was at while it worked */
} dmap__tallied_worker;

typedef struct dmap__tally {
    dmap__monitor *monitor;
    uint64_t call; /* its number */
    const char *task;
    dmap__trace_counts counts; /* of this call, as last counted: of the monitor's */
    double began_s;
    double first_s, last_s; /* when the first item of all began (< 0: none has), and the last one ended */
    double retried_s;
    int n_longest;
    dmap_long_item longest[DMAP_LONGEST];
    dmap__tallied_worker workers[]; /* of all ranks */
} dmap__tally;

/** A call begins, which was made at began_s. Returns NULL if memory is out: nobody looks on then. */
dmap__tally *dmap__tally_create(dmap__monitor *monitor, uint64_t call, const char *task, double began_s);
/** tally may be NULL. */
void dmap__tally_destroy(dmap__tally *tally);

/** Events of a rank have come. index_of: of positions; NULL: they are the same */
void dmap__tally_add(dmap__tally *tally, int rank, const dmap__events *events, const uint64_t *index_of,
                     uint64_t count);
/** A chunk that was granted to another rank has come back. */
void dmap__tally_message(const dmap__tally *tally, int rank, uint64_t begin, uint64_t end, double granted_s,
                         double now);
/** True if it is time for dmap__tally_count; what the call has now: leases out, and bytes in its window. */
bool dmap__tally_is_due(const dmap__tally *tally, double now);
void dmap__tally_count(dmap__tally *tally, uint64_t leases, uint64_t window, double now);
/** A rank is lost. */
void dmap__tally_lost(const dmap__tally *tally, int rank, double now);
/** So long was spent on an attempt that failed, and is made again. */
void dmap__tally_retry(dmap__tally *tally, double seconds);
/** An item failed for good. */
void dmap__tally_fail(const dmap__tally *tally);

/** What comes of it. */
typedef struct dmap__tallied {
    dmap_worker_report *workers; /* of all ranks, to be filled in */
    dmap_rank_report *ranks;     /* gets times */
    dmap_report *report;         /* gets all that is explained, but for the diagnosis */
} dmap__tallied;

/** The call has ended: diagnosis is what came of it. */
void dmap__tally_end(const dmap__tally *tally, const char *diagnosis, double now);
/** The call ends now: what is known of it otherwise is in out->report. */
void dmap__tally_sum(const dmap__tally *tally, double now, dmap__tallied *out);

#endif
