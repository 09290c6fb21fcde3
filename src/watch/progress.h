/* The progress bar on stderr. */
#ifndef DMAP_WATCH_PROGRESS_H
#define DMAP_WATCH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/** A bar, embedded in whatever it watches. Fields are private. */
typedef struct dmap__progress {
    const char *name;
    uint64_t total;
    bool on, always, lines, drawn, utf8;
    double start_s, next_s;       /* next_s: no drawing before */
    double moved_s, gap_s;        /* when `done` last moved, and how long that took */
    uint64_t done;                /* then */
    double rate_sum, rate_weight; /* smoothed items/s, and how much of the past it holds (0 to 1) */
    double weight, weight_total;  /* what items weigh; weight_total 0: all the same */
    double weighed, weight_sum;   /* `weight` when `done` last moved; smoothed weight/s */
} dmap__progress;

/** Makes a bar; nothing is drawn yet.
 *  mode:     as dmap_map_options.progress: 0: only if stderr is a terminal (in whose foreground we are), 1: always, -1:
 *            never
 *  name:     of the task, may be NULL; borrowed until dmap__progress_fini
 *  total:    items; UINT64_MAX: not known
 *  now_s:    seconds from any origin, never backwards, in this and the other functions */
void dmap__progress_init(dmap__progress *p, int mode, const char *name, uint64_t total, double now_s);
/** True if it draws at all. */
bool dmap__progress_is_on(const dmap__progress *p);
/** Items take times of their own: time left is then by weight, `done` of `total`, no longer by their number. To be told
 *  before each dmap__progress_update. total: 0: not known */
void dmap__progress_weigh(dmap__progress *p, double done, double total);
/** True if it is time to draw. */
bool dmap__progress_is_due(const dmap__progress *p, double now_s);
/** Draws, at most ten times a second and not in the first 0.3 s; into a file or pipe a line each 10 s at the most, and
 *  later less often. Costs a comparison when it is not time. */
void dmap__progress_update(dmap__progress *p, double now_s, uint64_t done, uint64_t failed);
/** Draws the final state and ends the line, if anything was drawn or mode is 1. May be called again: does nothing. */
void dmap__progress_fini(dmap__progress *p, double now_s, uint64_t done, uint64_t failed);

#endif
