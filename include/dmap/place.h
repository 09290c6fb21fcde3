/* Where workers run: of an open pool, and of one planned for a machine that is not here. `dmap info` prints both. The
 * conventions of dmap.h hold here too. */
#ifndef DMAP_PLACE_H
#define DMAP_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include <dmap/dmap.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One worker's place. Numbers are hwloc's logical indices. -1: not known, or the worker is bound to something wider.
 *  So pu is told with DMAP_BIND_PU only, core with DMAP_BIND_CORE and _PU, numa with all but _SOCKET and _NONE, socket
 *  with all but _NONE. */
typedef struct dmap_place {
    char host[256]; /* "" of a plan */
    int rank, worker;
    int core, pu, numa, socket;
    bool shared;    /* another worker of the host has the same core */
    char cpus[256]; /* the CPUs it is bound to, by the operating system's numbers: "0-3,8" (one too long ends in "...");
                       "" if it is not bound */
    char why[256];  /* "bound by default by mpirun: widened to the node's 2 cores" */
} dmap_place;

/** Tells where a worker runs.
 *  rank, worker:  a worker of that rank; dmap_report_rank says how many it has
 *  place:    untouched on failure
 *  Returns:  DMAP_OK; DMAP_EINVAL (no such worker, place is NULL, the pool is not open); DMAP_ENOMEM; DMAP_EMPI (the
 *            pool is broken)
 *  Blocks:   the first time that it is another rank's worker, until all ranks have answered
 *  Cost:     then two messages a rank, and about 100 bytes a worker until the pool is closed; else none */
DMAP_API dmap_status dmap_worker_place(dmap_pool *pool, int rank, int worker, dmap_place *place);

/** Plans the places of all workers of one host, which may be another than this. It starts nothing.
 *  Called by:  any process, without a pool; any thread
 *  topology: hwloc's synthetic description ("pack:2 core:8 pu:2"), or the path of an XML file as lstopo writes it,
 *            ending in ".xml"; NULL: this machine
 *  ranks:    of the host, 1 to 65536. Each has workers: one of them may be a master that does not work, but that is
 *            not looked at
 *  options:  as in dmap_run, the environment too; NULL for defaults
 *  places:   a table in the order of ranks and workers, to be freed with dmap_places_free; untouched on failure
 *  Returns:  DMAP_OK; DMAP_EINVAL (topology, ranks, an option); DMAP_ENOMEM; DMAP_EUNSUPPORTED (hwloc cannot read this
 *            machine). dmap_error(NULL) has the sentence */
DMAP_API dmap_status dmap_plan_places(const char *topology, int ranks, const dmap_options *options, dmap_place **places,
                                      size_t *count);
/** Frees a table of places.
 *  Called by:  any thread
 *  places:   may be NULL */
DMAP_API void dmap_places_free(dmap_place *places);

/** "dmap 0.1.0, Open MPI v4.1.4, hwloc 2.9.0": this library, and those it works with. Valid for ever.
 *  Called by: any process, any thread */
DMAP_API const char *dmap_version_text(void);

#ifdef __cplusplus
}
#endif
#endif
