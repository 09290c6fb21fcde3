/* All that a child is told, in one file in memory: so that a start sends a few descriptors, whatever the size of the
 * argument, and the fork server neither reads nor holds any of it. */
#ifndef DMAP_PROC_PROCESS_BODY_H
#define DMAP_PROC_PROCESS_BODY_H

#include <dmap/process.h>

#include "base/error.h"

typedef struct dmap__process_body {
    void *argument; /* NULL if size is 0 */
    size_t argument_size;
    char *name, *code; /* of the process; of the function in the table, "" if it has none there */
    char **argv;       /* ended by NULL; empty for a function */
    char **environment;
} dmap__process_body;

/** Writes a body; returns its descriptor (close-on-exec) in *descriptor. Borrows all for the call.
 *  environment:  ended by NULL */
dmap_status dmap__process_body_write(const dmap_process_options *options, const char *name, const char *code,
                                     const char *const *environment, int *descriptor, dmap__error *error);

/** Maps a body into this process, for as long as it lives: its parts may be written to, and are nobody else's.
 *  environment has room for one more variable. Returns false if that is no body, or with errno if memory is out. */
bool dmap__process_body_read(int descriptor, dmap__process_body *body);

#endif
