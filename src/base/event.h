/* Events: what workers have done, where somebody looks on. They lie in the outcome of a chunk and travel with it, so
 * whoever looks on at the master has every event of a chunk when its outcome arrives. Never one an item: short items
 * and batches that follow one another are one event. */
#ifndef DMAP_BASE_EVENT_H
#define DMAP_BASE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Items that a worker ran. */
typedef struct dmap__event {
    uint64_t begin, end;     /* positions: all of them, if it has end - begin items */
    uint64_t items;          /* that ran; 0: a set-up alone */
    double began_s, ended_s; /* by the clock of the worker's host */
    double task_s, setup_s;  /* what of that went to items, and to set-ups */
    double longest_s;        /* of an item, or the mean of a batch of short ones, the longest, */
    uint64_t longest;        /* and its position */
    int32_t worker;
    int32_t attempt;
} dmap__event;

_Static_assert(sizeof(dmap__event) == 80, "an event travels without holes");

typedef struct dmap__events {
    dmap__event *all;
    size_t n, capacity;
    double joined_s; /* what follows one another becomes one event up to so long: grows when there are many */
} dmap__events;

/** Adds at the end what a worker has done since the last: joined to that, if it follows at once and both are short.
 *  Beyond some thousand of events neighbours become one. If memory is out it is left out.
 *  joined_s:  longest event that is made of several */
void dmap__events_add(dmap__events *events, const dmap__event *event, double joined_s);
/** Moves all of `from`, which is left empty, behind those of `into`. Returns false if memory is out. */
bool dmap__events_move(dmap__events *into, dmap__events *from);
void dmap__events_fini(dmap__events *events);

#endif
