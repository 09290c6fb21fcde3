/* A row: what one system reached in one figure. Every bench writes its rows as lines of JSON; report.c reads them, and
 * any other program may add some. */
#ifndef BENCH_ROW_H
#define BENCH_ROW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct bench_row {
    const char *figure, *title, *unit;
    bool more_is_better;
    const char *x_name; /* of a figure that is one of a series: what differs; NULL: alone */
    double x;
    const char *where; /* threads, processes, ranks, commands */
    const char *system;
    const char *role; /* dmap: others of the same place are compared with it; form: of dmap, another; peer; limit */
    uint64_t items;
    const double *values; /* of each repetition; NAN where there is none */
    int n_values;
    const char *note;    /* NULL: none */
    const char *refused; /* why there is no value; NULL: there is one */
} bench_row;

/** Writes the row, on a line. False if memory or the disk is full. */
bool bench_row_write(const bench_row *row, FILE *out);

#endif
