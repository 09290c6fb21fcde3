/* What a pool's views have in common. Clocks: those of two hosts count from different moments. A grant and its outcome
 * are a round trip: if both ways take the same, the rank's clock at the middle of its time there is the master's at the
 * middle of the trip (as NTP has it, RFC 5905). How far that may be wrong is half of what the trip took without the
 * time there, so the one that took least counts. */
#include "watch/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define JOINED_S  10e-3
#define METRICS_S 5.0 /* between writings of metrics */

static bool add_rank(dmap__monitor *monitor, int rank, int workers, const char *host) {
    bool is_here = rank == 0 || strcmp(host, monitor->totals[0].host) == 0; /* processes of one host have one clock */
    char *copy = strdup(host);
    monitor->ranks[rank] =
        (dmap__watched_rank){.workers = workers, .first = monitor->n_workers, .trip_s = is_here ? 0 : -1};
    monitor->totals[rank] = (dmap__metrics_rank){.host = copy, .workers = workers};
    monitor->n_workers += workers;
    return copy != NULL;
}

dmap__monitor *dmap__monitor_create(const dmap__monitor_options *options, int ranks, const int *workers,
                                    const char *(*host)(const void *arg, int rank), const void *arg) {
    dmap__monitor *monitor = calloc(1, sizeof *monitor);
    if (!monitor)
        return NULL;
    monitor->options = *options;
    monitor->ranks = calloc((size_t)ranks, sizeof *monitor->ranks);
    monitor->totals = calloc((size_t)ranks, sizeof *monitor->totals);
    monitor->timeline.parts = calloc(DMAP__TIMELINE_PARTS, sizeof *monitor->timeline.parts);
    bool is_whole = monitor->ranks && monitor->totals && monitor->timeline.parts;
    for (int i = 0; is_whole && i < ranks; i++) {
        monitor->n_ranks = i + 1;
        is_whole = add_rank(monitor, i, workers[i], host(arg, i));
    }
    if (is_whole)
        monitor->workers = calloc((size_t)monitor->n_workers + 1, sizeof *monitor->workers);
    if (monitor->workers)
        return monitor;
    dmap__monitor_destroy(monitor);
    return NULL;
}

static dmap_status write_metrics(const dmap__monitor *monitor, dmap__error *error) {
    dmap__metrics metrics = {.calls = monitor->n_tallies,
                             .items = monitor->counts.items,
                             .failed = monitor->failed,
                             .retried = monitor->retried,
                             .leases = monitor->counts.leases,
                             .window = monitor->counts.window,
                             .master_s = monitor->master_s,
                             .n_ranks = monitor->n_ranks,
                             .ranks = monitor->totals};
    return monitor->options.metrics[0] ? dmap__metrics_write(monitor->options.metrics, &metrics, error) : DMAP_OK;
}

/* What cannot be written now may be later: no call fails because of it. */
void dmap__monitor_look(dmap__monitor *monitor, double now) {
    dmap__error error;
    if (!monitor || now - monitor->written_s < METRICS_S)
        return;
    monitor->written_s = now;
    write_metrics(monitor, &error);
}

void dmap__monitor_destroy(dmap__monitor *monitor) {
    if (!monitor)
        return;
    dmap__trace_close(monitor->trace);
    if (monitor->workers)
        write_metrics(monitor, &(dmap__error){0});
    for (int i = 0; i < monitor->n_ranks; i++)
        free((void *)monitor->totals[i].host);
    free(monitor->ranks);
    free(monitor->totals);
    free(monitor->workers);
    free(monitor->timeline.parts);
    free(monitor);
}

dmap_status dmap__monitor_open(dmap__monitor *monitor, dmap__error *error) {
    dmap__trace_config config = {.file = monitor->options.trace, .n_ranks = monitor->n_ranks, .ranks = monitor->totals};
    if (monitor->options.trace[0] && !(monitor->trace = dmap__trace_open(&config, error)))
        return error->status;
    return write_metrics(monitor, error);
}

/* An empty file that is made here stays: it says that nothing was reported. */
dmap_status dmap__monitor_check(const dmap__monitor_options *options, dmap__error *error) {
    if (!dmap__monitor_is_file(options->report))
        return DMAP_OK;
    int file = open(options->report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0) {
        char what[300];
        dmap__text_print(what, sizeof what, "write to DMAP_REPORT=\"%s\"", options->report);
        return dmap__fail_system(error, errno, what);
    }
    close(file);
    return DMAP_OK;
}

double dmap__monitor_joined_s(const dmap__monitor *monitor) {
    return monitor->trace ? dmap__trace_joined_s(monitor->trace) : JOINED_S;
}

/* While no call is looked at, time is not kept. */
dmap__doing dmap__monitor_turn_now(dmap__monitor *monitor, dmap__doing doing) {
    double now = dmap__clock_now();
    dmap__timeline *line = &monitor->timeline;
    if (!monitor->n_tallies)
        dmap__timeline_begin(line, now);
    monitor->master_s[line->doing] += now > line->since_s ? now - line->since_s : 0;
    return dmap__timeline_turn(line, doing, now);
}

void dmap__monitor_compare_clocks(dmap__monitor *monitor, int rank, double granted_s, double taken_s, double sent_s,
                                  double came_s) {
    dmap__watched_rank *r = &monitor->ranks[rank];
    double there_s = sent_s - taken_s, trip_s = came_s - granted_s - there_s;
    if (!isfinite(taken_s) || !isfinite(sent_s) || there_s < 0 || trip_s < 0 || (r->trip_s >= 0 && trip_s >= r->trip_s))
        return;
    r->trip_s = trip_s;
    r->offset_s = (granted_s + came_s) / 2 - (taken_s + sent_s) / 2;
}

/* ---- reports ---- */

static void write_all(int file, const char *text, size_t size) {
    for (ssize_t n; size && (n = write(file, text, size)) > 0; text += n)
        size -= (size_t)n;
}

/* Made in memory first, so that it leaves in one write: lines of other writers are not in the midst of it. No call
 * fails because it cannot be told of. */
void dmap__monitor_tell(const dmap__monitor *monitor, const dmap__told *told) {
    const char *where = monitor->options.report;
    bool is_file = dmap__monitor_is_file(where);
    char *text = NULL;
    size_t size = 0;
    FILE *to = *where ? open_memstream(&text, &size) : NULL;
    if (!to)
        return;
    (is_file ? dmap__report_json : dmap__report_text)(to, told);
    bool is_whole = fclose(to) == 0;
    int file = is_file ? open(where, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : STDERR_FILENO;
    if (is_whole && file >= 0)
        write_all(file, text, size);
    if (is_file && file >= 0)
        close(file);
    free(text);
}
