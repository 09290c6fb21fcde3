/* Chooses by the name: X.csv, X.tsv and X.json are tables, a name with placeholders is one of files, any other a
 * folder. */
#include "run/output/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/output/results_kind.h"

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

static run_results_kind kind_of(const run_options *options) {
    const char *name = options->results;
    if (ends_with(name, ".csv"))
        return RUN_RESULTS_CSV;
    if (ends_with(name, ".tsv"))
        return RUN_RESULTS_TSV;
    if (ends_with(name, ".json"))
        return RUN_RESULTS_JSON;
    return run_may_vary(options, name) ? RUN_RESULTS_NAMES : RUN_RESULTS_FOLDER;
}

run_results *run_results_open(const run_options *options, run_order *order, uint64_t total, char *error, size_t size) {
    run_results *results = calloc(1, sizeof *results);
    snprintf(error, size, "out of memory");
    if (!results)
        return NULL;
    results->name = options->results;
    results->printer = order->printer;
    results->kind = kind_of(options);
    bool resumes = options->resume || options->resume_failed;
    bool good = results->kind >= RUN_RESULTS_CSV ? run_results_open_table(results, resumes)
                                                 : run_results_open_folder(results, &options->style, total);
    if (!good) {
        if (results->error[0])
            snprintf(error, size, "%s", results->error);
        run_results_close(results, results->error, sizeof results->error);
        return NULL;
    }
    if (results->kind >= RUN_RESULTS_CSV) {
        order->whole = run_results_write_row;
        order->whole_arg = results;
    }
    return results;
}

bool run_results_close(run_results *results, char *error, size_t size) {
    bool good = true;
    if (!results)
        return true;
    if (results->table && (fflush(results->table) != 0 || ferror(results->table))) {
        snprintf(error, size, "cannot write %s", results->name);
        good = false;
    }
    if (results->table)
        fclose(results->table);
    run_template_free(results->template);
    run_text_free(&results->scratch);
    free(results);
    return good;
}

bool run_results_check_names(const run_results *results, const char *const *names, char *error, size_t size) {
    return !results || !results->template || run_template_check_names(results->template, names, error, size);
}

bool run_results_begin(run_results *results, run_job *job, const run_values *values, const char *const *names) {
    if (results->kind < RUN_RESULTS_CSV)
        return run_results_place(results, job, values, names);
    if (results->has_header && !results->has_head && !run_results_write_head(results, values, names))
        return false;
    return run_job_keep_values(job, values);
}

bool run_results_add(run_results *results, run_job *job, int stream, const void *data, size_t size) {
    return results->kind >= RUN_RESULTS_CSV || run_results_append(results, job, stream, data, size);
}

bool run_results_set_aside(run_results *results, run_order *order, run_job *job, const run_record *record) {
    if (results->kind < RUN_RESULTS_CSV)
        return run_results_rename(results, job);
    return run_results_write_attempt(results, order, job, record);
}

void run_results_reset(run_results *results, run_job *job) {
    if (results->kind < RUN_RESULTS_CSV)
        run_results_truncate(results, job);
}

bool run_results_end(run_results *results, run_job *job, const run_record *record) {
    if (results->kind < RUN_RESULTS_CSV)
        return run_results_finish(results, job);
    return run_results_keep_row(results, job, record);
}

const char *run_results_error(const run_results *results) {
    return results->error;
}
