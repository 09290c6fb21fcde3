/* Emissions: bytes that running items send ahead of their results. Workers put them, the manager takes them and says
 * when they are gone; what was put and is not gone is bounded, so a worker that is too fast waits. */
#ifndef DMAP_CREW_EMISSION_H
#define DMAP_CREW_EMISSION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/task.h>

#define DMAP__EMISSION_MOST ((size_t)128 * 1024) /* bytes of one */

typedef struct dmap__emission {
    struct dmap__emission *next;
    uint64_t call; /* its id */
    uint64_t index;
    int attempt;
    size_t size;
    unsigned char data[];
} dmap__emission;

typedef struct dmap__emissions dmap__emissions;

/** waits: workers may wait for the manager, as they are not the same thread. Returns NULL if memory is out. */
dmap__emissions *dmap__emissions_create(bool waits);
/** Frees what was not taken. emissions may be NULL. */
void dmap__emissions_destroy(dmap__emissions *emissions);

/** Worker: copies up to DMAP__EMISSION_MOST bytes; waits for room, but not once *limit is at or below the index.
 *  Returns false if it is, or memory is out. */
bool dmap__emissions_put(dmap__emissions *emissions, uint64_t call, uint64_t index, int attempt, dmap_blob data,
                         const _Atomic uint64_t *limit);
/** Manager: the oldest, to be freed with free(); NULL if there is none. */
dmap__emission *dmap__emissions_take(dmap__emissions *emissions);
/** Manager: so many bytes of those taken are gone. */
void dmap__emissions_gone(dmap__emissions *emissions, size_t bytes);

#endif
