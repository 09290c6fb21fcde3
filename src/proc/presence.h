/* A description of a file that says, by the locks that hang on it, that this process lives: a copy of the process that
 * fork() makes does not have it, so that it does not speak for the process. */
#ifndef DMAP_PROC_PRESENCE_H
#define DMAP_PROC_PRESENCE_H

#include "proc/shared_object.h"

typedef struct dmap__presence {
    int descriptor;                       /* -1: none, also in a copy */
    struct dmap__presence *before, *next; /* of this process */
} dmap__presence;

/** Opens one for the object's file. It stays where it is in memory until it is closed. Returns its descriptor; -1, with
 *  errno, on failure. */
int dmap__presence_open(dmap__presence *presence, const dmap__shared_object *object);
/** One that is not open is let pass. */
void dmap__presence_close(dmap__presence *presence);

#endif
