/* GNU parallel's rules for stopping, and the exit status that follows from them:
 *
 *     success=…, met                  0
 *     fail=1, done=1, met              that of the job that met it
 *     any in percent                   the percentage of jobs that failed, rounded up
 *     all else                         the number of failed jobs, at most 101
 *
 * Percentages are of all jobs. While it is not known how many there will be, those of done= and success= wait for it;
 * fail=N% goes by the jobs ended so far, once three have failed, as else it would stop nothing that reads a stream. */
#include "halt.h"

#include <string.h>

#include "values.h"

enum { MOST_FAILURES_TOLD = 100, MANY_FAILURES = 101, FEWEST_FAILURES = 3, SIGNALLED = 128, TIMED_OUT = 255 };

static bool read_count(const char *text, run_halt_rule *rule) {
    uint64_t jobs;
    rule->percent = run_read_percent(text, &rule->count);
    if (!rule->percent) {
        if (!run_read_number(text, UINT64_MAX >> 12, &jobs)) /* exact as a double */
            return false;
        rule->count = (double)jobs;
    }
    return rule->count > 0;
}

/* The old "0", "1", "2", "-1", "-2", "30%". */
static bool read_old(const char *text, run_halt_rule *rule) {
    bool success = text[0] == '-';
    const char *number = text + success;
    if (read_count(text, rule) && rule->percent) {
        rule->when = RUN_HALT_SOON;
        return true;
    }
    if (strcmp(text, "0") != 0 && strcmp(number, "1") != 0 && strcmp(number, "2") != 0)
        return false;
    *rule = (run_halt_rule){
        .when = (run_halt_when)(number[0] - '0'), .why = success ? RUN_HALT_SUCCESS : RUN_HALT_FAIL, .count = 1};
    return true;
}

bool run_halt_parse(const char *text, run_halt_rule *rule) {
    static const struct {
        const char *text;
        run_halt_rule rule;
    } heads[] = {
        {"now,fail=", {.when = RUN_HALT_NOW, .why = RUN_HALT_FAIL}},
        {"now,success=", {.when = RUN_HALT_NOW, .why = RUN_HALT_SUCCESS}},
        {"now,done=", {.when = RUN_HALT_NOW, .why = RUN_HALT_DONE}},
        {"soon,fail=", {.when = RUN_HALT_SOON, .why = RUN_HALT_FAIL}},
        {"soon,success=", {.when = RUN_HALT_SOON, .why = RUN_HALT_SUCCESS}},
        {"soon,done=", {.when = RUN_HALT_SOON, .why = RUN_HALT_DONE}},
    };
    *rule = (run_halt_rule){.when = RUN_HALT_NEVER};
    if (strcmp(text, "never") == 0)
        return true;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        size_t length = strlen(heads[i].text);
        if (strncmp(text, heads[i].text, length) == 0) {
            *rule = heads[i].rule;
            return read_count(text + length, rule);
        }
    }
    return read_old(text, rule);
}

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
