/* DMAP_METRICS: numbers for Prometheus and whatever reads its text format, in a file that is replaced now and then. */
#ifndef DMAP_WATCH_METRICS_H
#define DMAP_WATCH_METRICS_H

#include <stdint.h>

#include "base/error.h"
#include "watch/timeline.h"

/** Of a rank, since the pool was opened. */
typedef struct dmap__metrics_rank {
    const char *host;
    int workers;
    uint64_t items;
    double task_s, setup_s;
} dmap__metrics_rank;

typedef struct dmap__metrics {
    uint64_t calls; /* in flight */
    uint64_t items, failed, retried;
    uint64_t leases, window;
    const double *master_s; /* by dmap__doing */
    int n_ranks;
    const dmap__metrics_rank *ranks;
} dmap__metrics;

/** Replaces the file, at once: who reads it finds the old one or the new one. Returns DMAP_OK, or an error with a
 *  sentence; the old one stays then. */
dmap_status dmap__metrics_write(const char *file, const dmap__metrics *metrics, dmap__error *error);

#endif
