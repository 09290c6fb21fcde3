/* The jobs that the master has given to the pool and not seen the end of, and those that wait to be run again. */
#ifndef DMAP_APPS_RUN_JOB_JOBS_H
#define DMAP_APPS_RUN_JOB_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/base/text.h"
#include "run/input/values.h"
#include "run/job/job_wire.h"

/** A job that needs something, and the ranks that it was offered to. */
typedef struct run_offers {
    bool looks;           /* it was given to the pool, and whether a rank has taken it is not known */
    bool waits;           /* whoever is offered it next keeps it, until there is room */
    int count;            /* that were refused since the last job ended, or a while ago */
    double last_s;        /* the last of these, by run_clock */
    uint64_t releases;    /* the ends that there had been then */
    bool is_first;        /* of the line; */
    uint64_t first_since; /* the ends that there had been when it became that */
    int full, never;      /* refused as there was no room; as there never will be: */
    int n_never;          /* by so many ranks, */
    char *by_rank;        /* which are 1 here; NULL: none */
} run_offers;

typedef struct run_job {
    uint64_t index; /* of the pool's item */
    uint64_t seq;
    int attempt;     /* from 1 */
    double given_s;  /* when it was given to the pool: as run_clock has it */
    double before_s; /* when the one before was */
    run_needs needs;
    char *wrong; /* why it cannot be run; NULL: it can */
    run_offers offers;
    run_text command;
    run_text prefix; /* that goes to the folder of --wd */
    size_t *marks;   /* where "{%}" stands in it */
    size_t n_marks;
    run_values values;       /* a copy, if they are needed for its results */
    bool has_input;          /* of --pipe */
    run_text input;          /* its block, until it has ended: it may run again */
    struct run_entry *entry; /* its place in the order of outputs */
    bool has_files;          /* of --results: they have been begun */
    char *folder;            /* of --results: where its files are, or the name they begin with */
    run_result result;       /* of one that has ended: without its output */
    double ended_s;          /* when that was known, by run_clock */
    double due_s;            /* of one that is to be tried again: not before that */
    const char *host;        /* where it was */
    struct run_job *next;    /* in its bucket or line */
} run_job;

/** First come, first out. */
typedef struct run_job_line {
    run_job *first, **end;
} run_job_line;

typedef struct run_jobs {
    run_job **buckets;
    size_t n_out;        /* jobs in the buckets */
    run_job_line again;  /* to be run again */
    run_job_line doubts; /* ended, and perhaps cut off */
    run_job *delayed;    /* to be tried again, but not yet: by the time that they are due */
} run_jobs;

bool run_jobs_init(run_jobs *jobs);
void run_jobs_fini(run_jobs *jobs);

/** Returns NULL if memory is out. */
run_job *run_job_create(void);
void run_job_free(run_job *job);
/** Copies the values; returns false if memory is out. */
bool run_job_keep_values(run_job *job, const run_values *values);

/** It is with the pool now, as item job->index. */
void run_jobs_give(run_jobs *jobs, run_job *job);
/** NULL: there is none. */
run_job *run_jobs_find(const run_jobs *jobs, uint64_t index);
/** Takes it out. */
run_job *run_jobs_take(run_jobs *jobs, uint64_t index);
/** The next job that is out, in no order; job: NULL for the first. */
const run_job *run_jobs_each(const run_jobs *jobs, const run_job *job);
/** It is to be tried again at job->due_s. */
void run_jobs_delay(run_jobs *jobs, run_job *job);
/** Takes out a job that is due by then; NULL: there is none. */
run_job *run_jobs_take_due(run_jobs *jobs, double now);
void run_job_line_add(run_job_line *line, run_job *job);
/** Takes out the first; NULL: there is none. */
run_job *run_job_line_take(run_job_line *line);

#endif
