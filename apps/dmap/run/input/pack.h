/* -X, -m and --xargs: as many records a job as its command line has room for. */
#ifndef DMAP_APPS_RUN_INPUT_PACK_H
#define DMAP_APPS_RUN_INPUT_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "run/input/cross.h"
#include "run/input/fields.h"

/** Bytes of a command line with these values. */
typedef size_t run_measure_fn(void *arg, const run_values *values);

typedef struct run_pack {
    run_measure_fn *measure;
    void *arg;
    size_t most_bytes;   /* of a command line */
    size_t most_records; /* of a job; 0: as many as fit */
    int slots;           /* over which the last records are spread; 0: they are not */
    run_fields fields;   /* records gathered */
    size_t *ends;        /* in fields, of each of them */
    size_t count, room;  /* of ends */
    size_t next;         /* the first that is not handed out */
    size_t bytes;        /* of the command line with those */
    bool ended;
} run_pack;

void run_pack_free(run_pack *pack);
/** The values of the next job, valid until the next call. As run_inputs_next. */
int run_pack_next(run_pack *pack, run_cross *cross, run_values *values, char *error, size_t size);

#endif
