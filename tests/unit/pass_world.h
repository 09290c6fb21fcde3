/* A chunk whose items lie in, or whose results belong to, the memory of another process: this one plays it, too. */
#ifndef DMAP_UNIT_PASS_WORLD_H
#define DMAP_UNIT_PASS_WORLD_H

#include "crew/crew.h"

typedef struct pass_world {
    dmap__crew *crew;
    dmap__bell bell;
    dmap__gate gate;
    dmap__reach reach;
    dmap__crew_call call;
    dmap__grant grant;
    unsigned char *place; /* the other process's memory, */
    size_t size, whole;   /* and what is mapped from there */
} pass_world;

/** A chunk of [begin, end), with so many bytes of the other's memory. */
void pass_open(pass_world *w, uint64_t begin, uint64_t end, size_t size);
/** From that byte on the memory cannot be reached. */
void pass_forbid(const pass_world *w, size_t from);
/** Runs the chunk by a crew of so many threads; 0: by this one. */
void pass_run(pass_world *w, int workers, const dmap_task *task);
void pass_close(pass_world *w);

#endif
