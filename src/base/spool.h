/* A stack of bytes in a temporary file without a name: it goes with the process, however that ends. */
#ifndef DMAP_BASE_SPOOL_H
#define DMAP_BASE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct dmap__spool {
    int descriptor;   /* -1: there is no file yet */
    uint64_t end;     /* bytes in it */
    uint64_t written; /* in all */
} dmap__spool;

void dmap__spool_init(dmap__spool *spool);
void dmap__spool_fini(dmap__spool *spool);
/** Puts bytes on top; makes the file, in $TMPDIR or /tmp, if there is none. Returns DMAP_OK, DMAP_EIO, DMAP_ENOMEM. */
dmap_status dmap__spool_push(dmap__spool *spool, const void *data, size_t size, dmap__error *error);
/** Takes the topmost bytes off. Returns DMAP_OK, DMAP_EIO. */
dmap_status dmap__spool_pop(dmap__spool *spool, void *data, size_t size, dmap__error *error);

#endif
