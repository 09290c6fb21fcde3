/* --shuf: jobs kept until all are there, then taken in random order. */
#ifndef DMAP_APPS_RUN_INPUT_SHUFFLE_H
#define DMAP_APPS_RUN_INPUT_SHUFFLE_H

#include <stdbool.h>
#include <stdint.h>

#include "run/input/fields.h"

typedef struct run_shuffle run_shuffle;

run_shuffle *run_shuffle_create(uint64_t seed);
void run_shuffle_free(run_shuffle *shuffle);
/** Keeps a job's values. Returns false if memory is out. */
bool run_shuffle_put(run_shuffle *shuffle, const run_values *values);
/** All are there. */
void run_shuffle_done(run_shuffle *shuffle);
bool run_shuffle_is_done(const run_shuffle *shuffle);
/** Adds the values of the next job. Returns false if there is none left. */
bool run_shuffle_take(run_shuffle *shuffle, run_fields *fields);

#endif
