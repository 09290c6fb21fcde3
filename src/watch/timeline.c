/* The timeline. It is bounded: a part takes in all that is done within part_s, and where there are too many parts,
 * part_s doubles, until half of them are enough. Within a part time is taken to be spread evenly. */
#include "watch/timeline.h"

#include <math.h>
#include <string.h>

#define PART_S 100e-6

void dmap__timeline_begin(dmap__timeline *line, double now) {
    line->n = 0;
    line->part_s = PART_S;
    line->since_s = now;
}

static void add(dmap__timeline_part *into, const dmap__timeline_part *part) {
    for (int i = 0; i < DMAP__DOINGS; i++)
        into->seconds[i] += part->seconds[i];
}

static double end_of(const dmap__timeline *line, size_t i) {
    return i + 1 < line->n ? line->parts[i + 1].begin_s : line->since_s;
}

/* Joins neighbours that are no longer than a part together. Returns how many are left. */
static size_t join(dmap__timeline *line) {
    size_t kept = 0;
    for (size_t i = 1; i < line->n; i++) {
        double end_s = end_of(line, i);
        if (end_s - line->parts[kept].begin_s <= line->part_s)
            add(&line->parts[kept], &line->parts[i]);
        else
            line->parts[++kept] = line->parts[i];
    }
    return kept + 1;
}

static void make_room(dmap__timeline *line) {
    while (line->n > DMAP__TIMELINE_PARTS / 2) {
        line->part_s *= 2;
        line->n = join(line);
    }
}

/* A part that is long is of one thing only, so that what lies in it can be told. */
static dmap__timeline_part *part_for(dmap__timeline *line, double seconds) {
    dmap__timeline_part *last = line->n ? &line->parts[line->n - 1] : NULL;
    if (last && line->since_s + seconds - last->begin_s <= line->part_s)
        return last;
    if (line->n == DMAP__TIMELINE_PARTS)
        make_room(line);
    last = &line->parts[line->n++];
    memset(last, 0, sizeof *last);
    last->begin_s = line->since_s;
    return last;
}

dmap__doing dmap__timeline_turn(dmap__timeline *line, dmap__doing doing, double now) {
    dmap__doing before = line->doing;
    double seconds = now - line->since_s;
    if (seconds > 0) {
        part_for(line, seconds)->seconds[before] += seconds;
        line->since_s = now;
    }
    line->doing = doing;
    return before;
}

/* The last part that does not begin after that. */
static size_t part_at(const dmap__timeline *line, double at_s) {
    size_t low = 0, high = line->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(line->parts[middle].begin_s <= at_s ? &low : &high) = middle;
    }
    return low;
}

void dmap__timeline_between(const dmap__timeline *line, double from_s, double to_s, double seconds[DMAP__DOINGS]) {
    for (size_t i = line->n ? part_at(line, from_s) : 0; i < line->n && line->parts[i].begin_s < to_s; i++) {
        double begin = line->parts[i].begin_s, end = end_of(line, i);
        double within = fmin(end, to_s) - fmax(begin, from_s);
        for (int k = 0; within > 0 && k < DMAP__DOINGS; k++)
            seconds[k] += line->parts[i].seconds[k] * within / (end - begin);
    }
    double now_from = fmax(from_s, line->since_s);
    if (to_s > now_from)
        seconds[line->doing] += to_s - now_from;
}
