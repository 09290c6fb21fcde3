/* Where jobs end: what they wrote goes to the order and to --results, how they ended to the joblog, the tally and the
 * summary; one that failed and has attempts left goes back to the source. */
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "run/base/clock.h"
#include "run/control/cutoff.h"
#include "run/control/retry.h"
#include "run/control/signals.h"
#include "run/engine.h"

enum { LOOK_MS = 20 };

/* GNU parallel's way of saying it. */
static void set_ending(const run_result *result, run_record *record) {
    record->exit_code = result->exit_code;
    record->signal = result->signal;
    if (result->end == RUN_TIMED_OUT) {
        record->exit_code = -1;
        record->signal = SIGTERM;
    } else if (result->end == RUN_NOT_STARTED) {
        record->exit_code = 127;
    }
}

static bool has_failed(const run_result *result) {
    return result->end != RUN_ENDED || result->exit_code || result->signal;
}

/* What the logs say of a job. command: the command line with the slot that it had; to be freed. Returns false if memory
 * is out. */
static bool describe(const run_job *job, run_text *command, run_record *record) {
    const run_result *result = &job->result;
    char digits[16];
    size_t from = 0;
    snprintf(digits, sizeof digits, "%d", result->slot);
    for (size_t i = 0; i < job->n_marks; i++) {
        run_text_add(command, job->command.data + from, job->marks[i] - from);
        run_text_add_string(command, digits);
        from = job->marks[i] + strlen("{%}");
    }
    run_text_add(command, job->command.data + from, job->command.size - from);
    *record = (run_record){.seq = job->seq,
                           .attempt = job->attempt,
                           .host = job->host,
                           .started = result->started,
                           .seconds = result->seconds,
                           .user_s = result->user_s,
                           .system_s = result->system_s,
                           .peak_kib = result->peak_kib,
                           .sent = result->sent,
                           .received = result->received,
                           .command = command->data,
                           .command_size = command->size};
    set_ending(result, record);
    return !command->broken;
}

/* Returns false if the output is lost: then the run stops, and the job is not done. */
static bool add_output(run_engine *engine, run_job *job, int stream, const void *data, size_t size) {
    if (engine->results && !run_results_add(engine->results, job, stream, data, size)) {
        run_engine_fail(engine, run_results_error(engine->results));
        return false;
    }
    /* As with GNU parallel, what is in files of its own is not printed as well. */
    if (engine->results && !engine->order.whole)
        return true;
    if (run_order_add(&engine->order, job->entry, stream, data, size))
        return true;
    run_engine_look_at_output(engine);
    return false;
}

static void repeat(run_engine *engine, run_job *job) {
    run_order_reset(&engine->order, job->entry);
    if (engine->results)
        run_results_reset(engine->results, job);
    run_job_line_add(&engine->jobs.again, job);
}

/* What an attempt that failed has written is not mixed with what the next one writes. */
static void try_again(run_engine *engine, run_job *job) {
    run_text command = {0};
    run_record record;
    double wait = run_retry_wait(&engine->options->retry, job->attempt);
    bool good = describe(job, &command, &record);
    if (!good || (engine->results && !run_results_set_aside(engine->results, &engine->order, job, &record)))
        run_engine_fail(engine, good ? run_results_error(engine->results) : "out of memory");
    run_text_free(&command);
    run_order_reset(&engine->order, job->entry);
    job->attempt++;
    job->due_s = run_clock() + wait;
    run_jobs_delay(&engine->jobs, job);
}

static bool may_repeat(const run_engine *engine, const run_job *job) {
    int attempts = engine->options->attempts;
    return engine->stop == RUN_STOP_NOT && (attempts == 0 || job->attempt < attempts);
}

static void log_end(run_engine *engine, const run_record *record) {
    char error[300];
    if ((!engine->usage || run_usage_add(engine->usage, record, error, sizeof error)) &&
        (!engine->joblog || run_joblog_add(engine->joblog, record, error, sizeof error)))
        return;
    if (engine->printer.state != RUN_PRINT_GOOD)
        run_engine_look_at_output(engine);
    else
        run_engine_fail(engine, error);
}

static void tally(run_engine *engine, const run_record *record) {
    run_halt_when when = run_halt_note(&engine->options->halt, &engine->tally, run_engine_total(engine),
                                       record->exit_code, record->signal);
    if (when != RUN_HALT_NEVER)
        run_engine_stop(engine, RUN_STOP_HALT, when == RUN_HALT_NOW);
}

/* Something that was to be written was not: a job is not to be taken for done then. */
static bool has_lost_output(const run_engine *engine) {
    return engine->stop == RUN_STOP_ERROR || engine->printer.state != RUN_PRINT_GOOD;
}

/* The joblog comes last: what is in it has been written, or is held for its turn. */
static void finish(run_engine *engine, run_job *job) {
    const run_result *result = &job->result;
    run_text command = {0};
    run_record record;
    bool good = describe(job, &command, &record);
    engine->ended++;
    if (result->end == RUN_ENDED)
        run_median_add(engine->median, result->seconds);
    if (has_failed(result))
        run_summary_note_failed(&engine->summary, &record, result, job->attempt);
    if (!good || (engine->results && !run_results_end(engine->results, job, &record)))
        run_engine_fail(engine, good ? run_results_error(engine->results) : "out of memory");
    const char *file = engine->options->files && good ? run_results_file(engine->results, job) : NULL;
    if (file && !(run_order_add(&engine->order, job->entry, 0, file, strlen(file)) &&
                  run_order_add(&engine->order, job->entry, 0, engine->options->files_nul ? "" : "\n", 1)))
        run_engine_look_at_output(engine);
    if (!run_order_end(&engine->order, job->entry) || !run_print_flush(&engine->printer))
        run_engine_look_at_output(engine);
    if (!has_lost_output(engine))
        log_end(engine, &record);
    tally(engine, &record);
    run_text_free(&command);
    run_job_free(job);
}

void run_sink_refuse(run_engine *engine, run_job *job, const char *sentence) {
    fprintf(stderr, "dmap run: job %llu: %s\n", (unsigned long long)job->seq, sentence);
    job->result = (run_result){.end = RUN_NOT_STARTED, .started = run_date()};
    job->host = dmap_host(engine->pool, 0);
    finish(engine, job);
}

static void drop(run_engine *engine, run_job *job) {
    engine->cancelled++;
    if (engine->results)
        run_results_reset(engine->results, job);
    if (!run_order_drop(&engine->order, job->entry))
        run_engine_look_at_output(engine);
    run_job_free(job);
}

/* The signal from outside that a job seems to have ended by; 0: none. Of one that caught it, and left with a status of
 * its own, it is known by what ran it, which was told the same. */
static int signal_of(const run_result *result) {
    run_record record;
    set_ending(result, &record);
    int signal = run_cutoff_signal(record.exit_code, record.signal);
    return signal ? signal : result->told;
}

/* Whether a job that has failed was cut off. Once the run is to stop now, whatever fails is taken to be: what a program
 * makes of the signal that it got, too, is its own affair. */
static run_cutoff look_at(const run_engine *engine, const run_job *job, bool finally) {
    int signal = signal_of(&job->result);
    if (job->result.end == RUN_TIMED_OUT)
        return RUN_NOT_CUT_OFF;
    if (run_signals_stop() && engine->stop == RUN_STOP_SIGNAL)
        return RUN_CUT_OFF;
    run_cutoff look = run_cutoff_look(signal, job->ended_s, signal ? run_signals_came(signal) : 0,
                                      run_signals_came(SIGCONT), run_clock());
    return look == RUN_CUT_OFF_PERHAPS && finally ? RUN_NOT_CUT_OFF : look;
}

/* It is begun again at once, if the signal was not one to stop. */
static void end_cut_off(run_engine *engine, run_job *job) {
    if (engine->stop == RUN_STOP_NOT) {
        fprintf(stderr, "dmap run: job %llu was cut off by SIG%s, which was sent to it too: it runs again\n",
                (unsigned long long)job->seq, sigabbrev_np(signal_of(&job->result)));
        repeat(engine, job);
        return;
    }
    drop(engine, job);
}

/* What is to become of a job that has ended by itself. */
static void end(run_engine *engine, run_job *job, bool finally) {
    run_watch_signals(engine);
    run_cutoff look = has_failed(&job->result) ? look_at(engine, job, finally) : RUN_NOT_CUT_OFF;
    if (look == RUN_CUT_OFF_PERHAPS)
        run_job_line_add(&engine->jobs.doubts, job);
    else if (look == RUN_CUT_OFF)
        end_cut_off(engine, job);
    else if (has_failed(&job->result) && may_repeat(engine, job))
        try_again(engine, job);
    else
        finish(engine, job);
}

void run_sink_settle(run_engine *engine, bool wait) {
    while (engine->jobs.doubts.first) {
        const run_job *first = engine->jobs.doubts.first;
        if (look_at(engine, first, false) != RUN_CUT_OFF_PERHAPS) {
            end(engine, run_job_line_take(&engine->jobs.doubts), true);
        } else if (wait) {
            poll(NULL, 0, LOOK_MS);
            run_watch_signals(engine);
        } else {
            break;
        }
    }
}

/* Its output, but for what was sent before, and how it ended. Returns false if the output is lost. */
static bool take_end(run_engine *engine, run_job *job, const run_result *result) {
    bool kept = true;
    for (int i = 0; i < 2; i++)
        kept = add_output(engine, job, i, result->output[i], result->size[i]) && kept;
    job->result = *result;
    for (int i = 0; i < 2; i++) {
        job->result.output[i] = NULL;
        job->result.size[i] = 0;
    }
    job->ended_s = run_clock();
    return kept;
}

/* It has not failed, and had no attempt of its own. */
static void end_given_way(run_engine *engine, run_job *job) {
    if (engine->stop != RUN_STOP_NOT) {
        drop(engine, job);
        return;
    }
    if (!engine->options->quiet)
        fprintf(stderr, "dmap run: job %llu was ended on %s for want of memory: it runs again\n",
                (unsigned long long)job->seq, job->host);
    repeat(engine, job);
}

/* A job that has not run to its end goes where it belongs. Returns false if it has. */
static bool takes_back(run_engine *engine, run_job *job, const run_result *result, int rank) {
    if (result->end == RUN_HAS_NO_ROOM || result->end == RUN_NEVER_HAS_ROOM) {
        run_unplaced_refused(engine, job, result, rank);
        return true;
    }
    run_unplaced_note_end(engine, job, result, rank);
    if (result->end == RUN_CANCELLED)
        drop(engine, job);
    else if (result->end == RUN_GAVE_WAY)
        end_given_way(engine, job);
    return result->end == RUN_CANCELLED || result->end == RUN_GAVE_WAY;
}

int run_sink_take(void *arg, const dmap_item_result *r) {
    run_engine *engine = arg;
    run_result result;
    run_job *job = run_jobs_take(&engine->jobs, r->index);
    run_bar_hide(&engine->bar);
    if (!job)
        return 0;
    bool known = r->status == DMAP_ITEM_OK && run_result_read(r->data, r->size, &result);
    job->host = dmap_host(engine->pool, r->rank);
    run_unplaced_heard(engine, job);
    if (r->status == DMAP_ITEM_CANCELLED) {
        drop(engine, job);
        return engine->stop_now;
    }
    if (known && takes_back(engine, job, &result, r->rank))
        return engine->stop_now;
    if (!known) {
        /* Nothing of the job's doing: it counts as not started, and is said. */
        result = (run_result){.end = RUN_NOT_STARTED, .started = run_date()};
        fprintf(stderr, "dmap run: job %llu: %s\n", (unsigned long long)job->seq, r->error ? r->error : "garbled");
    }
    if (take_end(engine, job, &result))
        end(engine, job, false);
    else
        drop(engine, job);
    run_sink_settle(engine, false);
    if (!run_print_flush(&engine->printer))
        run_engine_look_at_output(engine);
    return engine->stop_now;
}

int run_sink_emission(void *arg, const dmap_emission *emission) {
    run_engine *engine = arg;
    const char *data = emission->data;
    run_job *job = run_jobs_find(&engine->jobs, emission->index);
    run_bar_hide(&engine->bar);
    if (job && emission->size == 1)
        run_unplaced_heard(engine, job);
    if (job && emission->size > 1)
        add_output(engine, job, data[0] == 1, data + 1, emission->size - 1);
    if (!run_print_flush(&engine->printer))
        run_engine_look_at_output(engine);
    return engine->stop_now;
}

void run_sink_leave(run_engine *engine) {
    run_job *job;
    while ((job = run_job_line_take(&engine->jobs.again)) || (job = run_jobs_take_due(&engine->jobs, HUGE_VAL)))
        drop(engine, job);
    while ((job = engine->unplaced.first)) {
        engine->unplaced.first = job->next;
        drop(engine, job);
    }
    for (const run_job *out; (out = run_jobs_each(&engine->jobs, NULL));)
        drop(engine, run_jobs_take(&engine->jobs, out->index));
    if (!run_print_flush(&engine->printer))
        run_engine_look_at_output(engine);
}
