/* Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats): of each metric what it is, its
 * type, and a line for each of its values. Totals only grow; rates are for the reader to take. */
#include "watch/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

static void about(FILE *to, const char *name, const char *type, const char *help) {
    fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(FILE *to, const char *name, const char *type, const char *help, uint64_t value) {
    about(to, name, type, help);
    fprintf(to, "%s %" PRIu64 "\n", name, value);
}

/* A backslash, a quotation mark and the end of a line are written with a backslash. */
static void label(FILE *to, const char *text) {
    for (; *text; text++) {
        if (*text == '\\' || *text == '"')
            fputc('\\', to);
        fputs(*text == '\n' ? "\\n" : (const char[]){*text, '\0'}, to);
    }
}

static void rank_labels(FILE *to, const char *name, int rank, const dmap__metrics_rank *r) {
    fprintf(to, "%s{rank=\"%d\",host=\"", name, rank);
    label(to, r->host);
    fputc('"', to);
}

static void by_rank(FILE *to, const dmap__metrics *m) {
    about(to, "dmap_workers", "gauge", "Workers of a rank.");
    for (int i = 0; i < m->n_ranks; i++) {
        rank_labels(to, "dmap_workers", i, &m->ranks[i]);
        fprintf(to, "} %d\n", m->ranks[i].workers);
    }
    about(to, "dmap_rank_items_total", "counter", "Items that a rank ran, each attempt.");
    for (int i = 0; i < m->n_ranks; i++) {
        rank_labels(to, "dmap_rank_items_total", i, &m->ranks[i]);
        fprintf(to, "} %" PRIu64 "\n", m->ranks[i].items);
    }
    about(to, "dmap_worker_seconds_total", "counter", "Time of a rank's workers in items, and in set-ups.");
    for (int i = 0; i < m->n_ranks; i++) {
        rank_labels(to, "dmap_worker_seconds_total", i, &m->ranks[i]);
        fprintf(to, ",in=\"task\"} %.9g\n", m->ranks[i].task_s);
        rank_labels(to, "dmap_worker_seconds_total", i, &m->ranks[i]);
        fprintf(to, ",in=\"setup\"} %.9g\n", m->ranks[i].setup_s);
    }
}

static void of_master(FILE *to, const dmap__metrics *m) {
    static const char *const names[DMAP__DOINGS] = {"outside",  "loop",   "task", "source", "sink",
                                                    "messages", "window", "last", "wait"};
    about(to, "dmap_master_seconds_total", "counter", "What the master's thread was at while calls were in flight.");
    for (int i = 0; i < DMAP__DOINGS; i++)
        fprintf(to, "dmap_master_seconds_total{at=\"%s\"} %.9g\n", names[i], m->master_s[i]);
}

static void write_all(FILE *to, const dmap__metrics *m) {
    locale_t before = dmap__text_begin_plain();
    number(to, "dmap_calls", "gauge", "Calls in flight.", m->calls);
    number(to, "dmap_items_total", "counter", "Items that ran, each attempt.", m->items);
    number(to, "dmap_items_failed_total", "counter", "Items that failed for good.", m->failed);
    number(to, "dmap_items_retried_total", "counter", "Attempts that failed and were made again.", m->retried);
    number(to, "dmap_leases", "gauge", "Chunks out at ranks.", m->leases);
    number(to, "dmap_window_bytes", "gauge", "Results that are held for order.", m->window);
    by_rank(to, m);
    of_master(to, m);
    dmap__text_end_plain(before);
}

dmap_status dmap__metrics_write(const char *file, const dmap__metrics *metrics, dmap__error *error) {
    char beside[1100], what[300];
    dmap__text_print(beside, sizeof beside, "%s.%ld", file, (long)getpid());
    FILE *to = fopen(beside, "we");
    bool is_written = false;
    if (to) {
        write_all(to, metrics);
        is_written = !ferror(to);
        is_written = fclose(to) == 0 && is_written;
        is_written = is_written && rename(beside, file) == 0;
    }
    if (is_written)
        return DMAP_OK;
    int reason = errno;
    if (to)
        unlink(beside);
    dmap__text_print(what, sizeof what, "write to DMAP_METRICS=\"%s\"", file);
    return dmap__fail_system(error, reason, what);
}
