/* Numbers of a call, for dmap_report_get. */
#include "base/clock.h"
#include "job/job.h"

void dmap__job_count(dmap__job *job, int rank, uint64_t items, double busy_s) {
    dmap_rank_report *share = &job->pool->rank_reports[rank];
    share->items += items;
    share->busy_s += busy_s;
    share->chunks++;
    job->report.busy_s += busy_s;
}

void dmap__job_report(dmap__job *job) {
    dmap_report *report = &job->report;
    dmap__plan_stats stats;
    dmap__plan_stats_get(job->plan, &stats);
    report->items = job->ended;
    report->retried = stats.retried;
    report->chunks = stats.chunks;
    report->recalled = stats.recalled;
    report->window_peak = stats.window_peak;
    report->seconds = dmap__clock_now() - job->began_s;
    report->ranks = job->pool->ranks;
    report->workers = job->pool->all_workers;
    if (report->seconds > 0)
        report->efficiency = report->busy_s / (report->seconds * report->workers);
    if (job->pool->comm) {
        uint64_t sent, received;
        dmap__comm_bytes(job->pool->comm, &sent, &received);
        report->bytes_sent = sent - report->bytes_sent + job->fetched;
        report->bytes_received = received - report->bytes_received + job->placed;
    }
    job->pool->report = *report;
}
