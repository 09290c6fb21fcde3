/* What PRRTE, the mpirun of Open MPI 5, has done with this rank, as it tells by PMIx. */
#ifndef DMAP_CREW_PRTE_H
#define DMAP_CREW_PRTE_H

#include <stdbool.h>

/** True if the CPU mask is somebody's wish, not PRRTE's default: it was told to bind, or did not bind. False, too,
 *  where it cannot be asked: MPI does not run, or is another. Blocks for a question to the host's daemon. */
bool dmap__prte_was_told_to_bind(void);
/** The same from its answers, each of which may be NULL: the binding policy ("CORE:IF-SUPPORTED": nobody asked), the
 *  mapping policy, and where the rank is ("SK0:L30:…CR0-1:HT0-1:NM0"). */
bool dmap__prte_means(const char *binding, const char *mapping, const char *place);

#endif
