/* DMAP_TRACE: a trace for https://ui.perfetto.dev. The master writes it: what workers did comes to it with the outcomes
 * of chunks. A process for each rank, a track for each worker, with a slice for what it ran; a track for each call;
 * counters; instants for messages and losses. */
#ifndef DMAP_WATCH_TRACE_H
#define DMAP_WATCH_TRACE_H

#include "base/error.h"
#include "base/event.h"
#include "watch/metrics.h"
#include "watch/timeline.h"

typedef struct dmap__trace dmap__trace;

typedef struct dmap__trace_config {
    const char *file; /* is made anew */
    uint64_t bytes;   /* beyond that, about, what workers do is told in ever longer slices; 0: 256 MiB */
    int n_ranks;
    const dmap__metrics_rank *ranks; /* their hosts and workers; borrowed */
} dmap__trace_config;

/** Returns NULL, with *error. */
dmap__trace *dmap__trace_open(const dmap__trace_config *config, dmap__error *error);
/** Writes what is left. trace may be NULL. */
void dmap__trace_close(dmap__trace *trace);
/** Events that follow one another are one, up to so long: longer the more workers there are. */
double dmap__trace_joined_s(const dmap__trace *trace);

/** A call, by its number, begins; and has ended: diagnosis may be "". */
void dmap__trace_call(dmap__trace *trace, uint64_t call, const char *task, double now);
void dmap__trace_call_end(dmap__trace *trace, uint64_t call, const char *diagnosis, double now);

/** What a worker did, of a call of that task; offset_s: of its clock to the master's. */
void dmap__trace_event(dmap__trace *trace, int rank, const char *task, const dmap__event *event, double offset_s);
/** A message went to a rank, or came from it: of a chunk. */
void dmap__trace_message(dmap__trace *trace, int rank, const char *what, uint64_t begin, uint64_t end, double now);
/** A rank was lost. */
void dmap__trace_lost(dmap__trace *trace, int rank, double now);

/** What all calls have, together. */
typedef struct dmap__trace_counts {
    uint64_t items;  /* ended so far */
    uint64_t leases; /* out */
    uint64_t window; /* bytes held */
} dmap__trace_counts;
/** True if it is time to write them: to be asked before they are counted. */
bool dmap__trace_is_due(const dmap__trace *trace, double now);
/** Writes counts, and what the master's thread was at since the last time. */
void dmap__trace_count(dmap__trace *trace, const dmap__trace_counts *counts, const dmap__timeline *line, double now);

#endif
