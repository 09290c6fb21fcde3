/* All combinations of sources: the last varies fastest; linked ones go together. */
#ifndef DMAP_APPS_RUN_INPUT_CROSS_H
#define DMAP_APPS_RUN_INPUT_CROSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/input/columns.h"
#include "run/input/value_reader.h"

typedef struct run_cross {
    run_value_reader *readers;
    int n_readers;
    int *group;      /* of each reader: a reader and those linked to it */
    uint64_t *index; /* of each group: the value that is on */
    int n_groups;
    int moving;   /* the group that is to go on; -1: none, the combination is to be handed out */
    bool started; /* a combination was handed out */
    run_columns *columns;
    unsigned trim;   /* RUN_TRIM_ of values that are not split */
    const char *csv; /* --csv: its separator; NULL: none */
    bool wraps;      /* --link: all are one group, in which the shorter ones begin anew */
    bool named;      /* the first values are names */
    int n_named;     /* readers whose names were read */
    run_fields names;
    run_values name_values;
} run_cross;

/** Returns false with a sentence; run_cross_close is to be called all the same. */
bool run_cross_open(run_cross *cross, const run_options *options, char *error, size_t size);
void run_cross_close(run_cross *cross);
/** Adds the values of the next combination. Returns one of RUN_INPUT_; unless it is RUN_INPUT_JOB nothing was added. A
 *  barrier is told once, and only between two combinations. */
int run_cross_next(run_cross *cross, run_fields *fields, char *error, size_t size);
/** Combinations, if that can be found out before the first was read; else UINT64_MAX. */
uint64_t run_cross_count(const run_cross *cross);

#endif
