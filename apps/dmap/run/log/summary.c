/* Failures are kept by the number of the job, so what is named is the same whatever came first. */
#include "run/log/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/log/rerun.h"

enum { SHOWN = 100 }; /* bytes of a command that are shown */

void run_summary_fini(run_summary *summary) {
    for (int i = 0; i < RUN_SUMMARY_NAMED; i++)
        free(summary->failures[i].command);
}

/* The beginning of a command, fit for one line of a terminal. */
static char *shorten(const char *command, size_t size) {
    size_t n = size < SHOWN ? size : SHOWN;
    char *text = malloc(n + 4);
    if (!text)
        return NULL;
    for (size_t i = 0; i < n; i++)
        text[i] = (unsigned char)command[i] < ' ' || command[i] == 127 ? ' ' : command[i];
    memcpy(text + n, n < size ? "..." : "", n < size ? 4 : 1);
    return text;
}

static void describe(const run_record *record, const run_result *result, int attempts, char *text, size_t size) {
    char times[32] = "", how[90];
    run_end end = result->end;
    if (end == RUN_TIMED_OUT)
        snprintf(how, sizeof how, "timed out after %.3g s", record->seconds);
    else if (end == RUN_LOST)
        snprintf(how, sizeof how, "lost: what ran it was killed");
    else if (end == RUN_NOT_STARTED)
        snprintf(how, sizeof how, "could not be started%s%s", result->exit_code ? ": " : "",
                 result->exit_code ? strerror(result->exit_code) : "");
    else if (record->signal)
        snprintf(how, sizeof how, "killed by SIG%s", sigabbrev_np(record->signal) ? sigabbrev_np(record->signal) : "?");
    else
        snprintf(how, sizeof how, "exit %d", record->exit_code);
    if (attempts > 1)
        snprintf(times, sizeof times, ", %d attempts", attempts);
    snprintf(text, size, "%s%s%s", how, result->passed_memory ? ", out of the memory of its --mem" : "", times);
}

/* The place of a job among those named, which are the lowest that failed; NULL: it is not one of them. */
static run_failure *make_place(run_summary *summary, uint64_t seq) {
    size_t n = summary->failed < RUN_SUMMARY_NAMED ? (size_t)summary->failed : RUN_SUMMARY_NAMED, at = n;
    while (at > 0 && summary->failures[at - 1].seq > seq)
        at--;
    if (at == RUN_SUMMARY_NAMED)
        return NULL;
    if (n == RUN_SUMMARY_NAMED)
        free(summary->failures[--n].command);
    memmove(&summary->failures[at + 1], &summary->failures[at], (n - at) * sizeof summary->failures[0]);
    return &summary->failures[at];
}

void run_summary_note_failed(run_summary *summary, const run_record *record, const run_result *result, int attempts) {
    run_failure *f = make_place(summary, record->seq);
    summary->failed++;
    if (!f)
        return;
    *f = (run_failure){.seq = record->seq, .command = shorten(record->command, record->command_size)};
    describe(record, result, attempts, f->how, sizeof f->how);
    snprintf(f->host, sizeof f->host, "%s", record->host ? record->host : "?");
}

void run_summary_note_changed(run_summary *summary, uint64_t seq) {
    summary->changed++;
    if (summary->changed <= RUN_SUMMARY_NAMED)
        fprintf(stderr, "dmap run: job %llu runs: the joblog has its number with another command\n",
                (unsigned long long)seq);
    else if (summary->changed == RUN_SUMMARY_NAMED + 1)
        fprintf(stderr, "dmap run: more jobs run, whose numbers the joblog has with other commands\n");
}

void run_summary_print(const run_summary *summary, const run_options *options, char **argv) {
    uint64_t named = summary->failed < RUN_SUMMARY_NAMED ? summary->failed : RUN_SUMMARY_NAMED;
    if (summary->failed == 0 || options->quiet)
        return;
    fprintf(stderr, "dmap run: %llu %s failed:\n", (unsigned long long)summary->failed,
            summary->failed == 1 ? "job" : "jobs");
    for (uint64_t i = 0; i < named; i++) {
        const run_failure *f = &summary->failures[i];
        fprintf(stderr, "  job %llu: %s on %s: %s\n", (unsigned long long)f->seq, f->how, f->host,
                f->command ? f->command : "?");
    }
    if (summary->failed > named)
        fprintf(stderr, "  and %llu more\n", (unsigned long long)(summary->failed - named));
    run_rerun_print(options, argv);
}

void run_summary_list_running(const run_jobs *jobs, double now) {
    for (const run_job *job = run_jobs_each(jobs, NULL); job; job = run_jobs_each(jobs, job)) {
        char *command = shorten(job->command.data, job->command.size);
        fprintf(stderr, "dmap run: job %llu, since %.1f s: %s\n", (unsigned long long)job->seq, now - job->given_s,
                command ? command : "?");
        free(command);
    }
}
