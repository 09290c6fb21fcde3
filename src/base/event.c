/* Lists of events, each written by one worker. A list is bounded: where it would grow beyond MOST, pairs of neighbours
 * become one event each, and from then on events may be twice as long. */
#include "base/event.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define GAP_S 50e-6 /* between what follows one another */
#define MOST  4096

static void join(dmap__event *into, const dmap__event *next) {
    if (next->items && next->begin < into->begin)
        into->begin = next->begin;
    if (next->items && next->end > into->end)
        into->end = next->end;
    into->items += next->items;
    into->ended_s = next->ended_s;
    into->task_s += next->task_s;
    into->setup_s += next->setup_s;
    if (next->longest_s > into->longest_s) {
        into->longest_s = next->longest_s;
        into->longest = next->longest;
    }
}

static bool follows(const dmap__event *last, const dmap__event *next, double joined_s) {
    return last->worker == next->worker && last->attempt == next->attempt && last->end == next->begin &&
           next->began_s - last->ended_s < GAP_S && next->ended_s - last->began_s < joined_s;
}

/* Of one worker's, in their order. */
static void halve(dmap__events *events) {
    size_t kept = 0;
    for (size_t i = 0; i < events->n; i += 2) {
        dmap__event both = events->all[i];
        if (i + 1 < events->n)
            join(&both, &events->all[i + 1]);
        events->all[kept++] = both;
    }
    events->n = kept;
    events->joined_s *= 2;
}

void dmap__events_add(dmap__events *events, const dmap__event *event, double joined_s) {
    if (events->joined_s < joined_s)
        events->joined_s = joined_s;
    dmap__event *last = events->n ? &events->all[events->n - 1] : NULL;
    if (last && follows(last, event, events->joined_s)) {
        join(last, event);
        return;
    }
    if (events->n >= MOST)
        halve(events);
    if (dmap__memory_grow(&events->all, &events->capacity, events->n + 1, sizeof *events->all))
        events->all[events->n++] = *event;
}

bool dmap__events_move(dmap__events *into, dmap__events *from) {
    if (!from->n)
        return true;
    if (!dmap__memory_grow(&into->all, &into->capacity, into->n + from->n, sizeof *into->all))
        return false;
    memcpy(into->all + into->n, from->all, from->n * sizeof *from->all);
    into->n += from->n;
    from->n = 0;
    return true;
}

void dmap__events_fini(dmap__events *events) {
    free(events->all);
    *events = (dmap__events){0};
}
