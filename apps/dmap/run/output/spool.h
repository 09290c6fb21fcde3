/* One unnamed file for output that is held for its turn and more than memory is to hold. */
#ifndef DMAP_APPS_RUN_OUTPUT_SPOOL_H
#define DMAP_APPS_RUN_OUTPUT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct run_spool {
    int fd;          /* -1: not made yet */
    uint64_t end;    /* where the next bytes go */
    uint64_t in_use; /* bytes that are still wanted */
    char error[300]; /* of the first failure */
} run_spool;

void run_spool_init(run_spool *spool);
void run_spool_fini(run_spool *spool);
/** Adds bytes; *offset: where they are. Returns false with the sentence in spool->error. */
bool run_spool_write(run_spool *spool, const void *data, size_t size, uint64_t *offset);
bool run_spool_read(run_spool *spool, uint64_t offset, void *data, size_t size);
/** They are no longer wanted: their room on the disk is given back. */
void run_spool_drop(run_spool *spool, uint64_t offset, uint64_t size);

#endif
