/* Why a worker runs where it does, in words. Pure. */
#ifndef DMAP_CPU_REASON_H
#define DMAP_CPU_REASON_H

#include <stdbool.h>
#include <stddef.h>

#include <dmap/dmap.h>

/** What led to a worker's place. */
typedef struct dmap__reason {
    dmap_bind bind;
    bool narrowed;  /* the process was started with a binding narrower than what the node allows, */
    bool keep;      /* and that is somebody's wish */
    int all_cores;  /* of the node, or of the binding that is kept */
    int ranks;      /* that share these out */
    int cores;      /* of this rank */
    int workers;    /* of this rank */
    bool shared;    /* another worker of the node has the same core */
    double quota_n; /* CPUs of the control group, where that bounds the number of workers; else 0 */
} dmap__reason;

/** Writes "the node's 8 cores, shared out among 2 ranks; …", cut off at size. */
void dmap__reason_write(const dmap__reason *reason, char *text, size_t size);

#endif
