/* DMAP_REPORT: what becomes of an explained call is told, on stderr or as a line of a file. */
#ifndef DMAP_WATCH_REPORT_H
#define DMAP_WATCH_REPORT_H

#include <stdio.h>

#include <dmap/dmap.h>

/** All that there is to tell. */
typedef struct dmap__told {
    const char *task;
    dmap_status status;
    const dmap_report *report;
    int n_ranks;
    const dmap_rank_report *ranks;
    const dmap_worker_report *workers; /* of all ranks */
} dmap__told;

/** Writes a table of a few lines, and one for each rank, and each worker if they are few. */
void dmap__report_text(FILE *to, const dmap__told *told);
/** Writes one line, a JSON object. */
void dmap__report_json(FILE *to, const dmap__told *told);
#endif
