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
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dmap/dmap.h>
#include <dmap/place.h>

#include "command.h"
#include "run/control/signals.h"
#include "run/control/until.h"
#include "run/engine.h"
#include "run/job/shared.h"
#include "run/job/task.h"
#include "run/log/resume.h"

enum {
    BUDGET = 16 * 1024 * 1024, /* bytes of output held in memory */
    LOOK_MS = 20               /* how often --dry-run looks whether there is more input */
};

static bool must_stop(void) {
    return run_signals_stop() != 0;
}

static int complain(const char *sentence) {
    fprintf(stderr, "dmap run: %s\n", sentence);
    return EXIT_BAD_USAGE;
}

/* The length of a job's command line, for -X. */
static size_t measure(void *arg, const run_values *values) {
    run_engine *e = arg;
    run_values repeated = *values;
    repeated.repeat = e->options->grouped;
    run_text_clear(&e->item);
    run_template_compose(e->template, &repeated, run_inputs_names(e->inputs), 1, 1, &e->item);
    return e->item.broken ? SIZE_MAX / 2 : e->item.size;
}

/* Jobs at a time; if none are run, as many as here would be. */
static int count_slots(const run_engine *e) {
    dmap_place *places;
    size_t cores = 1;
    if (!e->options->dry_run)
        return dmap_workers(e->pool);
    if (dmap_plan_places(NULL, 1, NULL, &places, &cores) == DMAP_OK)
        dmap_places_free(places);
    return run_options_jobs(e->options, (int)cores);
}

/* A template of one text. Returns false with a sentence. */
static bool open_template(const char *text, run_template **template, char *error, size_t size) {
    char *word = (char *)(size_t)(const void *)text;
    if (text && !(*template = run_template_parse(&word, 1, false))) {
        snprintf(error, size, "out of memory");
        return false;
    }
    return true;
}

static bool open_inputs(run_engine *e, char *error, size_t size) {
    const run_options *o = e->options;
    e->template = run_template_parse_styled(o->command, o->n_command, !o->pipe, &o->style);
    if (e->template && run_template_error(e->template)) {
        snprintf(error, size, "%s", run_template_error(e->template));
        return false;
    }
    if (!open_template(o->tag_text, &e->tag_template, error, size) ||
        !open_template(o->folder, &e->folder_template, error, size))
        return false;
    if (o->retry_failed)
        return run_failed_read(&e->failed, o->joblog, error, size);
    if (o->pipe)
        e->blocks = run_blocks_open(o, count_slots(e), error, size);
    else
        e->inputs = run_inputs_open(o, error, size);
    if (e->inputs && o->pack != RUN_PACK_NONE)
        run_inputs_measure_by(e->inputs, measure, e, count_slots(e));
    return e->template && (e->blocks || e->inputs);
}

/* --files without --results: files of a new temporary folder. Returns NULL with a sentence. */
static const char *name_files(run_engine *e, char *error, size_t size) {
    const char *folder = getenv("TMPDIR");
    static const char end[] = "/parXXXXXX", names[] = "/{#}.par";
    run_text name = {0};
    run_text_add_string(&name, folder && folder[0] ? folder : "/tmp");
    run_text_add(&name, end, sizeof end - 1);
    if (!name.broken && mkdtemp(name.data))
        run_text_add(&name, names, sizeof names - 1);
    else
        name.broken = true;
    e->files_name = name.data;
    if (!name.broken)
        return e->files_name;
    snprintf(error, size, "cannot make a folder for --files in %s: %s", folder && folder[0] ? folder : "/tmp",
             strerror(errno));
    return NULL;
}

static bool open_logs(run_engine *e, char *error, size_t size) {
    const run_options *o = e->options;
    size_t damaged = 0;
    if (o->joblog && !(e->joblog = run_joblog_open(o, &e->printer, &damaged, error, size)))
        return false;
    if (!run_resume_check(o, e->joblog, e->template, error, size))
        return false;
    if (damaged)
        fprintf(stderr, "dmap run: %zu damaged %s of the joblog %s: such a job runs again\n", damaged,
                damaged == 1 ? "line" : "lines", damaged == 1 ? "is passed over" : "are passed over");
    if (o->dry_run || (!o->results && !o->files))
        return true;
    run_options with_name = *o;
    if (!o->results && !(with_name.results = name_files(e, error, size)))
        return false;
    e->results = run_results_open(&with_name, &e->order, error, size);
    return e->results != NULL;
}

/* Counting the lines of files takes a while, so it is done only for those who want to know. */
static uint64_t count_total(run_engine *e) {
    bool only_words = e->options->n_sources > 0;
    for (int i = 0; i < e->options->n_sources; i++)
        only_words = only_words && e->options->sources[i].kind == RUN_SOURCE_WORDS;
    bool wanted = only_words || run_template_uses_total(e->template) || e->bar.kind != RUN_PROGRESS_NONE ||
                  e->options->halt.percent;
    if (e->options->retry_failed)
        return e->failed.count;
    return e->inputs && wanted ? run_inputs_total(e->inputs) : UINT64_MAX;
}

/* Who forgot ::: would wait for the jobs, and they for him. A bar would be in the way of what is typed. */
static void greet_typist(run_engine *e) {
    const run_options *o = e->options;
    bool reads = o->n_sources == 0 && !o->retry_failed;
    for (int i = 0; i < o->n_sources; i++)
        reads = reads || (o->sources[i].kind == RUN_SOURCE_FILE && strcmp(o->sources[i].path, "-") == 0);
    if (!reads || !isatty(STDIN_FILENO))
        return;
    if (o->progress == RUN_PROGRESS_AUTO)
        run_bar_init(&e->bar, RUN_PROGRESS_NONE);
    if (!o->quiet)
        fprintf(stderr, "dmap run: input is read from the terminal; ::: takes values from the command line\n");
}

/* Returns false with a sentence. */
static bool open_engine(run_engine *e, char *error, size_t size) {
    const run_options *o = e->options;
    snprintf(error, size, "out of memory");
    run_printer_init(&e->printer, must_stop);
    run_bar_init(&e->bar, o->progress);
    greet_typist(e);
    bool memory = run_order_init(&e->order, &e->printer, BUDGET);
    memory = run_jobs_init(&e->jobs) && memory;
    e->order.unordered = o->unordered;
    e->order.lines = o->output != RUN_GROUP;
    e->median = run_median_create();
    e->until_s = run_until(o);
    if (!memory || !e->median || !open_inputs(e, error, size))
        return false;
    e->total = count_total(e);
    run_template_set_total(e->template, e->total);
    if (e->total == UINT64_MAX && run_template_uses_total(e->template)) {
        snprintf(error, size,
                 "{##} and {0#} need the number of jobs, which is known of words and files only: :::: FILE");
        return false;
    }
    return open_logs(e, error, size);
}

/* What is still buffered is written; a failure of that counts as one of the run. */
static void close_engine(run_engine *e) {
    char error[300];
    if (e->joblog && !run_joblog_close(e->joblog, error, sizeof error))
        run_engine_fail(e, error);
    if (e->results && !run_results_close(e->results, error, sizeof error))
        run_engine_fail(e, error);
    e->joblog = NULL;
    e->results = NULL;
}

static void free_engine(run_engine *e) {
    run_inputs_close(e->inputs);
    run_blocks_close(e->blocks);
    run_failed_free(&e->failed);
    run_template_free(e->template);
    run_template_free(e->tag_template);
    run_template_free(e->folder_template);
    free(e->files_name);
    run_jobs_fini(&e->jobs);
    run_order_fini(&e->order);
    run_printer_fini(&e->printer);
    run_median_free(e->median);
    run_summary_fini(&e->summary);
    run_text_free(&e->item);
    run_text_free(&e->tag);
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
    return o->halt.when != RUN_HALT_NEVER || o->delay_s > 0 || e->until_s > 0 ||
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
    dmap_status status = run_shared_send(e->pool, e->options);
    /* Jobs that turn out to have been cut off when the call has ended already are another call's. */
    do {
        e->given = 0;
        if (status == DMAP_OK || status == DMAP_EITEM)
            status = dmap_map(e->pool, &run_task, dmap_pull(run_source_next, e), dmap_each(run_sink_take, e), &how);
        run_bar_hide(&e->bar);
        run_sink_settle(e, true);
    } while ((status == DMAP_OK || status == DMAP_EITEM) && e->stop == RUN_STOP_NOT && e->jobs.again.first);
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

static int run_all(dmap_pool *pool, const run_options *options, char **argv) {
    char error[400];
    run_engine e = {.options = options, .pool = pool};
    int status = EXIT_BAD_USAGE;
    if (!open_engine(&e, error, sizeof error)) {
        complain(error);
    } else {
        if (options->dry_run)
            dry_run(&e);
        else
            map(&e);
        close_engine(&e);
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
        say_what_is_left(&e);
        status = exit_status(&e);
    }
    free_engine(&e);
    return status;
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
    else if (options.jobs && run_options_jobs(&options, 1) < 1) {
        snprintf(error, sizeof error, "-j %s: that is no number, nor a file with one", options.jobs);
        status = complain(error);
    } else
        status = run_all(pool, &options, argv);
    run_options_free(&options);
    return status;
}

/* Jobs on a node: as many as it has cores, and each on its own, but for -j. Of fewer jobs than cores each may be meant
 * to use several: they are not bound, unless $DMAP_BIND says to what. */
static dmap_options choose_pool(const run_options *options) {
    dmap_options pool = {.backend = DMAP_THREADS};
    dmap_place *places;
    size_t cores = 1;
    if (!options->jobs)
        return pool;
    if (dmap_plan_places(NULL, 1, NULL, &places, &cores) == DMAP_OK)
        dmap_places_free(places);
    pool.node_workers = run_options_jobs(options, (int)cores);
    if (pool.node_workers < 1)
        return command_smallest_pool; /* what is wrong is said by the master */
    if (pool.node_workers < (int)cores && !getenv("DMAP_BIND"))
        pool.bind = DMAP_BIND_NONE;
    return pool;
}

int run_command(int argc, char **argv) {
    run_options options;
    char error[400];
    run_signals_install();
    bool runs =
        run_options_parse(argc - 2, argv + 2, &options, error, sizeof error) == 0 && !options.help && !options.dry_run;
    if (runs && options.tmpdir)
        setenv("TMPDIR", options.tmpdir, 1); /* before there are threads; jobs have it from their rank */
    dmap_options pool = runs ? choose_pool(&options) : command_smallest_pool;
    run_options_free(&options);
    int status = dmap_run(argc, argv, run_main, &pool);
    return status && !has_begun ? EXIT_BAD_USAGE : status;
}
