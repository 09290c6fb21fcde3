/* GNU parallel's rules for stopping, and the exit status that follows from them:
 *
 *     success=…, met                  0
 *     fail=1, done=1, met              that of the job that met it
 *     any in percent                   the percentage of jobs that failed, rounded up
 *     all else                         the number of failed jobs, at most 101
 *
 * Percentages are of all jobs. While it is not known how many there will be, those of done= and success= wait for it;
 * fail=N% goes by the jobs ended so far, once three have failed, as else it would stop nothing that reads a stream. */
#include "run/control/halt.h"

enum { MOST_FAILURES_TOLD = 100, MANY_FAILURES = 101, FEWEST_FAILURES = 3, SIGNALLED = 128, TIMED_OUT = 255 };

static uint64_t counted(const run_halt_rule *rule, const run_tally *tally) {
    return rule->why == RUN_HALT_FAIL   ? tally->failed
           : rule->why == RUN_HALT_DONE ? tally->done
                                        : tally->done - tally->failed;
}

static bool is_broken(const run_halt_rule *rule, const run_tally *tally, uint64_t total) {
    uint64_t jobs = counted(rule, tally);
    if (!rule->percent)
        return (double)jobs >= rule->count;
    if (total == UINT64_MAX) {
        if (rule->why != RUN_HALT_FAIL || jobs < FEWEST_FAILURES)
            return false;
        total = tally->done;
    }
    return (double)jobs * 100 >= rule->count * (double)total;
}

run_halt_when run_halt_note(const run_halt_rule *rule, run_tally *tally, uint64_t total, int exit_code, int signal) {
    bool failed = exit_code != 0 || signal != 0;
    tally->done++;
    tally->failed += failed;
    if (rule->when == RUN_HALT_NEVER || tally->halted)
        return tally->halted ? rule->when : RUN_HALT_NEVER;
    /* Only an end of the kind that is counted breaks a rule. */
    bool counts = rule->why == RUN_HALT_DONE || failed == (rule->why == RUN_HALT_FAIL);
    if (!counts || !is_broken(rule, tally, total))
        return RUN_HALT_NEVER;
    tally->halted = true;
    tally->last_failure = exit_code < 0 ? TIMED_OUT : signal ? SIGNALLED + signal : exit_code;
    return rule->when;
}

static int percentage(uint64_t part, uint64_t total) {
    uint64_t most = total > 0 ? total : 1;
    double percent = 100.0 * (double)part / (double)most;
    int whole = (int)percent;
    return whole + (percent > whole);
}

int run_halt_status(const run_halt_rule *rule, const run_tally *tally, uint64_t total) {
    if (tally->halted && rule->why == RUN_HALT_SUCCESS)
        return 0;
    if (rule->when != RUN_HALT_NEVER && rule->percent)
        return percentage(tally->failed, total == UINT64_MAX ? tally->done : total);
    if (tally->halted && rule->count <= 1)
        return tally->last_failure;
    return tally->failed > MOST_FAILURES_TOLD ? MANY_FAILURES : (int)tally->failed;
}
