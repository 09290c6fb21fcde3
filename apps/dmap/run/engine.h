/* One run, on the master: all that its parts know of each other. */
#ifndef DMAP_APPS_RUN_ENGINE_H
#define DMAP_APPS_RUN_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include <dmap/dmap.h>

#include "run/command/template.h"
#include "run/control/halt.h"
#include "run/control/median.h"
#include "run/input/blocks.h"
#include "run/input/inputs.h"
#include "run/job/job_wire.h"
#include "run/job/jobs.h"
#include "run/log/failed.h"
#include "run/log/joblog.h"
#include "run/log/report.h"
#include "run/log/summary.h"
#include "run/log/usage.h"
#include "run/options/needs.h"
#include "run/options/options.h"
#include "run/output/bar.h"
#include "run/output/order.h"
#include "run/output/results.h"

typedef enum run_stop {
    RUN_STOP_NOT,
    RUN_STOP_HALT,   /* a rule of --halt */
    RUN_STOP_UNTIL,  /* the time is over */
    RUN_STOP_SIGNAL, /* HUP, INT, TERM */
    RUN_STOP_CLOSED, /* nobody reads standard output */
    RUN_STOP_ERROR   /* error has a sentence */
} run_stop;

/** Jobs that no rank had room for, and what is known of room. */
typedef struct run_unplaced {
    run_job *first; /* of the line, by number */
    size_t count;
    int looking;       /* jobs that are with the pool, and not known to have been taken by a rank */
    uint64_t releases; /* jobs that have ended, and gave back what they held */
    int ranks;         /* that have workers */
    run_use *uses;     /* of each rank of the pool; NULL: jobs say nothing of what they need */
} run_unplaced;

typedef struct run_engine {
    const run_options *options;
    dmap_pool *pool;
    run_inputs *inputs; /* NULL with --pipe, but for --tee */
    run_blocks *blocks; /* NULL without */
    run_template *template;
    run_template *tag_template;     /* of --tagstring; NULL: none */
    run_template *folder_template;  /* of --wd; NULL: none */
    run_template *needs[RUN_NEEDS]; /* of --cores, --mem and --gpus; NULL: not said */
    run_unplaced unplaced;
    run_text exported;    /* --env: variables of jobs of all ranks */
    char *files_name;     /* of --files: what --results would be */
    run_failed failed;    /* --retry-failed: what is run instead of the input */
    run_joblog *joblog;   /* NULL: none */
    run_usage *usage;     /* NULL: none */
    run_results *results; /* NULL: none */
    run_jobs jobs;
    run_printer printer;
    run_order order;
    run_median *median;
    run_tally tally;
    run_summary summary;
    run_bar bar;
    run_text item, tag; /* scratch */
    uint64_t total;     /* jobs, as counted before the first was read; UINT64_MAX: not known */
    uint64_t seq;       /* of the last job read */
    uint64_t given;     /* items given to the pool in this call */
    uint64_t resumed;   /* jobs skipped: an earlier run has done them */
    uint64_t cancelled; /* given, but not run to their end */
    uint64_t ended;     /* jobs that have ended for good */
    uint64_t peak_kib;  /* most memory that one took, as --usage has it; 0: not known */
    uint64_t peak_seq;  /* and which that was */
    bool inputs_ended;
    bool barrier;        /* --depends: what was read is to end before more is read */
    bool checked_names;  /* the template names no column that is not there */
    double last_start_s; /* as run_clock has it: for --delay */
    double until_s;      /* 0: no bound */
    run_stop stop;
    bool stop_now; /* running jobs are killed */
    char error[400];
} run_engine;

/** Jobs in all; UINT64_MAX while that is not known. */
uint64_t run_engine_total(const run_engine *engine);

/** No more jobs are started; with `now`, those that run are killed. The first reason stands. */
void run_engine_stop(run_engine *engine, run_stop why, bool now);
/** The same, as the time is over, which is said. */
void run_engine_stop_until(run_engine *engine);
/** The same, for an error: the sentence is kept. */
void run_engine_fail(run_engine *engine, const char *sentence);
/** Looks at what a failed write was, and stops the run accordingly. */
void run_engine_look_at_output(run_engine *engine);

/* The pool's callbacks; arg is the engine. */
int run_source_next(void *arg, dmap_blob *item);                 /* source.c */
int run_sink_take(void *arg, const dmap_item_result *result);    /* sink.c */
int run_sink_emission(void *arg, const dmap_emission *emission); /* sink.c */
int run_watch_look(void *arg, const dmap_progress *progress);    /* watch.c */

/** Returns false with a sentence. */
bool run_unplaced_open(run_engine *engine, char *error, size_t size); /* unplaced.c */
void run_unplaced_close(run_engine *engine);
/** Notes what a job needs; if that is no number, why. Returns false if memory is out. */
bool run_unplaced_look_at(run_engine *engine, run_job *job, const run_values *values, const char *const *names);
/** The job of the line that is to be offered next. Returns false if no other is to be offered now. */
bool run_unplaced_next(run_engine *engine, run_job **job);
/** Puts a job into the line, if no rank can have room for it now. */
bool run_unplaced_keep(run_engine *engine, run_job *job);
/** It is given to the pool. */
void run_unplaced_offer(run_engine *engine, run_job *job);
/** A rank has taken it, or it has come back, in whatever way. */
void run_unplaced_heard(run_engine *engine, run_job *job);
/** It has run, and given back what it held. */
void run_unplaced_note_end(run_engine *engine, run_job *job, const run_result *result, int rank);
/** A rank has refused it. */
void run_unplaced_refused(run_engine *engine, run_job *job, const run_result *result, int rank);
/** Ends a job that cannot be run, with a sentence. */
void run_sink_refuse(run_engine *engine, run_job *job, const char *sentence);

/** Does what a signal that has come asks for; with no call, for --dry-run, too. */
void run_watch_signals(run_engine *engine);

/** Ends the jobs that have ended but may have been cut off, if that is known by now; wait: until it is of all, a second
 *  at most. */
void run_sink_settle(run_engine *engine, bool wait);
/** After the last call: the jobs that are left were not run, so those that waited for them have their turn. */
void run_sink_leave(run_engine *engine);

/** The next job, of those that are read; with no pool, for --dry-run, too. As run_inputs_next. */
int run_source_read(run_engine *engine, run_job **job);

#endif
