/* What the master's thread was at, over time: so that it can be said what a worker waited for. Pure. */
#ifndef DMAP_WATCH_TIMELINE_H
#define DMAP_WATCH_TIMELINE_H

#include <stddef.h>

/** What the thread is at. */
typedef enum dmap__doing {
    DMAP__DOING_OUTSIDE = 0, /* the program's own: the library is not called */
    DMAP__DOING_LOOP,        /* the loop: plans, looks, sorts what has come */
    DMAP__DOING_TASK,        /* DMAP_SERIAL: runs items */
    DMAP__DOING_SOURCE,      /* in a source, or waiting for one that has nothing yet */
    DMAP__DOING_SINK,        /* in a sink, or another function that takes results */
    DMAP__DOING_MESSAGES,    /* sends and receives */
    DMAP__DOING_WINDOW,      /* waits: nothing is granted until the result at the head has come */
    DMAP__DOING_LAST,        /* waits: all items have been granted */
    DMAP__DOING_WAIT,        /* waits: everybody has items */
    DMAP__DOINGS
} dmap__doing;

#define DMAP__TIMELINE_PARTS 4096

/** What was done in a part of the time; it ends where the next one begins. */
typedef struct dmap__timeline_part {
    double begin_s;
    double seconds[DMAP__DOINGS];
} dmap__timeline_part;

typedef struct dmap__timeline {
    dmap__doing doing; /* now, */
    double since_s;    /* since then */
    double part_s;     /* shortest part: doubles when there are too many */
    size_t n;
    dmap__timeline_part *parts; /* DMAP__TIMELINE_PARTS of them; the last one ends at since_s */
} dmap__timeline;

/** Forgets what was: it begins now. */
void dmap__timeline_begin(dmap__timeline *line, double now);
/** From now on something else is done. Returns what was done before. */
dmap__doing dmap__timeline_turn(dmap__timeline *line, dmap__doing doing, double now);
/** Adds what was done between two moments, in seconds, to seconds[]. Exact but for the shortest part. */
void dmap__timeline_between(const dmap__timeline *line, double from_s, double to_s, double seconds[DMAP__DOINGS]);

#endif
