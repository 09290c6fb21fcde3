/* How a job travels: the item that goes to a worker, and the result that comes back. Pure. All ranks run one binary on
 * machines of one kind, so numbers travel as they lie in memory. */
#ifndef DMAP_APPS_RUN_JOB_JOB_WIRE_H
#define DMAP_APPS_RUN_JOB_JOB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/base/text.h"
#include "run/options/needs.h"

/** A job on its way to a worker. Read: the pointers lead into the item. */
typedef struct run_item {
    uint64_t seq;
    int attempt;        /* from 1 */
    double timeout_s;   /* 0: none */
    double percent;     /* of the median, of which the worker may know more by then; 0: none */
    double median_s;    /* as the master knows it; 0: not yet */
    const char *prefix; /* put before the command where it runs; not part of it */
    size_t prefix_size;
    const char *command; /* ended by a NUL that is not counted */
    size_t command_size;
    const size_t *marks; /* where in the command a "{%}" stands for the slot */
    size_t n_marks;
    bool waits; /* for that, at the rank; else it is sent back if there is none */
    run_needs needs;
    bool has_input; /* its standard input is a pipe; else there is none */
    const void *input;
    size_t input_size;
} run_item;

typedef enum run_end {
    RUN_ENDED, /* by itself, or by a signal that was not ours */
    RUN_TIMED_OUT,
    RUN_CANCELLED,      /* the run was stopped */
    RUN_HAS_NO_ROOM,    /* the rank had none for it: it was not run, and comes back */
    RUN_NEVER_HAS_ROOM, /* the same, and never will: the second output is a sentence */
    RUN_GAVE_WAY,       /* it was ended as memory was scarce, and is to run again */
    RUN_LOST,           /* what started it died, and with it what is known of its end */
    RUN_NOT_STARTED     /* not even a shell could be run, or memory was out: exit_code is errno */
} run_end;

/** A job's end. */
typedef struct run_result {
    run_end end;
    int exit_code, signal;
    int told; /* HUP, INT or TERM came to what ran it, and so, it seems, to it; 0: none */
    int slot;
    double started; /* seconds since the epoch */
    double seconds;
    double user_s, system_s; /* of processors */
    uint64_t peak_kib;       /* most memory */
    bool passed_memory;      /* some of it was killed, as it would have taken more than it had said */
    uint64_t sent, received;
    const void *output[2]; /* what was not sent ahead of standard output and standard error */
    size_t size[2];
} run_result;

/** Appends the item; text is broken if memory is out. */
void run_item_write(const run_item *item, run_text *text);
/** Returns false if it is none: a bug. */
bool run_item_read(const void *data, size_t size, run_item *item);

size_t run_result_size(const run_result *result);
/** to: run_result_size bytes, aligned to 8. */
void run_result_write(const run_result *result, void *to);
bool run_result_read(const void *data, size_t size, run_result *result);

#endif
