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

#define JOINED_S 10e-3

/* Processes of one host have one clock. */
dmap__monitor *dmap__monitor_create(const dmap__monitor_options *options, int ranks, const int *workers,
                                    const char *(*host)(const void *arg, int rank), const void *arg) {
    dmap__monitor *monitor = calloc(1, sizeof *monitor);
    if (!monitor)
        return NULL;
    monitor->options = *options;
    monitor->n_ranks = ranks;
    monitor->ranks = calloc((size_t)ranks, sizeof *monitor->ranks);
    monitor->timeline.parts = calloc(DMAP__TIMELINE_PARTS, sizeof *monitor->timeline.parts);
    for (int i = 0; monitor->ranks && i < ranks; i++) {
        monitor->ranks[i] = (dmap__watched_rank){
            .workers = workers[i], .first = monitor->n_workers, .trip_s = strcmp(host(arg, 0), host(arg, i)) ? -1 : 0};
        monitor->n_workers += workers[i];
    }
    monitor->workers = calloc((size_t)monitor->n_workers + 1, sizeof *monitor->workers);
    if (monitor->ranks && monitor->timeline.parts && monitor->workers)
        return monitor;
    dmap__monitor_destroy(monitor);
    return NULL;
}

void dmap__monitor_destroy(dmap__monitor *monitor) {
    if (!monitor)
        return;
    dmap__trace_close(monitor->trace);
    free(monitor->ranks);
    free(monitor->workers);
    free(monitor->timeline.parts);
    free(monitor);
}

dmap_status dmap__monitor_open_trace(dmap__monitor *monitor, const int *workers,
                                     const char *(*host)(const void *arg, int rank), const void *arg,
                                     dmap__error *error) {
    if (!monitor->options.trace[0])
        return DMAP_OK;
    dmap__trace_config config = {
        .file = monitor->options.trace, .ranks = monitor->n_ranks, .workers = workers, .host = host, .arg = arg};
    monitor->trace = dmap__trace_open(&config, error);
    return monitor->trace ? DMAP_OK : error->status;
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
    if (!monitor->n_tallies)
        dmap__timeline_begin(&monitor->timeline, 0);
    return dmap__timeline_turn(&monitor->timeline, doing, dmap__clock_now());
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
