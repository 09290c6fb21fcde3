/* The line of the progress bar, from numbers. Pure. */
#ifndef DMAP_WATCH_PROGRESS_TEXT_H
#define DMAP_WATCH_PROGRESS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DMAP__PROGRESS_ROOM 640 /* bytes that a line needs at most, with its '\0' */

typedef struct dmap__progress_view {
    const char *name;      /* of the task; any bytes; NULL: none */
    uint64_t done, failed; /* items that have ended; of these, failed */
    uint64_t total;        /* UINT64_MAX: not known */
    double rate;           /* items/s; 0: not known */
    double elapsed_s;
    double eta_s; /* < 0: not known */
    int width;    /* columns of the terminal; the line has one less at most, so that it never wraps */
    bool utf8;    /* block characters may be used */
} dmap__progress_view;

/** Writes one line without control characters. What does not fit is left out, least important first: rate, name, time,
 *  count, failures, percentage; a bar fills what is left, if that is enough for one.
 *  text:  DMAP__PROGRESS_ROOM bytes; "" if the width is too small for anything */
void dmap__progress_text(const dmap__progress_view *view, char *text);

#endif
