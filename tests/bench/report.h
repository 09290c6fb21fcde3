/* Rows that benches wrote, and what is made of them: a table, a verdict on each aim, bench.json, plots. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

#include "spread.h"

/** Text belongs to the row's JSON, and is never NULL but where said so. */
typedef struct report_row {
    cJSON *json;
    const char *figure, *title, *unit, *where, *system, *role;
    const char *x_name, *note, *refused; /* NULL: none */
    double x;
    double items;
    bool more_is_better;
    double *values; /* NAN where there is none */
    int n_values;
    bench_spread spread;
} report_row;

typedef struct report {
    cJSON *machine; /* NULL: none was described */
    report_row *rows;
    int n, room;
} report;

/** Reads a file of rows. Returns false, with a sentence on stderr, if it cannot be read. */
bool report_load(report *r, const char *path);
void report_free(report *r);

/** The row of that figure, at x (where it has one), place and system; NULL if there is none. */
const report_row *report_find(const report *r, const char *figure, double x, const char *where, const char *system);
/** True if both are of the same figure, and x. */
bool report_is_same(const report_row *a, const report_row *b);
/** dmap's row of the same figure and place; the figure's limit. NULL if there is none. */
const report_row *report_base(const report *r, const report_row *row);
const report_row *report_limit(const report *r, const report_row *row);
/** The spread of value by value, repetition by repetition; of their medians, if they were not repeated together. */
bench_spread report_ratio(const report_row *row, const report_row *by);
/** How many times better dmap is than the row; and what part of the limit it reaches, in percent. n is 0 if unknown. */
bench_spread report_by_dmap(const report *r, const report_row *row);
bench_spread report_of_limit(const report *r, const report_row *row);

/** Printed to stdout. */
void report_print(const report *r);
void report_print_aims(const report *r);
/** An array, to be freed. */
cJSON *report_aims_json(const report *r);
/** Returns false, with a sentence on stderr, if it cannot be written. */
bool report_write_json(const report *r, const char *path);
/** One SVG for each figure, into the folder. Returns false, with a sentence on stderr, if they could not be made. */
bool report_plot(const report *r, const char *folder);

#endif
