/* Where the pool's items come from: jobs that are to be run again, then those of the input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/base/clock.h"
#include "run/command/quote.h"
#include "run/engine.h"
#include "run/log/resume.h"

enum {
    MOST_HELD = 250000,  /* jobs that wait for their turn to be written, before no more are read */
    MOST_SKIPPED = 20000 /* jobs of an earlier run passed over at a time */
};

static bool makes_tag(run_engine *engine, const run_values *values, const char *const *names, uint64_t seq) {
    run_text_clear(&engine->tag);
    if (engine->tag_template)
        run_template_compose_plain(engine->tag_template, values, names, seq, 0, &engine->tag);
    for (int i = 0; !engine->tag_template && i < values->count; i++) {
        if (i > 0)
            run_text_add(&engine->tag, " ", 1);
        run_text_add(&engine->tag, values->value[i], values->size[i]);
    }
    run_text_add(&engine->tag, "\t", 1);
    return !engine->tag.broken;
}

/* Goes to the folder of --wd, and makes it first if need be. */
static bool makes_prefix(const run_engine *engine, run_job *job, const run_values *values, const char *const *names) {
    run_text folder = {0};
    run_template_compose_plain(engine->folder_template, values, names, job->seq, 0, &folder);
    run_text_add_string(&job->prefix, "mkdir -p -- ");
    run_quote(&job->prefix, folder.data ? folder.data : "", folder.size);
    run_text_add_string(&job->prefix, " && cd -- ");
    run_quote(&job->prefix, folder.data ? folder.data : "", folder.size);
    run_text_add_string(&job->prefix, " || exit 1\n");
    bool good = !folder.broken && !job->prefix.broken;
    run_text_free(&folder);
    return good;
}

static bool keep_marks(run_engine *engine, run_job *job, const run_values *values, const char *const *names) {
    if (!run_template_uses_slot(engine->template))
        return true;
    int n = run_template_slot_marks(engine->template, values, names, job->seq, NULL, 0);
    job->marks = calloc((size_t)n + 1, sizeof *job->marks);
    if (!job->marks)
        return false;
    job->n_marks = (size_t)n;
    run_template_slot_marks(engine->template, values, names, job->seq, job->marks, n);
    return true;
}

/* --cat: the block goes to a file that has no name any more, which is read as often as the job likes. */
static bool makes_file(run_job *job) {
    run_text_add_string(&job->prefix, "DMAP_CAT=$(mktemp) && cat >\"$DMAP_CAT\" && exec 9<\"$DMAP_CAT\" && "
                                      "rm \"$DMAP_CAT\" && unset DMAP_CAT || exit 1\n");
    return !job->prefix.broken;
}

/* --shell-quote: the command line is printed, quoted so many times, and the shell reads no further. */
static bool makes_quoted(const run_engine *engine, run_job *job) {
    run_text quoted = {0};
    run_text_add(&quoted, job->command.data, job->command.size);
    for (int i = 0; i <= engine->options->shell_quotes; i++) { /* once more for the shell that prints it */
        run_text inside = quoted;
        quoted = (run_text){0};
        run_quote(&quoted, inside.data ? inside.data : "", inside.size);
        quoted.broken = quoted.broken || inside.broken;
        run_text_free(&inside);
    }
    run_text_add_string(&job->prefix, "printf '%s\\n' ");
    run_text_add(&job->prefix, quoted.data, quoted.size);
    run_text_add_string(&job->prefix, "\nexit\n");
    bool good = !quoted.broken && !job->prefix.broken;
    run_text_free(&quoted);
    return good;
}

/* What the command's placeholders stand for. */
static const run_values *shown(const run_engine *engine, const run_values *values) {
    static char name[] = "/dev/fd/9", *names[] = {name};
    static size_t size = sizeof name - 1;
    static const run_values file = {.value = names, .size = &size, .count = 1};
    return engine->options->cat ? &file : values;
}

/* Returns false if the job need not be run. *seq: the number that it, or what is to be run in its stead, has. */
static bool is_wanted(run_engine *engine, const run_job *job, const run_values *values, uint64_t *seq) {
    if (!engine->joblog || !(engine->options->resume || engine->options->resume_failed))
        return true;
    const char *const *names = engine->inputs ? run_inputs_names(engine->inputs) : NULL;
    run_verdict verdict = run_resume_look(engine->joblog, engine->template, job, shown(engine, values), names,
                                          dmap_workers(engine->pool), seq);
    engine->resumed += verdict == RUN_DONE;
    if (verdict == RUN_UNKNOWN && run_past_has_changed(run_joblog_past(engine->joblog), *seq))
        run_summary_note_changed(&engine->summary, *seq);
    return verdict != RUN_DONE;
}

static bool keep_input(run_job *job, const char *block, size_t size) {
    job->has_input = true;
    run_text_add(&job->input, block, size);
    return !job->input.broken;
}

/* The names are known with the first job. */
static bool check_names(run_engine *engine, const char *const *names) {
    char *error = engine->error;
    engine->checked_names =
        run_template_check_names(engine->template, names, error, sizeof engine->error) &&
        (!engine->tag_template || run_template_check_names(engine->tag_template, names, error, sizeof engine->error)) &&
        (!engine->folder_template ||
         run_template_check_names(engine->folder_template, names, error, sizeof engine->error)) &&
        run_results_check_names(engine->results, names, error, sizeof engine->error);
    for (int i = 0; i < RUN_NEEDS && engine->checked_names; i++)
        engine->checked_names =
            !engine->needs[i] || run_template_check_names(engine->needs[i], names, error, sizeof engine->error);
    return engine->checked_names;
}

/* What is known of a job before it is given away. */
static bool prepare(run_engine *engine, run_job *job, const run_values *values) {
    const run_options *o = engine->options;
    const char *const *names = engine->inputs ? run_inputs_names(engine->inputs) : NULL;
    if (!engine->checked_names && !check_names(engine, names))
        return false;
    const run_values *put_in = shown(engine, values);
    run_template_compose(engine->template, put_in, names, job->seq, o->dry_run ? 1 : 0, &job->command);
    return !job->command.broken && (o->dry_run || keep_marks(engine, job, put_in, names)) &&
           (!o->cat || makes_file(job)) &&
           (!engine->results || run_results_begin(engine->results, job, values, names)) &&
           (!o->tag || makes_tag(engine, values, names, job->seq)) &&
           run_unplaced_look_at(engine, job, values, names) &&
           (!engine->folder_template || makes_prefix(engine, job, values, names)) &&
           (!o->shell_quotes || makes_quoted(engine, job));
}

/* The next job of the joblog that failed, under its number. */
static int read_failed(run_engine *engine, run_job **job) {
    const run_options *o = engine->options;
    if (engine->seq == engine->failed.count)
        return RUN_INPUT_END;
    const run_failed_job *failed = &engine->failed.jobs[engine->seq++];
    run_values values = {0};
    run_job *made = run_job_create();
    snprintf(engine->error, sizeof engine->error, "out of memory");
    if (!made)
        return RUN_INPUT_ERROR;
    made->seq = failed->seq;
    made->attempt = 1;
    run_text_add(&made->command, failed->command, failed->command_size);
    bool good = !made->command.broken &&
                (!engine->results || run_results_begin(engine->results, made, &values, NULL)) &&
                run_unplaced_look_at(engine, made, &values, NULL) &&
                (!engine->folder_template || makes_prefix(engine, made, &values, NULL)) &&
                (!o->tag || makes_tag(engine, &values, NULL, made->seq));
    if (good && !o->dry_run)
        good = (made->entry = run_order_begin(&engine->order, o->tag ? engine->tag.data : NULL)) != NULL;
    if (good) {
        engine->error[0] = '\0';
        *job = made;
        return RUN_INPUT_JOB;
    }
    run_job_free(made);
    return RUN_INPUT_ERROR;
}

/* Returns NULL if that cannot be. block: NULL without --pipe */
static run_job *make_job(run_engine *engine, uint64_t seq, const run_values *values, const char *block, size_t size) {
    run_job *made = run_job_create();
    if (!made)
        return NULL;
    made->seq = seq;
    made->attempt = 1;
    if (prepare(engine, made, values) && (!block || keep_input(made, block, size)))
        return made;
    run_job_free(made);
    return NULL;
}

/* Values, a block, or with --tee both: what is to be read for all of them comes first. */
static int read_input(run_engine *engine, run_values *values, const char **block, size_t *size) {
    char *error = engine->error;
    int state = RUN_INPUT_JOB;
    if (engine->blocks && engine->inputs)
        state = run_blocks_whole(engine->blocks, block, size, error, sizeof engine->error);
    else if (engine->blocks)
        return run_blocks_next(engine->blocks, block, size, error, sizeof engine->error);
    return state == RUN_INPUT_JOB ? run_inputs_next(engine->inputs, values, error, sizeof engine->error) : state;
}

/* Reads one job; *job is NULL if it need not be run. */
static int read_one(run_engine *engine, run_job **job) {
    run_values values = {0};
    const char *block = NULL;
    size_t size = 0;
    *job = NULL;
    if (engine->options->retry_failed)
        return read_failed(engine, job);
    int state = read_input(engine, &values, &block, &size);
    if (state == RUN_INPUT_BARRIER) {
        engine->barrier = true;
        return RUN_INPUT_JOB;
    }
    if (state != RUN_INPUT_JOB)
        return state;
    uint64_t seq = ++engine->seq;
    run_job *made = make_job(engine, seq, &values, block, size);
    bool wanted = made && is_wanted(engine, made, &values, &seq);
    if (wanted && seq != made->seq) {
        run_job_free(made);
        made = make_job(engine, seq, &values, block, size);
    }
    bool good = made != NULL;
    wanted = wanted && good;
    if (wanted && !engine->options->dry_run) {
        made->entry = run_order_begin(&engine->order, engine->options->tag ? engine->tag.data : NULL);
        good = made->entry != NULL;
    }
    if (good && wanted) {
        *job = made;
        return RUN_INPUT_JOB;
    }
    run_job_free(made);
    if (good)
        return RUN_INPUT_JOB;
    if (!engine->error[0])
        snprintf(engine->error, sizeof engine->error, "out of memory");
    return RUN_INPUT_ERROR;
}

/* True while a job runs, or will run again. */
static bool is_any_left(const run_engine *engine) {
    const run_jobs *jobs = &engine->jobs;
    return jobs->n_out > 0 || jobs->again.first || jobs->delayed || jobs->doubts.first || engine->unplaced.first;
}

/* True if what comes next need not wait for what came before. */
static bool is_open(run_engine *engine) {
    engine->barrier = engine->barrier && is_any_left(engine);
    return !engine->barrier;
}

int run_source_read(run_engine *engine, run_job **job) {
    int state = RUN_INPUT_JOB, skipped = 0;
    *job = NULL;
    while (state == RUN_INPUT_JOB && !*job) {
        if (!is_open(engine) || skipped++ == MOST_SKIPPED)
            return RUN_INPUT_LATER;
        state = read_one(engine, job);
    }
    engine->inputs_ended = state == RUN_INPUT_END;
    return state;
}

/* False if it is too early for another job, or too late. */
static bool may_start(run_engine *engine) {
    const run_options *o = engine->options;
    if (engine->until_s > 0 && run_date() + run_median_get(engine->median) > engine->until_s) {
        run_engine_stop_until(engine);
        return false;
    }
    return o->delay_s <= 0 || engine->last_start_s <= 0 || run_clock() - engine->last_start_s >= o->delay_s;
}

static int give(run_engine *engine, run_job *job, dmap_blob *blob) {
    const run_options *o = engine->options;
    run_item item = {.seq = job->seq,
                     .attempt = job->attempt,
                     .timeout_s = o->timeout_s,
                     .percent = o->timeout_percent,
                     .median_s = o->timeout_percent > 0 ? run_median_get(engine->median) : 0,
                     .needs = job->needs,
                     .waits = job->offers.waits,
                     .prefix = job->prefix.data,
                     .prefix_size = job->prefix.size,
                     .command = job->command.data,
                     .command_size = job->command.size,
                     .marks = job->marks,
                     .n_marks = job->n_marks,
                     .has_input = job->has_input,
                     .input = job->input.data,
                     .input_size = job->input.size};
    run_text_clear(&engine->item);
    run_item_write(&item, &engine->item);
    job->index = engine->given++;
    job->before_s = engine->last_start_s;
    job->given_s = engine->last_start_s = run_clock();
    run_jobs_give(&engine->jobs, job);
    run_unplaced_offer(engine, job);
    if (engine->item.broken) {
        run_engine_fail(engine, "out of memory");
        return -1;
    }
    /* Of one that may have to give way nothing is final before its end. */
    if (job->attempt == o->attempts && o->admission.memfree == 0 && !run_order_go_live(&engine->order, job->entry))
        run_engine_look_at_output(engine);
    *blob = (dmap_blob){engine->item.data, engine->item.size};
    return DMAP_PULL_ITEM;
}

/* What the input's state is to the pool: it has not ended while a job that runs may have to be run again. */
static int pass_on(run_engine *engine, int state) {
    if (state == RUN_INPUT_ERROR) {
        run_engine_fail(engine, engine->error);
        return DMAP_PULL_END;
    }
    const run_options *o = engine->options;
    bool none_comes_back = o->attempts == 1 && o->admission.memfree == 0 && !run_needs_are_asked(o);
    bool none_left =
        engine->jobs.n_out == 0 && !engine->jobs.doubts.first && !engine->jobs.delayed && !engine->unplaced.first;
    if (state == RUN_INPUT_END && (none_comes_back || none_left))
        return DMAP_PULL_END;
    return DMAP_PULL_LATER;
}

/* One that is to be run again, or a new one. */
static int take_or_read(run_engine *engine, run_job **job) {
    *job = run_job_line_take(&engine->jobs.again);
    if (!*job)
        *job = run_jobs_take_due(&engine->jobs, run_clock());
    if (*job || engine->inputs_ended)
        return RUN_INPUT_END;
    /* What is held may be held for one of those that run again. */
    return engine->order.count < MOST_HELD ? run_source_read(engine, job) : RUN_INPUT_LATER;
}

/* The next job that is worth an offer: one that came back, is to be run again, or is new. *job is NULL if there is none
 * now; returns what the input's state is then. */
static int find_job(run_engine *engine, run_job **job) {
    int state = RUN_INPUT_LATER;
    while (run_unplaced_next(engine, job) && !*job && engine->stop == RUN_STOP_NOT) {
        state = take_or_read(engine, job);
        if (*job && (*job)->wrong) {
            run_sink_refuse(engine, *job, (*job)->wrong);
            *job = NULL;
        } else if (!*job || !run_unplaced_keep(engine, *job)) {
            break;
        }
        *job = NULL;
    }
    return *job || state == RUN_INPUT_JOB ? RUN_INPUT_LATER : state;
}

int run_source_next(void *arg, dmap_blob *item) {
    run_engine *engine = arg;
    if (engine->stop != RUN_STOP_NOT)
        return DMAP_PULL_END;
    bool nothing_left =
        engine->inputs_ended && !engine->jobs.again.first && !engine->jobs.delayed && !engine->unplaced.first;
    if (!nothing_left && !may_start(engine))
        return engine->stop != RUN_STOP_NOT ? DMAP_PULL_END : DMAP_PULL_LATER;
    run_job *job;
    int state = find_job(engine, &job);
    run_print_flush(&engine->printer);
    return job ? give(engine, job, item) : pass_on(engine, state);
}
