/* When a run stops, its exit status (that of GNU parallel 20221122 for the same ends), the median, the allocation's
 * end. */
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run/base/clock.h"
#include "run/base/parse.h"
#include "run/control/cutoff.h"
#include "run/control/halt.h"
#include "run/control/median.h"
#include "run/control/retry.h"
#include "run/control/until.h"
#include "run/job/suspend.h"
#include "run/options/halt_rule.h"
#include "run/output/bar.h"
#include "unit.h"

/* Jobs end one after the other with these codes ("9s" is signal 9, "t" timed out) until the rule is met. */
static void check(const char *rule_text, const char *ends, uint64_t total, int want_ended, int want_status) {
    char copy[128], *next = copy;
    run_halt_rule rule;
    run_tally tally = {0};
    CU_ASSERT_FATAL(run_halt_parse(rule_text, &rule));
    snprintf(copy, sizeof copy, "%s", ends);
    run_halt_when when = RUN_HALT_NEVER;
    for (char *end; when == RUN_HALT_NEVER && (end = strsep(&next, " "));) {
        bool timed_out = *end == 't', killed = strchr(end, 's') != NULL;
        int number = atoi(end);
        when = run_halt_note(&rule, &tally, total,
                             timed_out ? -1
                             : killed  ? 0
                                       : number,
                             timed_out ? 15
                             : killed  ? number
                                       : 0);
    }
    int status = run_halt_status(&rule, &tally, total);
    if (tally.done != (uint64_t)want_ended || status != want_status)
        printf("\n  %s, %s: %d ended, status %d\n", rule_text, ends, (int)tally.done, status);
    CU_ASSERT_EQUAL(tally.done, (uint64_t)want_ended);
    CU_ASSERT_EQUAL(status, want_status);
    CU_ASSERT(when == RUN_HALT_NEVER || when == rule.when);
}

static void test_halt(void) {
    check("never", "0 7 0 3 4 5", 6, 6, 4);
    check("0", "0 7", 2, 2, 1);
    check("now,fail=1", "0 7 0 3", 4, 2, 7);
    check("soon,fail=1", "0 9s 0 3", 4, 2, 137);
    check("now,fail=1", "0 t 0", 3, 2, 255);
    check("now,fail=2", "0 7 0 3 1", 5, 4, 2);
    check("soon,fail=50%", "0 7 0 3 1 1", 6, 5, 50);
    check("now,fail=20%", "0 7 0 3 1 1 0 0 0 0", 10, 4, 20);
    check("now,fail=150%", "0 7 0 3 4 5", 6, 6, 67);
    check("now,fail=9", "0 7 0 3", 4, 4, 2);
    check("now,success=1", "1 7 0 3 1", 5, 3, 0);
    check("now,success=2", "1 7 0 3 1", 5, 5, 4);
    check("now,success=2", "1 0 0 5", 4, 3, 0);
    check("now,success=50%", "1 0 0 3 0 1", 6, 5, 0);
    check("now,success=90%", "1 0 0 5", 4, 4, 50);
    check("now,done=2", "1 7 2", 3, 2, 2);
    check("now,done=2", "0 7 2", 3, 2, 1);
    check("now,done=1", "7 1 1", 3, 1, 7);
    check("soon,done=50%", "0 1 2 3 4 5", 6, 3, 34);
    check("1", "0 7 0 3 4 5", 6, 2, 7);
    check("2", "0 7 0 3 4 5", 6, 2, 7);
    check("-1", "1 0 5", 3, 2, 0);
    check("-2", "1 0 5", 3, 2, 0);
    check("40%", "0 7 0 3 4 5", 6, 5, 50);
    /* How many there will be is not known. */
    check("now,fail=50%", "7 7 0 0 0 0 3 3 3 3 0", UINT64_MAX, 8, 50);
    check("now,done=50%", "0 0 0 1", UINT64_MAX, 4, 25);
}

static void test_halt_words(void) {
    static const char *const bad[] = {"",   "now",          "soon,fail",  "now,fail=",    "now,fail=0",  "now,fail=0%",
                                      "3",  "now,fail=x",   "soon,foo=1", "now,fail=1.5", "now,fail=1,", "-3",
                                      "1 ", "later,fail=1", "never ",     "-10%"};
    run_halt_rule rule;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (run_halt_parse(bad[i], &rule))
            printf("\n  taken for a rule: %s\n", bad[i]);
        CU_ASSERT_FALSE(run_halt_parse(bad[i], &rule));
    }
}

static void test_many_failures(void) {
    run_halt_rule rule = {0};
    run_tally tally = {.done = 200, .failed = 100};
    CU_ASSERT_EQUAL(run_halt_status(&rule, &tally, 200), 100);
    tally.failed = 101;
    CU_ASSERT_EQUAL(run_halt_status(&rule, &tally, 200), 101);
    tally.failed = 0;
    CU_ASSERT_EQUAL(run_halt_status(&rule, &tally, 200), 0);
    rule = (run_halt_rule){.when = RUN_HALT_SOON, .count = 1, .percent = true};
    tally = (run_tally){0};
    CU_ASSERT_EQUAL(run_halt_status(&rule, &tally, 0), 0);
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_median(void) {
    enum { TIMES = 1001 };
    static double times[TIMES];
    run_median *median = run_median_create();
    CU_ASSERT_PTR_NOT_NULL_FATAL(median);
    CU_ASSERT_EQUAL(run_median_get(median), 0);
    for (int i = 0; i < TIMES; i++) {
        times[i] = pow(10, (double)unit_below(9000) / 1000 - 4); /* 0.1 ms to a day */
        run_median_add(median, times[i]);
        CU_ASSERT(i < 2 ? run_median_get(median) == 0 : run_median_get(median) > 0);
    }
    qsort(times, TIMES, sizeof times[0], compare);
    CU_ASSERT(fabs(run_median_get(median) / times[TIMES / 2] - 1) < 0.011);
    for (int i = 0; i < 3 * TIMES; i++)
        run_median_add(median, i % 2 ? 0 : 1e300);
    CU_ASSERT(run_median_get(median) > 0);
    run_median_free(median);
}

static void check_until(const char *text, double now, const char *want) {
    double until = 0, wanted;
    struct tm tm = {.tm_isdst = -1};
    strptime(want, "%Y-%m-%d %H:%M:%S", &tm);
    wanted = (double)mktime(&tm);
    CU_ASSERT(run_read_time(text, now, &until));
    if (until != wanted)
        printf("\n  %s: %.0f instead of %.0f\n", text, until, wanted);
    CU_ASSERT_EQUAL(until, wanted);
}

static void test_until(void) {
    struct tm tm = {
        .tm_year = 126, .tm_mon = 11, .tm_mday = 31, .tm_hour = 17, .tm_min = 30, .tm_sec = 5, .tm_isdst = -1};
    double now = (double)mktime(&tm), until;
    check_until("+90", now, "2026-12-31 17:31:35");
    check_until("+1h30m", now, "2026-12-31 19:00:05");
    check_until("18:00", now, "2026-12-31 18:00:00");
    check_until("17:30", now, "2027-01-01 17:30:00");
    check_until("17:30:06", now, "2026-12-31 17:30:06");
    check_until("2027-02-03T04:05", now, "2027-02-03 04:05:00");
    check_until("2027-02-03 04:05:06", now, "2027-02-03 04:05:06");
    static const char *const bad[] = {"",        "+", "+0", "+x", "25:00", "18", "18:00x", "18:61", "2027-13-01T00:00",
                                      "tomorrow"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_FALSE(run_read_time(bad[i], now, &until));
}

static void test_batch(void) {
    setenv("SLURM_JOB_END_TIME", "1795462001", 1);
    run_options options = {0};
    CU_ASSERT_EQUAL(run_until(&options), 1795462001);
    options.until = -1;
    CU_ASSERT_EQUAL(run_until(&options), 0);
    options.until = 5;
    CU_ASSERT_EQUAL(run_until(&options), 5);
    unsetenv("SLURM_JOB_END_TIME");
}

static void test_cut_off(void) {
    CU_ASSERT_EQUAL(run_cutoff_signal(0, SIGTERM), SIGTERM);
    CU_ASSERT_EQUAL(run_cutoff_signal(128 + SIGUSR1, 0), SIGUSR1);
    CU_ASSERT_EQUAL(run_cutoff_signal(128 + SIGKILL, 0), SIGKILL);
    CU_ASSERT_EQUAL(run_cutoff_signal(0, SIGSEGV), 0);
    CU_ASSERT_EQUAL(run_cutoff_signal(SIGTERM, 0), 0);
    CU_ASSERT_EQUAL(run_cutoff_signal(-1, 0), 0);
    CU_ASSERT_EQUAL(run_cutoff_look(SIGTERM, 100, 0, 0, 100.5), RUN_CUT_OFF_PERHAPS);
    CU_ASSERT_EQUAL(run_cutoff_look(SIGTERM, 100, 100.9, 0, 100.95), RUN_CUT_OFF);
    CU_ASSERT_EQUAL(run_cutoff_look(SIGTERM, 100, 99.1, 0, 100), RUN_CUT_OFF);
    CU_ASSERT_EQUAL(run_cutoff_look(SIGTERM, 100, 98.9, 0, 100.5), RUN_CUT_OFF_PERHAPS); /* another may come */
    CU_ASSERT_EQUAL(run_cutoff_look(SIGTERM, 100, 0, 0, 101), RUN_NOT_CUT_OFF);
    CU_ASSERT_EQUAL(run_cutoff_look(SIGTERM, 100, 101.1, 0, 101.2), RUN_NOT_CUT_OFF);
    CU_ASSERT_EQUAL(run_cutoff_look(SIGTERM, 100, 0, 100.1, 102), RUN_CUT_OFF_PERHAPS);
    CU_ASSERT_EQUAL(run_cutoff_look(SIGTERM, 100, 101.2, 100.1, 102), RUN_CUT_OFF);
    CU_ASSERT_EQUAL(run_cutoff_look(SIGTERM, 100, 0, 100.1, 103.2), RUN_NOT_CUT_OFF);
    CU_ASSERT_EQUAL(run_cutoff_look(SIGTERM, 100, 101.2, 50, 102), RUN_NOT_CUT_OFF);
    CU_ASSERT_EQUAL(run_cutoff_look(0, 100, 100, 0, 100), RUN_NOT_CUT_OFF);
}

static void test_waits_between_attempts(void) {
    run_retry_rule rule = {.first_s = 2, .most_s = 15};
    static const double waits[] = {2, 4, 8, 15, 15};
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(run_retry_wait(&rule, i + 1), waits[i]);
    CU_ASSERT_EQUAL(run_retry_wait(&rule, INT_MAX), 15);
    CU_ASSERT_EQUAL(run_retry_wait(&(run_retry_rule){0}, INT_MAX), 0);
}

static void test_lines_of_progress(void) {
    static const double cases[][2] = {{0, 10}, {50, 10}, {400, 40}, {600, 60}, {100000, 60}};
    run_bar lines = {.kind = RUN_PROGRESS_LINES};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_bar_counts counts = {.seconds = cases[i][0]};
        CU_ASSERT_DOUBLE_EQUAL(run_bar_every(&lines, &counts), cases[i][1], 1e-9);
    }
}

/* In a group of its own, as one that nobody could continue is not stopped. */
static _Noreturn void live_stopped(void) {
    setpgid(0, 0);
    run_suspend_install();
    double apart = run_clock() - run_suspend_clock();
    raise(SIGTSTP);
    _exit(apart < 0.001 && run_clock() - run_suspend_clock() > 0.05 ? 0 : 1);
}

static void test_suspended(void) {
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        live_stopped();
    CU_ASSERT_EQUAL(waitpid(child, &status, WUNTRACED), child);
    CU_ASSERT(WIFSTOPPED(status));
    nanosleep(&(struct timespec){0, 60000000}, NULL); /* what is to be left out */
    kill(child, SIGCONT);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
    CU_TestInfo tests[] = {{"halts", test_halt},
                           {"cut off", test_cut_off},
                           {"stopped", test_suspended},
                           {"waits between attempts", test_waits_between_attempts},
                           {"lines of progress", test_lines_of_progress},
                           {"words of halts", test_halt_words},
                           {"many failures", test_many_failures},
                           {"median", test_median},
                           {"until", test_until},
                           {"batch systems", test_batch},
                           CU_TEST_INFO_NULL};
    return unit_run("run_ends", tests);
}
