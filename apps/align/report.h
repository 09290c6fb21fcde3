/* Hits: printed as they come, and kept for the check, if there is one. */
#ifndef ALIGN_REPORT_H
#define ALIGN_REPORT_H

#include <stdbool.h>

#include "scores.h"

typedef struct hits_row {
    hit *hits;
    size_t count;
} hits_row;

typedef struct hits_report {
    hits_row *rows; /* by sequence; NULL: nothing is kept */
    size_t n_rows;
    bool failed; /* writing did, or memory is out */
} hits_report;

/** keeps: how many sequences' hits are kept for report_check; 0: none. Returns 0, or -1 if memory is out. */
int report_begin(hits_report *r, size_t keeps);
/** Prints the hits of a sequence: names and score. Returns 0, or -1 if it failed. */
int report_take(hits_report *r, const proteins *p, uint64_t query, const hit *hits, size_t count);
/** Compares hits with plain scores, of as many sequences as a second or two allow, spread over all. */
bool report_check(const hits_report *r, const database *d, char *text, size_t size);
void report_end(hits_report *r);

#endif
