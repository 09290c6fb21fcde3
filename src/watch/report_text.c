/* The table of a report. */
#include "watch/report.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define MOST_WORKERS 64 /* that have a line each */

typedef struct column {
    const char *name;
    size_t offset;
} column;

static const column columns[] = {
    {"task", offsetof(dmap_times, task_s)},         {"setup", offsetof(dmap_times, setup_s)},
    {"source", offsetof(dmap_times, source_s)},     {"sink", offsetof(dmap_times, sink_s)},
    {"messages", offsetof(dmap_times, messages_s)}, {"window", offsetof(dmap_times, window_s)},
    {"starved", offsetof(dmap_times, starved_s)},   {"outside", offsetof(dmap_times, outside_s)},
    {"start", offsetof(dmap_times, start_s)},       {"tail", offsetof(dmap_times, tail_s)},
    {"other", offsetof(dmap_times, other_s)},
};
enum { COLUMNS = sizeof columns / sizeof *columns, NAME_WIDTH = 24 };

static double column_of(const dmap_times *times, int i) {
    double seconds;
    memcpy(&seconds, (const char *)times + columns[i].offset, sizeof seconds);
    return seconds;
}

/* A column in which nobody has anything is left out. */
static bool is_shown(const dmap_report *r, int i) {
    double most = column_of(&r->workers_time, i) / (r->workers ? r->workers : 1);
    double masters = column_of(&r->master_time, i);
    return (masters > most ? masters : most) >= 0.0005 * r->seconds;
}

static void row(FILE *to, const dmap_report *r, const char *name, const dmap_times *times, double all_s) {
    fprintf(to, "dmap:   %-*.*s", NAME_WIDTH, NAME_WIDTH, name);
    for (int i = 0; i < COLUMNS; i++)
        if (is_shown(r, i))
            fprintf(to, " %8.1f", all_s > 0 ? 100 * column_of(times, i) / all_s : 0);
    fprintf(to, "\n");
}

static void heads(FILE *to, const dmap_report *r) {
    fprintf(to, "dmap:   %-*s", NAME_WIDTH, "% of the time in");
    for (int i = 0; i < COLUMNS; i++)
        if (is_shown(r, i))
            fprintf(to, " %8s", columns[i].name);
    fprintf(to, "\n");
}

static void longest(FILE *to, const dmap_report *r) {
    if (!r->n_longest)
        return;
    fprintf(to, "dmap:   longest items:");
    for (int i = 0; i < r->n_longest; i++)
        fprintf(to, "%s %" PRIu64 " (%.3g s, rank %d, worker %d)", i ? "," : "", r->longest[i].index,
                r->longest[i].seconds, r->longest[i].rank, r->longest[i].worker);
    fprintf(to, "\n");
}

/* What few calls have: items that the journal had, ranks that were lost. */
static void rare(FILE *to, const dmap__told *told) {
    const dmap_report *r = told->report;
    if (r->from_journal)
        fprintf(to, "dmap:   from the journal: %" PRIu64 " items\n", r->from_journal);
    if (r->spooled)
        fprintf(to, "dmap:   in the temporary file: %" PRIu64 " bytes of items that waited\n", r->spooled);
    if (r->lost_ranks)
        fprintf(to, "dmap:   lost ranks: %d; items that went to others: %" PRIu64 "\n", r->lost_ranks, r->lost_items);
    for (int rank = 0; rank < told->n_ranks; rank++)
        if (told->ranks[rank].lost)
            fprintf(to, "dmap:     rank %d on %s: %s\n", rank, told->ranks[rank].host, told->ranks[rank].lost);
}

static void rows(FILE *to, const dmap__told *told) {
    const dmap_report *r = told->report;
    const dmap_worker_report *worker = told->workers;
    char name[400];
    row(to, r, "master's thread", &r->master_time, r->seconds);
    row(to, r, "all workers", &r->workers_time, r->seconds * r->workers);
    for (int rank = 0; rank < told->n_ranks; rank++) {
        const dmap_rank_report *share = &told->ranks[rank];
        snprintf(name, sizeof name, "rank %d on %s", rank, share->host);
        if (told->n_ranks > 1 && share->workers)
            row(to, r, name, &share->times, r->seconds * share->workers);
        for (int i = 0; i < share->workers; i++, worker++) {
            snprintf(name, sizeof name, "  worker %d", i);
            if (r->workers <= MOST_WORKERS && r->workers > 1)
                row(to, r, name, &worker->times, r->seconds);
        }
    }
}

void dmap__report_text(FILE *to, const dmap__told *told) {
    const dmap_report *r = told->report;
    fprintf(to, "dmap: %s: %" PRIu64 " items in %.3g s, %d rank%s, %d worker%s", told->task, r->items, r->seconds,
            r->ranks, r->ranks == 1 ? "" : "s", r->workers, r->workers == 1 ? "" : "s");
    if (r->failed || r->retried)
        fprintf(to, ", %" PRIu64 " failed, %" PRIu64 " tried again", r->failed, r->retried);
    if (told->status != DMAP_OK)
        fprintf(to, ": %s", dmap_status_name(told->status));
    fprintf(to, "\ndmap: %s\n", r->diagnosis);
    fprintf(to,
            "dmap:   parallel efficiency %.0f%% = load balance %.0f%% x communication %.0f%% x serialisation %.0f%%\n",
            100 * r->parallel_efficiency, 100 * r->load_balance, 100 * r->communication, 100 * r->serialisation);
    rare(to, told);
    heads(to, r);
    rows(to, told);
    longest(to, r);
}
