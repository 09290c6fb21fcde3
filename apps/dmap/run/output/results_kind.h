/* What the kinds of --results share: results.c chooses among them. */
#ifndef DMAP_APPS_RUN_OUTPUT_RESULTS_KIND_H
#define DMAP_APPS_RUN_OUTPUT_RESULTS_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "run/command/template.h"
#include "run/output/results.h"

typedef enum run_results_kind {
    RUN_RESULTS_FOLDER, /* DIR/1/VALUE/2/VALUE/{stdout,stderr,seq} */
    RUN_RESULTS_NAMES,  /* NAME, NAME.err, NAME.seq */
    RUN_RESULTS_CSV,    /* from here on: tables */
    RUN_RESULTS_TSV,
    RUN_RESULTS_JSON
} run_results_kind;

struct run_results {
    run_results_kind kind;
    const char *name;
    run_template *template; /* of RUN_RESULTS_NAMES */
    FILE *table;
    run_printer *printer; /* of a table that goes to standard output */
    bool has_header;      /* a table begins with the names of its columns */
    bool has_head;        /* and they have been written */
    run_text scratch;
    char error[300];
};

/** Sets the sentence "cannot VERB NAME: reason of errno"; returns false. */
bool run_results_fail(run_results *results, const char *verb, const char *name);

/* results_dir.c */
bool run_results_open_folder(run_results *results, const run_style *style, uint64_t total);
bool run_results_place(run_results *results, run_job *job, const run_values *values, const char *const *names);
bool run_results_append(run_results *results, run_job *job, int stream, const void *data, size_t size);
void run_results_truncate(run_results *results, run_job *job);
bool run_results_rename(run_results *results, run_job *job); /* to names with the number of the attempt */
bool run_results_finish(run_results *results, run_job *job);

/* results_table.c */
bool run_results_open_table(run_results *results, bool keep); /* what is there: rows are added */
bool run_results_write_head(run_results *results, const run_values *values, const char *const *names);
bool run_results_keep_row(run_results *results, run_job *job, const run_record *record);
bool run_results_write_attempt(run_results *results, run_order *order, run_job *job, const run_record *record);
bool run_results_write_row(void *arg, run_store *store, const run_entry *entry);

#endif
