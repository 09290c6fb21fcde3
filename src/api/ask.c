/* Questions about a pool. They answer for a pool that is open, whoever asks. */
#include <string.h>

#include <dmap/dmap.h>

#include "api/pool.h"
#include "pool/helper.h"
#include "pool/lost.h"

int dmap_ranks(const dmap_pool *pool) {
    return dmap__pool_is_open(pool) ? pool->ranks : 0;
}

int dmap_workers(const dmap_pool *pool) {
    return dmap__pool_is_open(pool) ? pool->all_workers : 0;
}

const char *dmap_host(const dmap_pool *pool, int rank) {
    if (!dmap__pool_is_open(pool) || rank < 0 || rank >= pool->ranks)
        return NULL;
    return dmap__pool_host(pool, rank);
}

void dmap_report_get(const dmap_pool *pool, dmap_report *report) {
    DMAP__ENTER(pool);
    if (dmap__pool_is_open(pool))
        *report = pool->report;
    else
        memset(report, 0, sizeof *report);
}

dmap_status dmap_report_rank(const dmap_pool *pool, int rank, dmap_rank_report *report) {
    if (!dmap__pool_is_open(pool))
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "dmap_report_rank: the pool is not open");
    if (!report || rank < 0 || rank >= pool->ranks)
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "dmap_report_rank: there is no rank %d", rank);
    DMAP__ENTER(pool);
    *report = pool->rank_reports[rank];
    report->host = dmap__pool_host(pool, rank);
    report->workers = pool->workers[rank];
    report->lost = dmap__lost_why(pool, rank);
    return DMAP_OK;
}

dmap_status dmap_report_worker(const dmap_pool *pool, int rank, int worker, dmap_worker_report *report) {
    int number = worker;
    if (!dmap__pool_is_open(pool))
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "dmap_report_worker: the pool is not open");
    if (!report || rank < 0 || rank >= pool->ranks || worker < 0 || worker >= pool->workers[rank])
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "dmap_report_worker: there is no worker %d of rank %d",
                          worker, rank);
    DMAP__ENTER(pool);
    if (!pool->worker_reports)
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "dmap_report_worker: no call was explained");
    for (int i = 0; i < rank; i++)
        number += pool->workers[i];
    *report = pool->worker_reports[number];
    return DMAP_OK;
}

const char *dmap_error(const dmap_pool *pool) {
    if (!dmap__pool_is_own(pool))
        return dmap__thread_error()->text;
    DMAP__ENTER(pool);
    return entered ? dmap__helper_tell(pool->helper, &pool->error) : pool->error.text;
}
