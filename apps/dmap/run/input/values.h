/* The values of a job, and what may be said instead of giving some. */
#ifndef DMAP_APPS_RUN_INPUT_VALUES_H
#define DMAP_APPS_RUN_INPUT_VALUES_H

#include <stdbool.h>
#include <stddef.h>

/** The values of one job: {1}, {2}, … Bytes, each ended by a NUL that is not counted. */
typedef struct run_values {
    char **value;
    size_t *size;
    int count;
    bool repeat; /* -N was given: a word of the template with {} in it is repeated for each value */
} run_values;

/** What reading returns. RUN_INPUT_LATER: standard input (or a FIFO) has no whole record now; reading never blocks.
 *  RUN_INPUT_BARRIER: of --depends; what comes next is to wait for all that came before.
 *  After RUN_INPUT_ERROR the caller's error has a sentence. */
enum { RUN_INPUT_ERROR = -1, RUN_INPUT_END = 0, RUN_INPUT_JOB = 1, RUN_INPUT_LATER = 2, RUN_INPUT_BARRIER = 3 };

#endif
