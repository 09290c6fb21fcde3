/* The running jobs are a list, the youngest first, behind `lock`. One that is being ended stays in it, so no other
 * gives way before its memory is free again. */
#include "run/job/youngest.h"

#include <pthread.h>
#include <stddef.h>

#include "run/base/clock.h"
#include "run/job/admission.h"

static const double BETWEEN_S = 1; /* looks */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static run_running *youngest;
static double looked_s;

void run_running_enter(run_running *job) {
    pthread_mutex_lock(&lock);
    job->older = youngest;
    youngest = job;
    pthread_mutex_unlock(&lock);
}

void run_running_leave(run_running *job) {
    pthread_mutex_lock(&lock);
    run_running **at = &youngest;
    while (*at && *at != job)
        at = &(*at)->older;
    if (*at)
        *at = job->older;
    pthread_mutex_unlock(&lock);
}

bool run_running_gives_way(const run_running *job, const run_admission_rule *rule, const char *proc) {
    if (rule->memfree == 0)
        return false;
    double now = run_clock();
    pthread_mutex_lock(&lock);
    bool looks = job == youngest && (looked_s <= 0 || now - looked_s >= BETWEEN_S);
    looked_s = looks ? now : looked_s;
    pthread_mutex_unlock(&lock);
    return looks && run_admission_is_scarce(rule, proc);
}
