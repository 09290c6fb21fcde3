/* Opening what a run is made of, and closing it. */
#include "run/open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dmap/dmap.h>
#include <dmap/place.h>

#include "run/control/signals.h"
#include "run/control/until.h"
#include "run/job/exported.h"
#include "run/log/resume.h"

enum { BUDGET = 16 * 1024 * 1024 }; /* bytes of output held in memory */

static bool must_stop(void) {
    return run_signals_stop() != 0;
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

/* A template of one text, if there is one. Returns false with a sentence. */
static bool open_template(run_engine *e, const char *text, run_template **template, char *error, size_t size) {
    return !text || (*template = run_template_parse_text(text, &e->options->style, error, size));
}

static bool read_failed(run_engine *e, char *error, size_t size) {
    if (!run_failed_read(&e->failed, e->options->joblog, error, size))
        return false;
    size_t passed_over = e->failed.passed_over;
    if (passed_over && !e->options->quiet)
        fprintf(stderr,
                "dmap run: %zu %s of the joblog that failed %s not run, as the number has another command since\n",
                passed_over, passed_over == 1 ? "command" : "commands", passed_over == 1 ? "is" : "are");
    return true;
}

static bool open_inputs(run_engine *e, char *error, size_t size) {
    const run_options *o = e->options;
    e->template = run_template_parse(o->command, o->n_command, !o->pipe, &o->style);
    if (e->template && run_template_error(e->template)) {
        snprintf(error, size, "%s", run_template_error(e->template));
        return false;
    }
    if (!open_template(e, o->tag_text, &e->tag_template, error, size) ||
        !open_template(e, o->folder, &e->folder_template, error, size))
        return false;
    if (o->retry_failed)
        return read_failed(e, error, size);
    run_options values = *o;
    if (o->pipe_part) { /* with --tee */
        values.sources++;
        values.n_sources--;
    }
    if (o->pipe && !(e->blocks = run_blocks_open(o, count_slots(e), error, size)))
        return false;
    if (!o->pipe || o->tee)
        e->inputs = run_inputs_open(&values, error, size);
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
    if (o->usage && !o->dry_run && !(e->usage = run_usage_open(o, &e->printer, error, size)))
        return false;
    if (damaged)
        fprintf(stderr, "dmap run: %zu damaged %s of the joblog %s: such a job runs again\n", damaged,
                damaged == 1 ? "line" : "lines", damaged == 1 ? "is passed over" : "are passed over");
    if (o->dry_run || (!o->results && !o->files))
        return true;
    run_options with_name = *o;
    if (!o->results) {
        with_name.results = name_files(e, error, size);
        with_name.style = (run_style){0};
    }
    if (!with_name.results)
        return false;
    e->results = run_results_open(&with_name, &e->order, e->total, error, size);
    return e->results != NULL;
}

enum { TEMPLATES = 3 + RUN_NEEDS };

/* All but that of --results, which is opened when the number of jobs is known. Some are NULL. */
static void list_templates(const run_engine *e, run_template *list[TEMPLATES]) {
    list[0] = e->template;
    list[1] = e->tag_template;
    list[2] = e->folder_template;
    memcpy(list + 3, e->needs, sizeof e->needs);
}

static bool uses_total(const run_engine *e) {
    run_template *list[TEMPLATES];
    const char *name = e->options->style.plus ? e->options->results : NULL;
    bool used = name && (strstr(name, "{##}") || strstr(name, "{0#}"));
    list_templates(e, list);
    for (int i = 0; i < TEMPLATES; i++)
        used = used || (list[i] && run_template_uses_total(list[i]));
    return used;
}

static void set_total(const run_engine *e) {
    run_template *list[TEMPLATES];
    list_templates(e, list);
    for (int i = 0; i < TEMPLATES; i++)
        if (list[i])
            run_template_set_total(list[i], e->total);
}

/* Counting the lines of files takes a while, so it is done only for those who want to know. */
static uint64_t count_total(run_engine *e) {
    bool only_words = e->options->n_sources > 0;
    for (int i = 0; i < e->options->n_sources; i++)
        only_words = only_words && e->options->sources[i].kind == RUN_SOURCE_WORDS;
    bool wanted = only_words || uses_total(e) || e->bar.kind != RUN_PROGRESS_NONE || e->options->halt.percent;
    if (e->options->retry_failed)
        return e->failed.count;
    return e->inputs && wanted ? run_inputs_total(e->inputs) : UINT64_MAX;
}

/* Who forgot ::: would wait for the jobs, and they for him. A bar would be in the way of what is typed. */
static void greet_typist(run_engine *e) {
    const run_options *o = e->options;
    bool reads = (o->n_sources == 0 || (o->pipe && o->tee && !o->pipe_part)) && !o->retry_failed;
    for (int i = 0; i < o->n_sources; i++)
        reads = reads || (o->sources[i].kind == RUN_SOURCE_FILE && strcmp(o->sources[i].path, "-") == 0);
    if (!reads || !isatty(STDIN_FILENO))
        return;
    if (o->progress == RUN_PROGRESS_AUTO)
        run_bar_init(&e->bar, RUN_PROGRESS_NONE);
    if (!o->quiet)
        fprintf(stderr, "dmap run: input is read from the terminal; ::: takes values from the command line\n");
}

bool run_open(run_engine *e, char *error, size_t size) {
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
    if (!memory || !e->median || !run_unplaced_open(e, error, size) ||
        !run_exported_gather(o, &e->exported, error, size) || !open_inputs(e, error, size))
        return false;
    e->total = count_total(e);
    set_total(e);
    if (e->total == UINT64_MAX && uses_total(e)) {
        snprintf(error, size,
                 "{##} and {0#} need the number of jobs, which is known of words and files only: :::: FILE");
        return false;
    }
    return open_logs(e, error, size);
}

void run_close(run_engine *e) {
    char error[300];
    if (e->joblog && !run_joblog_close(e->joblog, error, sizeof error))
        run_engine_fail(e, error);
    e->peak_kib = run_usage_peak(e->usage, &e->peak_seq);
    if (!run_usage_close(e->usage, error, sizeof error))
        run_engine_fail(e, error);
    if (e->results && !run_results_close(e->results, error, sizeof error))
        run_engine_fail(e, error);
    e->joblog = NULL;
    e->usage = NULL;
    e->results = NULL;
}

void run_free(run_engine *e) {
    char error[300];
    run_joblog_close(e->joblog, error, sizeof error);
    run_usage_close(e->usage, error, sizeof error);
    run_results_close(e->results, error, sizeof error);
    run_inputs_close(e->inputs);
    run_blocks_close(e->blocks);
    run_failed_free(&e->failed);
    run_template_free(e->template);
    run_template_free(e->tag_template);
    run_template_free(e->folder_template);
    run_unplaced_close(e);
    free(e->files_name);
    run_jobs_fini(&e->jobs);
    run_order_fini(&e->order);
    run_printer_fini(&e->printer);
    run_median_free(e->median);
    run_summary_fini(&e->summary);
    run_text_free(&e->exported);
    run_text_free(&e->item);
    run_text_free(&e->tag);
}
