/* dmap run: maps shell commands over inputs. Every rank reads the command line; the master alone reads the inputs, and
 * makes, hands out and collects the jobs (engine.h); every rank's workers run them (job/task.c).
 *
 * The rooms; each knows those above it in this list only:
 *
 *     base      growable text, reading numbers and times
 *     options   what the user said
 *     control   why and when a run stops: rules, the time, signals, the batch system; how long jobs take
 *     input     values of jobs: words, files, columns, their combinations; blocks of --pipe
 *     command   from values to a command line; which shell runs it, if any
 *     job       how a job travels, and the rank's side: what starts, drives and ends it
 *     output    what jobs wrote, in order, and in --results; the progress bar
 *     log       joblog, resuming, the summary
 *
 * and above them all, on the master: source and sink of the pool's call, and what is looked at meanwhile (watch). */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dmap/dmap.h>

#include "command.h"
#include "run/control/signals.h"
#include "run/engine.h"
#include "run/job/inherited.h"
#include "run/job/shared.h"
#include "run/job/suspend.h"
#include "run/job/task.h"
#include "run/log/report.h"
#include "run/open.h"
#include "run/pool.h"

enum {
    LONG_S = 10, /* a run that is worth a line */
    LOOK_MS = 20 /* how often --dry-run looks whether there is more input */
};

static int complain(const char *sentence) {
    fprintf(stderr, "dmap run: %s\n", sentence);
    return EXIT_BAD_USAGE;
}

static void dry_run(run_engine *e) {
    bool inside = false;
    for (run_job *job; e->stop == RUN_STOP_NOT && !e->inputs_ended;) {
        int state = run_source_read(e, &job);
        run_watch_signals(e);
        if (state == RUN_INPUT_ERROR)
            run_engine_fail(e, e->error);
        if (state == RUN_INPUT_LATER) {
            run_print_flush(&e->printer);
            poll(NULL, 0, LOOK_MS);
        }
        if (!job)
            continue;
        run_text_add(&job->command, "\n", 1);
        if (!run_print(&e->printer, 1, job->command.data, job->command.size, e->options->tag ? e->tag.data : NULL,
                       &inside))
            run_engine_look_at_output(e);
        run_job_free(job);
    }
    if (!run_print_flush(&e->printer))
        run_engine_look_at_output(e);
}

/* Exact: no job may be at a rank before its time, or without its turn being sure. */
static bool is_exact(const run_engine *e) {
    const run_options *o = e->options;
    uint64_t total = run_engine_total(e);
    return o->halt.when != RUN_HALT_NEVER || o->delay_s > 0 || e->until_s > 0 || run_needs_are_asked(o) ||
           (total != UINT64_MAX && total < 4 * (uint64_t)dmap_workers(e->pool));
}

static void map(run_engine *e) {
    dmap_map_options how = {.chunk = 1,
                            .schedule = DMAP_DYNAMIC,
                            .unordered = true,
                            .on_error = DMAP_KEEP_GOING,
                            .progress = -1,
                            .ahead = is_exact(e) ? -1 : 0,
                            .on_emit = run_sink_emission,
                            .on_emit_arg = e,
                            .on_watch = run_watch_look,
                            .on_watch_arg = e};
    dmap_status status = run_shared_send(e->pool, e->options, e->exported.data);
    /* Jobs that turn out to have been cut off when the call has ended already are another call's. */
    do {
        e->given = 0;
        if (status == DMAP_OK || status == DMAP_EITEM)
            status = dmap_map(e->pool, &run_task, dmap_pull(run_source_next, e), dmap_each(run_sink_take, e), &how);
        run_bar_hide(&e->bar);
        run_sink_settle(e, true);
    } while ((status == DMAP_OK || status == DMAP_EITEM) && e->stop == RUN_STOP_NOT &&
             (e->jobs.again.first || e->jobs.delayed));
    run_sink_leave(e);
    /* Jobs that failed are none of the pool's trouble; jobs that were not run, without a reason of ours, are. */
    bool all_run = status == DMAP_EITEM && e->cancelled == 0 && e->inputs_ended;
    if (status != DMAP_OK && !all_run && e->stop == RUN_STOP_NOT)
        run_engine_fail(e, dmap_error(e->pool));
}

/* How many jobs were not run, if that is known; of a stream that was not read to its end, at least one. */
static uint64_t count_left(const run_engine *e) {
    uint64_t total = run_engine_total(e);
    if (total == UINT64_MAX)
        return e->cancelled + 1;
    return total - e->resumed - e->ended;
}

static void say_what_is_left(const run_engine *e) {
    uint64_t left = count_left(e);
    if (e->printer.state == RUN_PRINT_INTERRUPTED)
        fprintf(stderr, "dmap run: some output of jobs that had ended was not written: nobody read it\n");
    if (e->stop != RUN_STOP_UNTIL && e->stop != RUN_STOP_SIGNAL)
        return;
    fprintf(stderr, "dmap run: %s: ", e->stop == RUN_STOP_UNTIL ? "the time is over" : "stopped by a signal");
    if (run_engine_total(e) != UINT64_MAX)
        fprintf(stderr, "%llu %s not run to %s end", (unsigned long long)left, left == 1 ? "job was" : "jobs were",
                left == 1 ? "its" : "their");
    else
        fprintf(stderr, "the rest of the input was not run");
    fputs(e->options->joblog ? "; --resume runs what is left\n" : "\n", stderr);
}

static int exit_status(const run_engine *e) {
    if (e->stop == RUN_STOP_ERROR)
        return complain(e->error);
    if (e->stop == RUN_STOP_CLOSED)
        return 128 + SIGPIPE;
    if (e->stop == RUN_STOP_SIGNAL && e->stop_now)
        return 128 + run_signals_stop();
    if (e->stop == RUN_STOP_UNTIL || e->stop == RUN_STOP_SIGNAL) {
        uint64_t bad = e->tally.failed + count_left(e);
        return bad > 100 ? 101 : (int)bad;
    }
    return run_halt_status(&e->options->halt, &e->tally, run_engine_total(e));
}

/* A short run that went well, that nobody watches and whose usage nobody wants says nothing, as its standard error may
 * mean something to who called it. */
static bool wants_report(const run_engine *e, double seconds) {
    bool watched = isatty(STDERR_FILENO) || e->bar.kind != RUN_PROGRESS_NONE;
    return !e->options->dry_run && !e->options->quiet && e->ended > 0 &&
           (watched || e->tally.failed > 0 || seconds >= LONG_S || e->options->usage);
}

static int run_all(dmap_pool *pool, const run_options *options, char **argv) {
    char error[400];
    run_engine e = {.options = options, .pool = pool};
    int status = EXIT_BAD_USAGE;
    if (!run_open(&e, error, sizeof error)) {
        complain(error);
    } else {
        if (options->dry_run)
            dry_run(&e);
        else
            map(&e);
        run_close(&e);
        dmap_report report = {0};
        dmap_report_get(pool, &report);
        run_bar_counts counts = {.total = run_engine_total(&e),
                                 .ended = e.ended + e.resumed,
                                 .resumed = e.resumed,
                                 .failed = e.tally.failed,
                                 .seconds = report.seconds};
        run_bar_end(&e.bar, &counts);
        run_summary_print(&e.summary, options, argv);
        if (options->shuffle && !options->seeded && !options->quiet)
            fprintf(stderr, "dmap run: --seed %llu gives this order again\n", (unsigned long long)options->seed);
        if (wants_report(&e, report.seconds))
            run_report_print(pool, &(run_facts){e.ended, e.tally.failed, e.peak_kib, e.peak_seq, e.unplaced.uses});
        say_what_is_left(&e);
        status = exit_status(&e);
    }
    run_free(&e);
    return status;
}

static int refuse_jobs(const run_options *options) {
    char error[400];
    if (run_options_jobs(options, 1) < 0)
        snprintf(error, sizeof error, "-j %.200s: that is no number, nor a file with one", options->jobs);
    else
        snprintf(error, sizeof error, "-j %.200s: a node runs at most %d jobs at a time", options->jobs, RUN_MOST_JOBS);
    return complain(error);
}

/* dmap_run's own failure is 1, which from here would say that one job failed. */
static bool has_begun;

static int run_main(dmap_pool *pool, int argc, char **argv) {
    has_begun = true;
    run_options options;
    char error[400];
    int status = run_options_parse(argc - 2, argv + 2, &options, error, sizeof error);
    if (status)
        complain(error);
    else if (options.help)
        run_options_print_help();
    else if (options.version)
        puts("dmap run " DMAP_VERSION);
    else if (options.jobs && run_options_jobs(&options, 1) < 1)
        status = refuse_jobs(&options);
    else
        status = run_all(pool, &options, argv);
    run_options_free(&options);
    return status;
}

int run_command(int argc, char **argv) {
    run_options options;
    char error[400];
    run_inherited_note();
    run_signals_install();
    run_suspend_install();
    bool runs = run_options_parse(argc - 2, argv + 2, &options, error, sizeof error) == 0 && !options.help &&
                !options.version && !options.dry_run;
    if (runs && options.tmpdir)
        run_inherited_change("TMPDIR", options.tmpdir);
    dmap_options pool;
    bool is_chosen = runs && run_choose_pool(&options, &pool);
    run_options_free(&options);
    int status = is_chosen ? dmap_run(argc, argv, run_main, &pool) : command_run_small(run_main, argc, argv);
    return status && !has_begun ? EXIT_BAD_USAGE : status;
}
