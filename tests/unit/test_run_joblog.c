/* The joblog: GNU parallel's format to the byte, what is read back, and what is damaged. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/log/joblog.h"
#include "run/log/joblog_past.h"
#include "unit.h"

static const char header[] = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

static size_t damaged;
static char error[256];

static run_joblog *open_log(bool resume, bool resume_failed, bool append) {
    run_options options = {
        .joblog = "log", .values = 1, .resume = resume, .resume_failed = resume_failed, .joblog_append = append};
    error[0] = '\0';
    return run_joblog_open(&options, NULL, &damaged, error, sizeof error);
}

static void close_log(run_joblog *log) {
    CU_ASSERT(run_joblog_close(log, error, sizeof error));
}

static void write_log(const char *data, size_t size) {
    int file = open("log", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_FATAL(file >= 0);
    CU_ASSERT_EQUAL(write(file, data, size), (ssize_t)size);
    close(file);
}

static bool log_is(const char *data, size_t size) {
    static char got[4096];
    int file = open("log", O_RDONLY);
    ssize_t n = read(file, got, sizeof got);
    close(file);
    bool same = n == (ssize_t)size && memcmp(got, data, size) == 0;
    if (!same)
        printf("\n  got  %.*s\n", (int)n, got);
    return same;
}

static void add(run_joblog *log, uint64_t seq, int exit_code, int signal, const char *command) {
    run_record record = {.seq = seq,
                         .host = "node1",
                         .started = 1795462001.4371,
                         .seconds = 0.0064,
                         .sent = 5,
                         .received = 12,
                         .exit_code = exit_code,
                         .signal = signal,
                         .command = command,
                         .command_size = strlen(command)};
    CU_ASSERT(run_joblog_add(log, &record, error, sizeof error));
}

/* By number and command, then by command alone. *seq: the number that is to be run. */
static run_verdict look_as(run_joblog *log, uint64_t *seq, const char *command) {
    run_past *past = run_joblog_past(log);
    uint64_t hash = run_hash_command(command, strlen(command));
    run_verdict verdict = run_past_find(past, seq, hash);
    return verdict == RUN_UNKNOWN ? run_past_find_command(past, *seq, hash) : verdict;
}

static run_verdict look(run_joblog *log, uint64_t seq, const char *command) {
    return look_as(log, &seq, command);
}

static void test_format(void) {
    static const char want[] = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"
                               "1\tnode1\t1795462001.437\t     0.006\t5\t12\t0\t0\techo 'a\0b\0'\n"
                               "3\tnode1\t1795462001.437\t     0.006\t5\t12\t-1\t15\tx\ty\n";
    run_joblog *log = open_log(false, false, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    add(log, 1, 0, 0, "echo 'a\nb\n'");
    add(log, 3, -1, 15, "x\ty");
    CU_ASSERT(log_is(want, sizeof want - 1)); /* at once */
    close_log(log);
    log = open_log(false, false, true);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    close_log(log);
    CU_ASSERT(log_is(want, sizeof want - 1));
    log = open_log(false, false, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    close_log(log);
    CU_ASSERT(log_is(header, sizeof header - 1));
}

static void test_resume(void) {
    run_joblog *log = open_log(false, false, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    add(log, 1, 0, 0, "a");
    add(log, 2, 3, 0, "b\nc");
    add(log, 3, -1, 15, "c");
    add(log, 4, 0, 9, "d");
    add(log, 5, 1, 0, "e");
    add(log, 5, 0, 0, "e");
    add(log, 7, 255, 0, "");
    close_log(log);
    log = open_log(true, false, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    CU_ASSERT_EQUAL(damaged, 0);
    CU_ASSERT(look(log, 1, "A") == RUN_UNKNOWN && run_past_has_changed(run_joblog_past(log), 1));
    CU_ASSERT(look(log, 1, "a") == RUN_DONE && !run_past_has_changed(run_joblog_past(log), 1));
    CU_ASSERT(look(log, 2, "b\nc") == RUN_DONE && look(log, 2, "b c") == RUN_UNKNOWN);
    CU_ASSERT(look(log, 3, "c") == RUN_IT && look(log, 3, "C") == RUN_UNKNOWN);
    CU_ASSERT(look(log, 4, "d") == RUN_DONE && look(log, 5, "e") == RUN_DONE && look(log, 6, "f") == RUN_UNKNOWN);
    CU_ASSERT(look(log, 7, "") == RUN_DONE && look(log, UINT64_MAX, "a") == RUN_UNKNOWN);
    close_log(log);
    log = open_log(false, true, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    CU_ASSERT(look(log, 1, "a") == RUN_DONE && look(log, 2, "b\nc") == RUN_IT && look(log, 3, "c") == RUN_IT);
    CU_ASSERT(look(log, 4, "d") == RUN_IT && look(log, 5, "e") == RUN_DONE && look(log, 7, "") == RUN_IT);
    add(log, 8, 0, 0, "h");
    close_log(log);
    log = open_log(true, false, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    CU_ASSERT(look(log, 1, "a") == RUN_DONE && look(log, 8, "h") == RUN_DONE);
    close_log(log);
}

/* A log cut off at any byte: every line that is whole counts, the rest is gone when the next one is written. */
static void test_torn(void) {
    static const char text[] = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"
                               "1\tn\t1.437\t     0.006\t5\t12\t0\t0\ta\n"
                               "2\tn\t1.437\t     0.006\t5\t12\t0\t0\tb\n";
    size_t first = strlen(header), second = first + (sizeof text - 1 - first) / 2;
    for (size_t size = 0; size < sizeof text; size++) {
        write_log(text, size);
        run_joblog *log = open_log(true, false, false);
        CU_ASSERT_PTR_NOT_NULL_FATAL(log);
        CU_ASSERT_EQUAL(damaged, size != 0 && size != first && size != second && size != sizeof text - 1);
        CU_ASSERT_EQUAL(look(log, 1, "a") == RUN_DONE, size >= second);
        CU_ASSERT_EQUAL(look(log, 2, "b") == RUN_DONE, size == sizeof text - 1);
        add(log, 3, 0, 0, "c");
        close_log(log);
        log = open_log(true, false, false);
        CU_ASSERT_PTR_NOT_NULL_FATAL(log);
        CU_ASSERT_EQUAL(damaged, 0);
        CU_ASSERT_EQUAL(look(log, 1, "a") == RUN_DONE, size >= second);
        CU_ASSERT(look(log, 3, "c") == RUN_DONE);
        close_log(log);
        write_log(text, size);
        log = open_log(false, false, true); /* +FILE */
        CU_ASSERT_PTR_NOT_NULL_FATAL(log);
        add(log, 3, 0, 0, "c");
        close_log(log);
        if (size < first && size > 0)
            continue; /* half a header stays what it is: no joblog */
        log = open_log(true, false, false);
        CU_ASSERT_PTR_NOT_NULL_FATAL(log);
        CU_ASSERT(look(log, 3, "c") == RUN_DONE);
        close_log(log);
    }
}

static void test_damaged(void) {
    static const char *const lines[] = {"",
                                        "x",
                                        "1\tn\t1.0\t0.1\t0\t0\t0\t0",
                                        "0\tn\t1.0\t0.1\t0\t0\t0\t0\ta",
                                        "-1\tn\t1.0\t0.1\t0\t0\t0\t0\ta",
                                        "1x\tn\t1.0\t0.1\t0\t0\t0\t0\ta",
                                        "1\t\t1.0\t0.1\t0\t0\t0\t0\ta",
                                        "1\tn\t1.0x\t0.1\t0\t0\t0\t0\ta",
                                        "1\tn\t1.0\t\t0\t0\t0\t0\ta",
                                        "1\tn\t1.0\t0.1\t\t0\t0\t0\ta",
                                        "1\tn\t1.0\t0.1\t0\t0\t256\t0\ta",
                                        "1\tn\t1.0\t0.1\t0\t0\t-2\t0\ta",
                                        "1\tn\t1.0\t0.1\t0\t0\t0\t200\ta",
                                        "99999999999999999999\tn\t1.0\t0.1\t0\t0\t0\t0\ta",
                                        "1\tn\t1.0\t0.1\t0\t0\t0\t-1\ta",
                                        "999999999999999999\tn\t1.0\t0.1\t0\t0\t0\t0\ta"};
    char text[512];
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        int size = snprintf(text, sizeof text, "%s%s\n2\t:\t1.0\t 0.1\t0\t0\t0\t0\tb\n", header, lines[i]);
        write_log(text, (size_t)size);
        run_joblog *log = open_log(true, false, false);
        CU_ASSERT_PTR_NOT_NULL_FATAL(log);
        CU_ASSERT_EQUAL(damaged, 1);
        CU_ASSERT(look(log, 1, "a") == RUN_UNKNOWN && look(log, 2, "b") == RUN_DONE);
        close_log(log);
    }
}

static void refuse(const char *want) {
    run_joblog *log = open_log(true, false, false);
    CU_ASSERT_PTR_NULL(log);
    if (strcmp(error, want) != 0)
        printf("\n  got  %s\n", error);
    CU_ASSERT_STRING_EQUAL(error, want);
    run_joblog_close(log, error, sizeof error);
}

static void test_refused(void) {
    static const char none[] = "the joblog log is none: its first line is not that of a joblog";
    write_log("a picture\n", 10);
    refuse(none);
    CU_ASSERT(log_is("a picture\n", 10));
    write_log("a", 1);
    refuse(none);
    write_log("1\t:\t1.0\t 0.1\t0\t0\t0\t0\tb\n", 24); /* GNU parallel's +FILE */
    run_joblog *log = open_log(true, false, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    CU_ASSERT_EQUAL(look(log, 1, "b"), RUN_DONE);
    close_log(log);
    unlink("log");
    CU_ASSERT_EQUAL(symlink("/dev/full", "log"), 0);
    CU_ASSERT_PTR_NULL(open_log(false, false, false));
    CU_ASSERT_STRING_EQUAL(error, "the joblog log cannot be written: No space left on device");
    unlink("log");
    CU_ASSERT_EQUAL(symlink("missing/log", "log"), 0);
    CU_ASSERT_PTR_NULL(open_log(false, false, false));
    CU_ASSERT_STRING_EQUAL(error, "the joblog log cannot be written: No such file or directory");
    unlink("log");
}

/* Numbers in any order, some twice: the last one counts. */
static void test_many(void) {
    enum { NUMBERS = 5000 };
    static int codes[NUMBERS + 1];
    for (int i = 0; i <= NUMBERS; i++)
        codes[i] = -2;
    run_past past = {.failed_again = true};
    for (unsigned round = unit_rounds(20000); round > 0; round--) {
        uint64_t seq = 1 + unit_below(NUMBERS);
        codes[seq] = (int)unit_below(257) - 1;
        run_ended ended = {.seq = seq, .hash = seq * 3, .exit_code = codes[seq]};
        CU_ASSERT(run_past_put(&past, &ended));
    }
    CU_ASSERT(run_past_settle(&past));
    for (uint64_t seq = 1; seq <= NUMBERS + 1; seq++) {
        int code = seq <= NUMBERS ? codes[seq] : -2;
        CU_ASSERT_EQUAL(run_past_find(&past, &seq, 0), code == -2 ? RUN_UNKNOWN : code ? RUN_IT : RUN_DONE);
    }
    run_past_free(&past);
}

enum { MOST = 12 };

/* What is to be run: of each command as many as jobs have it and lines have not; and which: those that have no line of
 * their own. ran[] are the numbers that were run. */
static void compare(const int *lines, int n_lines, const int *jobs, int n_jobs, const bool *ran) {
    for (int command = 0; command < MOST; command++) {
        int spare = 0, bare = 0, run = 0;
        for (int i = 0; i < n_lines; i++)
            spare += lines[i] == command && !(i < n_jobs && jobs[i] == command);
        for (int i = 0; i < n_jobs; i++) {
            bool own = i < n_lines && lines[i] == command;
            bare += jobs[i] == command && !own;
            run += jobs[i] == command && ran[i];
            CU_ASSERT_FALSE(jobs[i] == command && own && ran[i]);
        }
        CU_ASSERT_EQUAL(run, bare > spare ? bare - spare : 0);
    }
}

/* Any log, any list: each line is used once, by the job with its number and command if there is one. */
static void test_lists(void) {
    for (unsigned round = unit_rounds(5000); round > 0; round--) {
        run_past past = {.match = RUN_MATCH_COMMAND};
        int lines[MOST], jobs[MOST], n_lines = (int)unit_below(MOST + 1), n_jobs = (int)unit_below(MOST + 1);
        uint64_t kinds = 1 + unit_below(MOST);
        bool ran[MOST] = {false};
        for (int i = 0; i < n_lines; i++) {
            lines[i] = (int)unit_below(kinds);
            run_ended ended = {.seq = (uint64_t)i + 1, .hash = (uint64_t)lines[i]};
            CU_ASSERT(run_past_put(&past, &ended));
        }
        CU_ASSERT(run_past_settle(&past));
        for (int i = 0; i < n_jobs; i++) {
            uint64_t seq = (uint64_t)i + 1;
            jobs[i] = (int)unit_below(kinds);
            run_verdict verdict = run_past_find(&past, &seq, (uint64_t)jobs[i]);
            if (verdict == RUN_UNKNOWN)
                verdict = run_past_find_command(&past, seq, (uint64_t)jobs[i]);
            if (verdict == RUN_DONE)
                continue;
            CU_ASSERT(seq >= 1 && seq <= (uint64_t)i + 1 && !ran[seq - 1] && jobs[seq - 1] == jobs[i]);
            ran[seq - 1] = true;
        }
        compare(lines, n_lines, jobs, n_jobs, ran);
        run_past_free(&past);
    }
}

/* A line of a job that succeeded goes before one of a job that failed; a number may have several commands. */
static void test_commands(void) {
    run_joblog *log = open_log(false, false, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    add(log, 1, 1, 0, "a");
    add(log, 2, 0, 0, "a");
    add(log, 3, 0, 0, "b");
    add(log, 3, 0, 0, "c");
    close_log(log);
    log = open_log(false, true, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    uint64_t seq = 5;
    CU_ASSERT(look_as(log, &seq, "a") == RUN_DONE);
    CU_ASSERT(look(log, 6, "a") == RUN_IT && look(log, 7, "a") == RUN_UNKNOWN);
    CU_ASSERT(look(log, 1, "b") == RUN_DONE && look(log, 2, "c") == RUN_DONE);
    seq = 3; /* whose own line job 1 has: that one is run after all */
    CU_ASSERT(look_as(log, &seq, "b") == RUN_IT && seq == 1);
    CU_ASSERT(!run_past_has_changed(run_joblog_past(log), 3));
    close_log(log);
    run_options by_number = {.joblog = "log", .resume = true, .pipe = true};
    log = run_joblog_open(&by_number, NULL, &damaged, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    CU_ASSERT(look(log, 2, "b") == RUN_UNKNOWN && look(log, 3, "b") == RUN_DONE && look(log, 3, "c") == RUN_DONE);
    close_log(log);
    unlink("log");
}

int main(void) {
    CU_TestInfo tests[] = {{"format", test_format},   {"resume", test_resume},     {"torn", test_torn},
                           {"damaged", test_damaged}, {"refused", test_refused},   {"many", test_many},
                           {"lists", test_lists},     {"commands", test_commands}, CU_TEST_INFO_NULL};
    char folder[] = "/tmp/dmap-joblog-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    int status = unit_run("run_joblog", tests);
    return rmdir(folder) == 0 ? status : 1;
}
