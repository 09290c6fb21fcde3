/* Placement: which cores a rank has, and in which order its workers take them, on a plain table of cores.
 *
 * Pure: reads no machine and no environment. */
#ifndef DMAP_CREW_PLACEMENT_H
#define DMAP_CREW_PLACEMENT_H

#include <stdbool.h>

#include <dmap/dmap.h>

/** A core, as the table has it. Numbers only tell groups apart; -1: not known. */
typedef struct dmap__core {
    int core, l3, numa, socket;
    int pu_begin, pus; /* its hardware threads: that many, 1 or more, from that position in the table's list of PUs */
} dmap__core;

/** A rank's cores: positions [begin, end) of the table, at least one. */
typedef struct dmap__share {
    int begin, end;
    int sharers; /* ranks that have these cores, this one included; 1 unless there are more ranks than cores */
    int turn;    /* this rank among them, from 0 */
} dmap__share;

/** Where one worker runs. */
typedef struct dmap__spot {
    int core;    /* position in the table */
    int sibling; /* hardware thread of that core, from 0 */
    bool shared; /* another worker of this node has the core */
} dmap__spot;

/** Shares n cores out: contiguous and disjoint shares that differ by at most one core; with more ranks than cores every
 *  rank has one, and cores are doubled up evenly.
 *  n: 1 or more    node_rank: 0 to node_size - 1 */
dmap__share dmap__share_cores(int n, int node_rank, int node_size);

/** Gives each of a rank's workers a spot: no core twice while one of the share is free, then evenly.
 *  cores:    the whole table, neighbours side by side (the order of hwloc's logical numbers)
 *  bind:     DMAP_BIND_PU takes further hardware threads of a core before it doubles up; all others use the first only
 *  spread:   DMAP_SCATTER: every socket and NUMA node of the share has a worker before one has two, and likewise the
 *            L3 caches within a NUMA node. DMAP_COMPACT: in the order of the table; workers that are bound to more
 *            than a core begin equal parts of it, so that their cores are as many as they can be
 *  spots:    to be filled, one a worker
 *  Returns:  DMAP_OK, DMAP_ENOMEM */
dmap_status dmap__place_workers(const dmap__core *cores, const dmap__share *share, dmap_bind bind, dmap_spread spread,
                                int workers, dmap__spot *spots);

#endif
