/* Numbers of a call, for dmap_report_get. */
#include <stdlib.h>

#include "base/clock.h"
#include "call/call.h"
#include "call/source_spawned.h"
#include "watch/diagnosis.h"

void dmap__call_count(dmap__call *call, int branch, uint64_t items, double busy_s) {
    dmap_rank_report *share = &call->shares[branch];
    share->items += items;
    share->busy_s += busy_s;
    share->chunks++;
    call->report.busy_s += busy_s;
}

/* What is counted elsewhere. */
static void fill(const dmap__call *call, dmap_report *report) {
    if (call->plan) {
        dmap__plan_stats stats;
        dmap__plan_stats_get(call->plan, &stats);
        report->retried = stats.retried;
        report->chunks = stats.chunks;
        report->recalled = stats.recalled;
        report->lost_items = stats.lost;
        report->window_peak = stats.window_peak;
    }
    report->recalled += call->came_back;
    report->retried += call->tried_again;
    if (call->spawned)
        report->spooled = call->spawned->spool.written;
    report->seconds = dmap__clock_now() - call->began_s;
    report->ranks = call->world.branches;
    report->workers = call->world.all_workers;
    if (report->seconds > 0)
        report->efficiency = report->busy_s / (report->seconds * report->workers);
}

void dmap__call_fill_report(dmap__call *call) {
    fill(call, &call->report);
    call->report.items = call->spawned ? call->arrived : call->ended;
    call->report.bytes_sent += call->fetched;
    call->report.bytes_received += call->placed;
}

void dmap__call_report_now(const dmap__call *call, dmap_report *report) {
    *report = call->report;
    if (call->state == DMAP__CALL_ENDED)
        return;
    fill(call, report);
    report->items = call->arrived;
}

static void explain(dmap__call *call) {
    dmap__tallied out = {call->worker_reports, call->shares, &call->report};
    dmap__told told = {.task = call->task->name,
                       .status = call->error.status,
                       .report = &call->report,
                       .n_ranks = call->world.branches,
                       .ranks = call->shares,
                       .workers = call->worker_reports};
    dmap__tally_sum(call->tally, call->began_s + call->report.seconds, &out);
    dmap__diagnose(&call->report, &call->options);
    dmap__monitor_tell(call->world.monitor, &told);
}

/* The pool's monitor may go before the call is freed. */
void dmap__call_explain(dmap__call *call) {
    if (!call->tally)
        return;
    call->worker_reports = calloc((size_t)call->world.monitor->n_workers + 1, sizeof *call->worker_reports);
    bool is_made = call->shares[0].host; /* else memory was out for it, before anything ran */
    if (call->worker_reports && is_made)
        explain(call);
    dmap__tally_end(call->tally, call->report.diagnosis, dmap__clock_now());
    dmap__tally_destroy(call->tally);
    call->tally = NULL;
}
