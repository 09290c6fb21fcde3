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
#include "run/log/summary.h"
#include "run/log/usage.h"
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

typedef struct run_engine {
    const run_options *options;
    dmap_pool *pool;
    run_inputs *inputs; /* NULL with --pipe */
    run_blocks *blocks; /* NULL without */
    run_template *template;
    run_template *tag_template;    /* of --tagstring; NULL: none */
    run_template *folder_template; /* of --wd; NULL: none */
    char *files_name;              /* of --files: what --results would be */
    run_failed failed;             /* --retry-failed: what is run instead of the input */
    run_joblog *joblog;            /* NULL: none */
    run_usage *usage;              /* NULL: none */
    run_results *results;          /* NULL: none */
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
