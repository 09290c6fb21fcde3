/* What a trace says, for people: a picture, and numbers. */
#ifndef DMAP_APPS_TRACE_DRAW_H
#define DMAP_APPS_TRACE_DRAW_H

#include <stdio.h>

#include "trace_read.h"

/** A row for each worker, dark where it ran items, and below that how many of the workers did. */
void trace_draw_svg(const trace *t, FILE *to);
/** A line for each slice: rank, worker, begin and end in seconds, items, name. */
void trace_write_csv(const trace *t, FILE *to);
/** The curve of the picture: seconds, and how many percent of the workers ran items. */
void trace_write_curve(const trace *t, FILE *to);
/** A line for each rank and worker: items, slices, percent of the time in slices. */
void trace_print(const trace *t, FILE *to);

#endif
