/* Memory that several processes of a host read: without a name, so that it ends with the last process that has it. */
#ifndef DMAP_CREW_SHARED_H
#define DMAP_CREW_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A read-only mapping of a copy of the data (size > 0). *descriptor holds it for others. NULL, with
 *  errno, if that cannot be. */
void *dmap__shared_create(const void *data, size_t size, int *descriptor);
/** Which file a descriptor holds, among all that are open on the host; 0: not known. */
uint64_t dmap__shared_file(int descriptor);
/** A read-only mapping of what another process of this host created. file: as that process knows it: another container
 *  has other processes under the same numbers; 0: it is known to be the right one.
 *  kept: a descriptor of it, which holds it for others once that process has gone; NULL: none is kept.
 *  Returns NULL if it cannot be reached. */
void *dmap__shared_map(long process, int descriptor, size_t size, uint64_t file, int *kept);
/** mapping may be NULL; descriptor may be -1. */
void dmap__shared_destroy(void *mapping, size_t size, int descriptor);

#endif
