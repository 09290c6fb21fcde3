#include "run/log/report.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MOST_NODES = 20 };

static dmap_status look_at(const dmap_pool *pool, const run_use *uses, int rank, dmap_rank_report *report) {
    dmap_status status = dmap_report_rank(pool, rank, report);
    if (uses && status == DMAP_OK) {
        report->items = uses[rank].jobs;
        report->busy_s = uses[rank].busy_s;
    }
    return status;
}

/* The ranks of a node, added up; returns false if `rank` is not the first of them. */
static bool add_up(const dmap_pool *pool, const run_use *uses, int rank, dmap_rank_report *node) {
    look_at(pool, uses, rank, node);
    for (int other = 0; other < dmap_ranks(pool); other++) {
        dmap_rank_report report = {0};
        if (other == rank || look_at(pool, uses, other, &report) != DMAP_OK || strcmp(report.host, node->host) != 0)
            continue;
        if (other < rank)
            return false;
        node->items += report.items;
        node->workers += report.workers;
        node->busy_s += report.busy_s;
    }
    return true;
}

static int percent(double busy_s, double seconds, int slots) {
    double all = seconds * slots;
    return all > 0 ? (int)(100 * busy_s / all + 0.5) : 0;
}

static void write_span(double seconds, char *text, size_t size) {
    long s = (long)(seconds + 0.5);
    if (seconds < 99.5)
        snprintf(text, size, "%.*f s", seconds < 10 ? 1 : 0, seconds);
    else if (s < 6000)
        snprintf(text, size, "%ld:%02ld min", s / 60, s % 60);
    else
        snprintf(text, size, "%ld:%02ld h", s / 3600, s / 60 % 60);
}

/* ", most memory 1.5 GiB (job 7)"; nothing if it is not to be said. */
static void write_peak(const run_facts *facts, char *text, size_t size) {
    static const char units[] = "KMGT";
    double value = (double)facts->peak_kib;
    int unit = 0;
    for (; value >= 1023.5 && unit < 3; unit++)
        value /= 1024;
    text[0] = '\0';
    if (facts->peak_kib > 0)
        snprintf(text, size, ", most memory %.*f %ciB (job %llu)", value < 9.95 && unit > 0 ? 1 : 0, value, units[unit],
                 (unsigned long long)facts->peak_seq);
}

void run_report_print(const dmap_pool *pool, const run_facts *facts) {
    dmap_report all = {0};
    dmap_rank_report node = {0};
    char span[32], peak[64];
    int nodes = 0;
    dmap_report_get(pool, &all);
    const run_use *uses = facts->uses;
    double busy_s = uses ? 0 : all.busy_s;
    for (int rank = 0; rank < dmap_ranks(pool); rank++)
        nodes += add_up(pool, uses, rank, &node);
    for (int rank = 0; uses && rank < dmap_ranks(pool); rank++)
        busy_s += uses[rank].busy_s;
    write_span(all.seconds, span, sizeof span);
    write_peak(facts, peak, sizeof peak);
    fprintf(stderr, "dmap run: %llu %s in %s on %d %s, %d %s, %d%% busy, %llu failed%s\n",
            (unsigned long long)facts->ended, facts->ended == 1 ? "job" : "jobs", span, nodes,
            nodes == 1 ? "node" : "nodes", all.workers, all.workers == 1 ? "slot" : "slots",
            percent(busy_s, all.seconds, all.workers), (unsigned long long)facts->failed, peak);
    for (int rank = 0, told = 0; nodes > 1 && rank < dmap_ranks(pool) && told < MOST_NODES; rank++) {
        if (!add_up(pool, uses, rank, &node))
            continue;
        fprintf(stderr, "  %s: %llu, %d%% busy\n", node.host, (unsigned long long)node.items,
                percent(node.busy_s, all.seconds, node.workers));
        told++;
    }
    if (nodes > MOST_NODES)
        fprintf(stderr, "  and %d more\n", nodes - MOST_NODES);
}
