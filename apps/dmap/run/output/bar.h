/* Progress on standard error: a bar on a terminal, plain lines elsewhere if asked for. It looks as the library's does
 * (src/watch), and ends alike. */
#ifndef DMAP_APPS_RUN_OUTPUT_BAR_H
#define DMAP_APPS_RUN_OUTPUT_BAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/options/options.h"

typedef struct run_bar {
    run_progress kind; /* never AUTO */
    bool is_shown;     /* on the terminal now */
    bool was_drawn;
    double drawn_s; /* when last; lines: or when it began */
} run_bar;

typedef struct run_bar_counts {
    uint64_t total; /* UINT64_MAX: not known yet */
    uint64_t ended, resumed, failed;
    uint64_t running; /* or about to */
    double seconds;   /* of this run */
} run_bar_counts;

void run_bar_init(run_bar *bar, run_progress wanted);
/** Shows it from now on, or no longer. */
void run_bar_toggle(run_bar *bar);
/** Seconds from one drawing to the next: lines become rarer, down to one a minute. */
double run_bar_every(const run_bar *bar, const run_bar_counts *counts);
/** Draws it if it is time to. */
void run_bar_draw(run_bar *bar, const run_bar_counts *counts);
/** Before anything else is written to the terminal. */
void run_bar_hide(run_bar *bar);
/** How it ended: one last line, if lines are wanted or there was a bar. */
void run_bar_end(run_bar *bar, const run_bar_counts *counts);
/** The text, without the bar's escapes: at most `columns` wide. */
void run_bar_text(const run_bar_counts *counts, int columns, char *text, size_t size);

#endif
