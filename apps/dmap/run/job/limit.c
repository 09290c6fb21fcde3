/* A limit in percent is one of the median of all jobs so far, which grows better while a job runs. What the master
 * knows comes with each item, to whichever worker of the rank; at the end of a run, when no more items come, and at its
 * start, the rank has the median of its own jobs. Both are kept here, for all workers of the rank, behind `lock`. */
#include "run/job/limit.h"

#include <pthread.h>

#include "run/control/median.h"
#include "run/job/suspend.h"

enum { LOOK_MS = 100 }; /* how often a running job is looked at, for the run being stopped */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double masters_s;
static run_median *own;

static double median(void) {
    pthread_mutex_lock(&lock);
    double m = masters_s > 0 ? masters_s : own ? run_median_get(own) : 0;
    pthread_mutex_unlock(&lock);
    return m;
}

void run_limit_begin(run_limit *limit, const run_item *item, const run_ending *ending) {
    *limit = (run_limit){.ending = ending, .timeout_s = item->timeout_s, .percent = item->percent, .end = RUN_ENDED};
    limit->began_s = run_suspend_clock();
    if (item->median_s > 0) {
        pthread_mutex_lock(&lock);
        masters_s = item->median_s;
        pthread_mutex_unlock(&lock);
    }
}

void run_limit_note(const run_item *item, double seconds) {
    if (item->percent <= 0)
        return;
    pthread_mutex_lock(&lock);
    if (!own)
        own = run_median_create();
    if (own)
        run_median_add(own, seconds);
    pthread_mutex_unlock(&lock);
}

/* 0: none, now. */
static double most_seconds(const run_limit *limit) {
    if (limit->percent > 0)
        return median() * limit->percent / 100;
    return limit->timeout_s;
}

int run_limit_step(run_limit *limit, run_end why) {
    double now = run_suspend_clock();
    if (limit->end == RUN_ENDED) {
        double most = most_seconds(limit);
        if (why != RUN_ENDED)
            limit->end = why;
        else if (most > 0 && now - limit->began_s >= most)
            limit->end = RUN_TIMED_OUT;
    }
    if (limit->end == RUN_ENDED || limit->stage >= limit->ending->n || now < limit->next_s)
        return 0;
    limit->next_s = now + limit->ending->steps[limit->stage].wait_ms * 1e-3;
    return limit->ending->steps[limit->stage++].signal;
}

int run_limit_wait_ms(const run_limit *limit) {
    double until = 0, most = limit->percent > 0 ? 0 : limit->timeout_s;
    if (limit->end != RUN_ENDED)
        until = limit->stage < limit->ending->n ? limit->next_s : 0;
    else if (most > 0)
        until = limit->began_s + most;
    double left_ms = (until - run_suspend_clock()) * 1e3 + 1;
    if (until <= 0 || left_ms > LOOK_MS)
        return LOOK_MS;
    return left_ms > 1 ? (int)left_ms : 1;
}
