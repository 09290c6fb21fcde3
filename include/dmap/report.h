/* dmap: what a call did, in numbers. Part of dmap.h, whose words hold here. */
#ifndef DMAP_REPORT_H
#define DMAP_REPORT_H

#include <stdint.h>

#include <dmap/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dmap_pool dmap_pool;

/** What the last call on the pool did. */
typedef struct dmap_report {
    uint64_t items;    /* ended, failed ones included */
    uint64_t failed;   /* ended as failed */
    uint64_t retried;  /* further attempts made */
    uint64_t chunks;   /* granted */
    uint64_t recalled; /* items taken back from a slow rank */
    double seconds;    /* wall time of the call */
    double busy_s;     /* spent in tasks, summed over workers */
    double first_s;    /* until the first result reached the master */
    double efficiency; /* busy_s / (seconds * workers) */
    int ranks, workers;
    uint64_t bytes_sent, bytes_received; /* by the master, to and from other ranks */
    uint64_t window_peak;                /* most bytes of results held for order */
} dmap_report;

/** One rank's share of the last call. */
typedef struct dmap_rank_report {
    const char *host; /* valid as long as the pool */
    int workers;
    uint64_t items, chunks;
    double busy_s;
} dmap_rank_report;

/** Fills *report; zeros if there was no call. pool and report must not be NULL. */
DMAP_API void dmap_report_get(const dmap_pool *pool, dmap_report *report);
/** Fills *report for a rank. Returns DMAP_EINVAL if there is no such rank. */
DMAP_API dmap_status dmap_report_rank(const dmap_pool *pool, int rank, dmap_rank_report *report);

#ifdef __cplusplus
}
#endif
#endif
