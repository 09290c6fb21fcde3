/* dmap: what a call did, in numbers. Part of dmap.h, whose words hold here.
 *
 * The master's environment has it look on. DMAP_REPORT=1 writes a table on stderr at the end of each call: where time
 * went, and why it was not faster; DMAP_REPORT=FILE appends that to a file, as a line of JSON. DMAP_TRACE=FILE writes a
 * trace of what ran when, for ui.perfetto.dev: the pool's, from its opening on. DMAP_METRICS=FILE replaces that each
 * 5 s while calls are in flight, by numbers in Prometheus' text format. A file that cannot be written is an error when
 * the pool is opened, and none later. */
#ifndef DMAP_REPORT_H
#define DMAP_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <dmap/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dmap_pool dmap_pool;

/** Where time went, in seconds. A worker's come to those of the call. What it waited for is what the master's thread
 *  was at meanwhile. */
typedef struct dmap_times {
    double task_s;     /* in items, with what brings them and their results; those that failed, too */
    double setup_s;    /* in set-ups, and starting processes */
    double source_s;   /* master: in the source. Worker: waited while the master was, or while a source had nothing */
    double sink_s;     /* the same of the sink, and of on_emit */
    double messages_s; /* master: sending and receiving. Worker: waited for that, or for a message on its way */
    double window_s;   /* waited: the order window was full, as the result at its head had not come */
    double starved_s;  /* worker: waited without any of these reasons. Master: waited for workers */
    double outside_s;  /* the program computed, and did not move calls along. Worker: waited for that */
    double start_s;    /* worker: until its first item began */
    double tail_s;     /* worker: had nothing left to do, until the call ended */
    double other_s;    /* worker: ran items of other calls. Master: anything else */
} dmap_times;

/** One of the items that took longest. */
typedef struct dmap_long_item {
    uint64_t index;
    double seconds; /* of short items, the mean of its batch */
    int rank, worker;
} dmap_long_item;

enum { DMAP_LONGEST = 5 };

/** What the last call on the pool did. */
typedef struct dmap_report {
    uint64_t items;    /* ended, failed ones included */
    uint64_t failed;   /* ended as failed */
    uint64_t retried;  /* further attempts made */
    uint64_t chunks;   /* granted */
    uint64_t recalled; /* items taken back from a slow rank; with .spawns: that waited when their chunk ended */
    double seconds;    /* wall time of the call */
    double busy_s;     /* spent in tasks, summed over workers */
    double first_s;    /* until the first result reached the master */
    double efficiency; /* busy_s / (seconds * workers) */
    int ranks, workers;
    uint64_t bytes_sent, bytes_received; /* by the master, to and from other ranks */
    uint64_t window_peak;                /* most bytes of results held for order */
    uint64_t spooled;                    /* bytes of items made by items that waited in the temporary file */
    uint64_t from_journal;               /* of the items, those that the journal had */
    int lost_ranks;                      /* of the pool, until the call ended */
    uint64_t lost_items;                 /* that were on a rank when it was lost, and were granted to another one */

    /* Why it was not faster: of a call that has ended, if dmap_map_options.explain, DMAP_REPORT, … asked. */
    bool explained;          /* else all that follows is zero */
    dmap_times workers_time; /* summed over workers */
    dmap_times master_time;  /* of the master's thread */
    double retried_s;        /* of the workers' time, in attempts that failed and were made again */
    /* The metrics of the POP centre of excellence (https://pop-coe.eu/node/69): parallel_efficiency, the share of
     * workers * seconds that is useful (in tasks), is the product of the other three. */
    double parallel_efficiency;
    double load_balance;  /* useful time of a worker, the mean over the longest */
    double communication; /* POP: transfer. What the call would take if messages took no time, over what it took; here
                             estimated, by what the busiest worker waited for messages */
    double serialisation; /* useful time of the busiest worker over that: it waits for others */
    int n_longest;
    dmap_long_item longest[DMAP_LONGEST]; /* the longest first */
    char diagnosis[240];                  /* one sentence: what keeps it from being faster, and what to do */
} dmap_report;

/** One rank's share of the last call. */
typedef struct dmap_rank_report {
    const char *host; /* valid as long as the pool */
    int workers;
    uint64_t items, chunks;
    double busy_s;
    dmap_times times; /* of an explained call, summed over its workers */
    const char *lost; /* how it was lost: "its process has ended"; NULL: it was not. Valid as long as the pool */
} dmap_rank_report;

/** One worker's share of the last call that was explained. */
typedef struct dmap_worker_report {
    uint64_t items;
    dmap_times times;
} dmap_worker_report;

/** Fills *report; zeros if there was no call. pool and report must not be NULL. */
DMAP_API void dmap_report_get(const dmap_pool *pool, dmap_report *report);
/** Fills *report for a rank. Returns DMAP_EINVAL if there is no such rank. */
DMAP_API dmap_status dmap_report_rank(const dmap_pool *pool, int rank, dmap_rank_report *report);
/** Fills *report for a worker. Returns DMAP_EINVAL if there is no such worker, or no call was explained. */
DMAP_API dmap_status dmap_report_worker(const dmap_pool *pool, int rank, int worker, dmap_worker_report *report);

#ifdef __cplusplus
}
#endif
#endif
