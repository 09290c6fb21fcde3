/* Numbers of a call, for dmap_report_get. */
#include "base/clock.h"
#include "call/call.h"

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
        report->window_peak = stats.window_peak;
    }
    report->seconds = dmap__clock_now() - call->began_s;
    report->ranks = call->world.branches;
    report->workers = call->world.all_workers;
    if (report->seconds > 0)
        report->efficiency = report->busy_s / (report->seconds * report->workers);
}

void dmap__call_fill_report(dmap__call *call) {
    fill(call, &call->report);
    call->report.items = call->ended;
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
