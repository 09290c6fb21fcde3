/* Cores: which ones this rank may use, and which worker gets which. topology.c is the only file that includes hwloc.h.
 *
 * The rule, several ranks on a node: they share out the cores that the node allows without overlap, neighbours
 * together, NUMA node by NUMA node; a binding that the user asked for is kept.
 *
 * With keep_binding a rank cannot see the others' masks. So the caller counts node_rank and node_size among the ranks
 * of the node whose dmap__topology_mask is the same: ranks bound to one socket share that socket out, ranks bound to
 * sockets of their own each have theirs whole. Masks that differ but overlap may double up. */
#ifndef DMAP_CREW_TOPOLOGY_H
#define DMAP_CREW_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/dmap.h>

#include "base/error.h"
#include "crew/reason.h"

typedef struct dmap__topology dmap__topology;

/** Where a worker runs. Numbers are hwloc's logical indices; -1: not known, or wider than that: pu is set with
 *  DMAP_BIND_PU only, core with _CORE and _PU, numa with all but _SOCKET and _NONE, socket with all but _NONE. */
typedef struct dmap__place {
    int core, pu, numa, socket;
    bool shared;    /* another worker of this node has the same core */
    int cores;      /* that it may use: bound to, or its rank's if it is not bound */
    char cpus[256]; /* operating-system CPU numbers it is to be bound to, as "0-3,8" (a list too long ends in "..."); ""
                       if it is not to be bound */
    /* The rest is for dmap__topology_bind. */
    dmap_bind bind;
    bool keep;
    int position, begin, end; /* its core and its rank's cores, in the table of cores */
} dmap__place;

typedef struct dmap__place_request {
    int workers;              /* 0: as many as cores that are ours (or CPUs that the cgroup's quota allows, if fewer) */
    dmap_bind bind;           /* DMAP_BIND_NONE: only a binding that nobody asked for is lifted */
    dmap_spread spread;       /* default values of both count as DMAP_BIND_CORE and DMAP_COMPACT */
    int node_rank, node_size; /* this rank among those of its node (with keep_binding: of its mask), from 0 */
    int quota_size;           /* ranks of the node, which share its quota; 0: node_size */
    bool keep_binding;        /* this process's own binding is the user's wish: stay within it */
} dmap__place_request;

/** Reads this machine, or a made-up one: text as hwloc's synthetic descriptions ("pack:2 core:8 pu:2"), or the path of
 *  an XML file, ending in ".xml". NULL: this machine. "This process's own binding" is that of the calling thread, now.
 *  Returns DMAP_OK, DMAP_ENOMEM, DMAP_EINVAL (text), DMAP_EUNSUPPORTED */
dmap_status dmap__topology_open(const char *text, dmap__topology **topology, dmap__error *error);
/** topology: may be NULL */
void dmap__topology_close(dmap__topology *topology);

/** Places of the workers of one rank: *places (to be freed with free()) has *workers entries, 1 or more. */
dmap_status dmap__topology_plan(const dmap__topology *topology, const dmap__place_request *request,
                                dmap__place **places, int *workers, dmap__error *error);
/** Cores of one rank, or CPUs that the quota leaves it, if fewer: its number of workers, if none is asked for. */
int dmap__topology_allowance(const dmap__topology *topology, const dmap__place_request *request);
/** What led to a place of that plan, which has so many workers. */
dmap__reason dmap__topology_reason(const dmap__topology *topology, const dmap__place_request *request, int workers,
                                   const dmap__place *place);
/** "hwloc 2.9.0": what it was built with. */
const char *dmap__topology_library(void);
/** True if this process's binding, if there is one, is somebody's wish; false if a launcher bound it unasked. Reads the
 *  environment only. */
bool dmap__topology_is_bound_by_user(void);
/** A number that two processes of one machine share if they were bound to the same CPUs (a hash: others may too, with
 *  a chance of 2^-64). */
uint64_t dmap__topology_mask(const dmap__topology *topology);
/** Binds the calling thread. Returns true if it is bound; false if place says not to, if the kernel refuses (no error),
 *  and on a made-up topology. Threads: any, also at the same time. */
bool dmap__topology_bind(const dmap__topology *topology, const dmap__place *place);
/** Binds the calling thread to all cores of the rank whose place this is, until dmap__topology_leave, by the same
 *  thread, binds it to what it was bound to before. Returns false, and does nothing, on a made-up topology, and if the
 *  kernel refuses. */
bool dmap__topology_enter(dmap__topology *topology, const dmap__place *place);
/** Does nothing if there was no dmap__topology_enter. */
void dmap__topology_leave(dmap__topology *topology);

#endif
