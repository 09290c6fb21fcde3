/* Sums. What a worker waited for is what the master's thread was at while it did not work: that is, what it was at
 * between the worker's first item and its last, less what it was at while the worker worked, which is added up event by
 * event. So events may come in any order, and none is kept.
 *
 * A second of a worker's has one reason. Before its first item, or the first of all if it has none: the source, the
 * sink, the program, where the master was at that, else the start. Between: the same, and messages and the window; if
 * the master waited too, all items had been granted (the tail), or, for another rank, a message was on its way; else it
 * starved. After its last: the source, until the last item of all has ended the tail; then whatever the master does. */
#include "watch/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define COUNT_S 0.1 /* between counts of leases, where there is no trace */

/* A call that was made before the loop began: until then the program did not move it along. */
static void begin_timeline(dmap__timeline *line, double began_s) {
    dmap__doing now = line->doing;
    dmap__timeline_begin(line, began_s);
    line->doing = DMAP__DOING_OUTSIDE;
    dmap__timeline_turn(line, now, dmap__clock_now());
}

dmap__tally *dmap__tally_create(dmap__monitor *monitor, uint64_t call, const char *task, double began_s) {
    size_t n = (size_t)monitor->n_workers;
    dmap__tally *tally = calloc(1, sizeof *tally + n * sizeof *tally->workers);
    if (!tally)
        return NULL;
    tally->monitor = monitor;
    tally->call = call;
    tally->task = task;
    tally->began_s = tally->last_s = began_s;
    tally->first_s = -1;
    for (size_t i = 0; i < n; i++) {
        tally->workers[i].first_s = -1;
        tally->workers[i].had_s = monitor->workers[i].had_s;
    }
    if (monitor->n_tallies++ == 0)
        begin_timeline(&monitor->timeline, began_s);
    if (monitor->trace)
        dmap__trace_call(monitor->trace, call, task, began_s);
    return tally;
}

/* What it had, the monitor has no more. */
static void forget_counts(dmap__tally *tally) {
    dmap__trace_counts *all = &tally->monitor->counts;
    all->leases -= tally->counts.leases;
    all->window -= tally->counts.window;
    tally->counts.leases = tally->counts.window = 0;
}

void dmap__tally_destroy(dmap__tally *tally) {
    if (!tally)
        return;
    forget_counts(tally);
    tally->monitor->n_tallies--;
    free(tally);
}

/* ---- events ---- */

static void note_longest(dmap__tally *tally, const dmap_long_item *item) {
    int at = tally->n_longest;
    while (at > 0 && tally->longest[at - 1].seconds < item->seconds)
        at--;
    if (at == DMAP_LONGEST)
        return;
    int moved = tally->n_longest - at - (tally->n_longest == DMAP_LONGEST);
    memmove(&tally->longest[at + 1], &tally->longest[at], (size_t)moved * sizeof *item);
    tally->longest[at] = *item;
    tally->n_longest += tally->n_longest < DMAP_LONGEST;
}

/* Another rank's numbers are not trusted: a program of another version, or a clock that jumps. */
static bool is_sound(const dmap__watched_rank *rank, const dmap__event *e) {
    return e->worker >= 0 && e->worker < rank->workers && isfinite(e->began_s) && isfinite(e->ended_s) &&
           e->ended_s >= e->began_s && e->task_s >= 0 && e->setup_s >= 0 && e->longest_s >= 0 &&
           e->task_s + e->setup_s <= (e->ended_s - e->began_s) * (1 + 1e-9) + 1e-6;
}

static void add(dmap__tally *tally, const dmap__watched_rank *rank, const dmap__event *e) {
    dmap__tallied_worker *w = &tally->workers[rank->first + e->worker];
    double began_s = fmax(e->began_s + rank->offset_s, tally->began_s), ended_s = e->ended_s + rank->offset_s;
    if (w->first_s < 0 || began_s < w->first_s)
        w->first_s = began_s;
    if (tally->first_s < 0 || began_s < tally->first_s)
        tally->first_s = began_s;
    w->last_s = fmax(w->last_s, ended_s);
    tally->last_s = fmax(tally->last_s, ended_s);
    w->items += e->items;
    w->task_s += e->task_s;
    w->setup_s += e->setup_s;
    tally->monitor->workers[rank->first + e->worker].had_s += e->task_s + e->setup_s;
    dmap__metrics_rank *total = &tally->monitor->totals[rank - tally->monitor->ranks];
    total->items += e->items;
    total->task_s += e->task_s;
    total->setup_s += e->setup_s;
    dmap__timeline_between(&tally->monitor->timeline, began_s, ended_s, w->covered);
}

void dmap__tally_add(dmap__tally *tally, int rank, const dmap__events *events, const uint64_t *index_of,
                     uint64_t count) {
    const dmap__watched_rank *r = &tally->monitor->ranks[rank];
    for (size_t i = 0; i < events->n; i++) {
        const dmap__event *e = &events->all[i];
        if (!is_sound(r, e))
            continue;
        add(tally, r, e);
        tally->monitor->counts.items += e->items;
        if (tally->monitor->trace)
            dmap__trace_event(tally->monitor->trace, rank, tally->task, e, r->offset_s);
        if (e->items && e->longest_s > 0 && e->longest < count)
            note_longest(tally, &(dmap_long_item){.index = index_of ? index_of[e->longest] : e->longest,
                                                  .seconds = e->longest_s,
                                                  .rank = rank,
                                                  .worker = e->worker});
    }
}

/* ---- for traces and metrics ---- */

void dmap__tally_message(const dmap__tally *tally, int rank, uint64_t begin, uint64_t end, double granted_s,
                         double now) {
    if (!tally->monitor->trace)
        return;
    dmap__trace_message(tally->monitor->trace, rank, "grant", begin, end, granted_s);
    dmap__trace_message(tally->monitor->trace, rank, "result", begin, end, now);
}

bool dmap__tally_is_due(const dmap__tally *tally, double now) {
    const dmap__monitor *monitor = tally->monitor;
    return monitor->trace ? dmap__trace_is_due(monitor->trace, now) : now - monitor->counted_s > COUNT_S;
}

void dmap__tally_count(dmap__tally *tally, uint64_t leases, uint64_t window, double now) {
    dmap__monitor *monitor = tally->monitor;
    forget_counts(tally);
    monitor->counts.leases += tally->counts.leases = leases;
    monitor->counts.window += tally->counts.window = window;
    monitor->counted_s = now;
    if (monitor->trace)
        dmap__trace_count(monitor->trace, &monitor->counts, &monitor->timeline, now);
}

void dmap__tally_lost(const dmap__tally *tally, int rank, double now) {
    if (tally->monitor->trace)
        dmap__trace_lost(tally->monitor->trace, rank, now);
}

void dmap__tally_end(const dmap__tally *tally, const char *diagnosis, double now) {
    if (tally->monitor->trace)
        dmap__trace_call_end(tally->monitor->trace, tally->call, diagnosis, now);
}

void dmap__tally_retry(dmap__tally *tally, double seconds) {
    tally->retried_s += seconds;
    tally->monitor->retried++;
}

void dmap__tally_fail(const dmap__tally *tally) {
    tally->monitor->failed++;
}

/* ---- the end ---- */

static void between(const dmap__tally *tally, double from_s, double to_s, double doings[DMAP__DOINGS]) {
    memset(doings, 0, DMAP__DOINGS * sizeof *doings);
    if (to_s > from_s)
        dmap__timeline_between(&tally->monitor->timeline, from_s, to_s, doings);
}

/* Takes out what has a reason of its own; returns the rest. */
static double reasons(const double doings[DMAP__DOINGS], bool with_sink, dmap_times *times) {
    double rest = 0;
    for (int i = 0; i < DMAP__DOINGS; i++)
        rest += doings[i];
    times->source_s += doings[DMAP__DOING_SOURCE];
    times->outside_s += doings[DMAP__DOING_OUTSIDE];
    times->sink_s += with_sink ? doings[DMAP__DOING_SINK] : 0;
    return rest - doings[DMAP__DOING_SOURCE] - doings[DMAP__DOING_OUTSIDE] - (with_sink ? doings[DMAP__DOING_SINK] : 0);
}

/* Between its first item and its last. */
static void wait_within(const double doings[DMAP__DOINGS], bool is_remote, dmap_times *times) {
    double rest = reasons(doings, true, times);
    double messages_s = doings[DMAP__DOING_MESSAGES] + (is_remote ? doings[DMAP__DOING_WAIT] : 0);
    times->messages_s += messages_s;
    times->window_s += doings[DMAP__DOING_WINDOW];
    times->tail_s += doings[DMAP__DOING_LAST];
    times->starved_s += rest - messages_s - doings[DMAP__DOING_WINDOW] - doings[DMAP__DOING_LAST];
}

/* Other calls had the worker for part of what it waited. */
static void give_to_others(double other_s, dmap_times *times) {
    double *const waits[] = {&times->source_s,  &times->sink_s,    &times->messages_s, &times->window_s,
                             &times->starved_s, &times->outside_s, &times->start_s,    &times->tail_s};
    double all = 0;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        all += *waits[i];
    if (other_s <= 0 || all <= 0)
        return;
    times->other_s = fmin(other_s, all);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        *waits[i] *= 1 - times->other_s / all;
}

static void sum_worker(const dmap__tally *tally, int rank, int number, double now, dmap_times *times) {
    const dmap__tallied_worker *w = &tally->workers[number];
    double doings[DMAP__DOINGS];
    *times = (dmap_times){.task_s = w->task_s, .setup_s = w->setup_s};
    double first_s = tally->first_s < 0 ? now : tally->first_s;
    if (w->first_s < 0) {
        between(tally, tally->began_s, first_s, doings);
        times->start_s += reasons(doings, true, times);
        between(tally, first_s, now, doings);
        wait_within(doings, false, times);
    } else {
        between(tally, tally->began_s, w->first_s, doings);
        times->start_s += reasons(doings, true, times);
        between(tally, w->first_s, w->last_s, doings);
        for (int i = 0; i < DMAP__DOINGS; i++)
            doings[i] = fmax(doings[i] - w->covered[i], 0);
        wait_within(doings, rank > 0, times);
        between(tally, w->last_s, tally->last_s, doings);
        times->tail_s += reasons(doings, false, times);
        between(tally, fmax(w->last_s, tally->last_s), now, doings);
        double rest = reasons(doings, true, times);
        times->messages_s += doings[DMAP__DOING_MESSAGES];
        times->tail_s += rest - doings[DMAP__DOING_MESSAGES];
    }
    give_to_others(tally->monitor->workers[number].had_s - w->had_s - w->task_s - w->setup_s, times);
}

static void sum_master(const dmap__tally *tally, double now, dmap_times *times) {
    double doings[DMAP__DOINGS];
    between(tally, tally->began_s, now, doings);
    *times = (dmap_times){.task_s = doings[DMAP__DOING_TASK],
                          .source_s = doings[DMAP__DOING_SOURCE],
                          .sink_s = doings[DMAP__DOING_SINK],
                          .messages_s = doings[DMAP__DOING_MESSAGES],
                          .window_s = doings[DMAP__DOING_WINDOW],
                          .starved_s = doings[DMAP__DOING_WAIT] + doings[DMAP__DOING_LAST],
                          .outside_s = doings[DMAP__DOING_OUTSIDE],
                          .other_s = doings[DMAP__DOING_LOOP]};
}

static void accumulate(dmap_times *into, const dmap_times *times) {
    into->task_s += times->task_s;
    into->setup_s += times->setup_s;
    into->source_s += times->source_s;
    into->sink_s += times->sink_s;
    into->messages_s += times->messages_s;
    into->window_s += times->window_s;
    into->starved_s += times->starved_s;
    into->outside_s += times->outside_s;
    into->start_s += times->start_s;
    into->tail_s += times->tail_s;
    into->other_s += times->other_s;
}

/* The POP metrics. `busiest` has the most useful time. */
static void measure(const dmap_times *busiest, dmap_report *report) {
    double seconds = report->seconds, mean = report->workers_time.task_s / report->workers;
    report->load_balance = report->communication = report->serialisation = 0;
    report->parallel_efficiency = 0;
    if (seconds <= 0 || busiest->task_s <= 0)
        return;
    report->load_balance = mean / busiest->task_s;
    report->communication = fmax(1 - busiest->messages_s / seconds, busiest->task_s / seconds);
    report->serialisation = busiest->task_s / (seconds * report->communication);
    report->parallel_efficiency = mean / seconds;
}

void dmap__tally_sum(const dmap__tally *tally, double now, dmap__tallied *out) {
    const dmap__monitor *monitor = tally->monitor;
    dmap_report *report = out->report;
    dmap_times busiest = {0};
    report->explained = true;
    report->retried_s = tally->retried_s;
    report->workers_time = (dmap_times){0};
    for (int rank = 0; rank < monitor->n_ranks; rank++) {
        out->ranks[rank].times = (dmap_times){0};
        for (int i = 0; i < monitor->ranks[rank].workers; i++) {
            int number = monitor->ranks[rank].first + i;
            dmap_times *times = &out->workers[number].times;
            sum_worker(tally, rank, number, now, times);
            out->workers[number].items = tally->workers[number].items;
            accumulate(&out->ranks[rank].times, times);
            accumulate(&report->workers_time, times);
            if (times->task_s > busiest.task_s)
                busiest = *times;
        }
    }
    sum_master(tally, now, &report->master_time);
    measure(&busiest, report);
    report->n_longest = tally->n_longest;
    memcpy(report->longest, tally->longest, sizeof report->longest);
}
