/* A chunk whose items lie in, or whose results belong to, the memory of another process: this one plays it, too. */
#ifndef DMAP_UNIT_PASS_WORLD_H
#define DMAP_UNIT_PASS_WORLD_H

#include "crew/crew.h"

typedef struct direct_world {
    dmap__crew *crew;
    dmap__bell bell;
    dmap__gate gate;
    dmap__cross_memory reach;
    dmap__crew_call call;
    dmap__grant grant;
    unsigned char *place; /* the other process's memory, */
    size_t size, whole;   /* and what is mapped from there */
} direct_world;

/** A chunk of [begin, end), with so many bytes of the other's memory. */
void direct_open(direct_world *w, uint64_t begin, uint64_t end, size_t size);
/** From that byte on the memory cannot be reached. */
void direct_forbid(const direct_world *w, size_t from);
/** Runs the chunk by a crew of so many threads; 0: by this one. */
void direct_run(direct_world *w, int workers, const dmap_task *task);
void direct_close(direct_world *w);

#endif
