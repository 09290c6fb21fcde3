/* What looks on: the timeline, the clocks of hosts, where the time of a call went, the sentence that comes of it, and
 * what is told of it all. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "watch/diagnosis.h"
#include "watch/report.h"
#include "watch/tally.h"

/* ---- the timeline ---- */

typedef struct turn {
    double at_s;
    dmap__doing doing;
} turn;

enum { TURNS = 30000 };

/* Told turn by turn, and asked of any two moments: what lies between them, but for two parts at the ends. */
static void test_timeline(void) {
    static turn turns[TURNS];
    dmap__timeline line = {.parts = calloc(DMAP__TIMELINE_PARTS, sizeof(dmap__timeline_part))};
    size_t n = 1000 + (size_t)unit_below(TURNS - 1000);
    double now = 5, expected[DMAP__DOINGS];
    dmap__timeline_begin(&line, now);
    for (size_t i = 0; i < n; i++) {
        turns[i] = (turn){now, (dmap__doing)unit_below(DMAP__DOINGS)};
        dmap__timeline_turn(&line, turns[i].doing, now);
        now += unit_chance(20) ? 1e-2 * (double)unit_below(9) : 1e-5 * (double)unit_below(9);
    }
    CU_ASSERT(line.n <= DMAP__TIMELINE_PARTS);
    for (int round = 0; round < 50; round++) {
        double from = 5 + (now - 5) * (double)unit_below(1000) / 1000, got[DMAP__DOINGS] = {0};
        double to = from + (now - from) * (double)unit_below(1001) / 1000, all = 0;
        memset(expected, 0, sizeof expected);
        for (size_t i = 0; i < n; i++) {
            double begin = fmax(turns[i].at_s, from), end = fmin(i + 1 < n ? turns[i + 1].at_s : now, to);
            expected[turns[i].doing] += end > begin ? end - begin : 0;
        }
        dmap__timeline_between(&line, from, to, got);
        for (int i = 0; i < DMAP__DOINGS; i++) {
            CU_ASSERT_DOUBLE_EQUAL(got[i], expected[i], 2 * line.part_s);
            all += got[i];
        }
        CU_ASSERT_DOUBLE_EQUAL(all, to - from, 1e-6);
    }
    free(line.parts);
}

/* ---- clocks ---- */

static const char *host_of(const void *arg, int rank) {
    const char *const *hosts = arg;
    return hosts[rank];
}

static dmap__monitor *watch_of(int ranks, const int *workers, const char *const *hosts) {
    dmap__monitor *monitor = dmap__monitor_create(&(dmap__monitor_options){0}, ranks, workers, host_of, hosts);
    CU_ASSERT_PTR_NOT_NULL_FATAL(monitor);
    return monitor;
}

/* Of trips that take longer one way than the other, the shortest says the offset best: within half of what it took. */
static void test_clocks(void) {
    const char *const hosts[] = {"a", "a", "b"};
    dmap__monitor *monitor = watch_of(3, (int[]){1, 1, 1}, hosts);
    double offset_s = (double)unit_below(100000) - 50000, best_s = 1e9;
    for (int i = 0; i < 200; i++) {
        double there_s = 1e-6 * (double)(1 + unit_below(5000)), back_s = 1e-6 * (double)(1 + unit_below(5000));
        double at_s = (double)i, taken_s = at_s + there_s - offset_s, sent_s = taken_s + 0.01 * (double)unit_below(9);
        dmap__monitor_compare_clocks(monitor, 2, at_s, taken_s, sent_s, sent_s + offset_s + back_s);
        best_s = fmin(best_s, there_s + back_s);
        CU_ASSERT_DOUBLE_EQUAL(monitor->ranks[2].offset_s, offset_s, best_s / 2 + 1e-6);
    }
    dmap__monitor_compare_clocks(monitor, 2, 1, NAN, 2, 3);
    dmap__monitor_compare_clocks(monitor, 2, 1, 3, 2, 1);
    CU_ASSERT_DOUBLE_EQUAL(monitor->ranks[2].offset_s, offset_s, best_s / 2 + 1e-6);
    dmap__monitor_compare_clocks(monitor, 1, 1, 9, 9, 1.000001);
    CU_ASSERT(monitor->ranks[1].offset_s == 0); /* a rank of the master's host has its clock */
    dmap__monitor_destroy(monitor);
}

/* ---- a call ---- */

static dmap__event event_of(int worker, double began_s, double task_s, double setup_s, uint64_t at) {
    return (dmap__event){.begin = at,
                         .end = at + 1,
                         .items = 1,
                         .began_s = began_s,
                         .ended_s = began_s + task_s + setup_s,
                         .task_s = task_s,
                         .setup_s = setup_s,
                         .longest_s = task_s,
                         .longest = at,
                         .worker = worker,
                         .attempt = 1};
}

static void add(dmap__tally *tally, int rank, dmap__event event) {
    dmap__events events = {.all = &event, .n = 1};
    dmap__tally_add(tally, rank, &events, NULL, 100);
}

static void turn_at(dmap__monitor *monitor, double at_s, dmap__doing doing) {
    dmap__timeline_turn(&monitor->timeline, doing, at_s);
}

/* Two workers here, one elsewhere, whose clock is 100 s behind; ten seconds. */
static void test_tally(void) {
    const char *const hosts[] = {"a", "b"};
    dmap__monitor *monitor = watch_of(2, (int[]){2, 1}, hosts);
    dmap_worker_report workers[4] = {{0}};
    dmap_rank_report ranks[2] = {{.workers = 2}, {.workers = 1}};
    dmap_report report = {.seconds = 10, .workers = 3};
    dmap__tally *tally = dmap__tally_create(monitor, 1, "task", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tally);
    dmap__timeline_begin(&monitor->timeline, 0);
    turn_at(monitor, 0, DMAP__DOING_LOOP);
    turn_at(monitor, 2, DMAP__DOING_SOURCE);
    turn_at(monitor, 3, DMAP__DOING_WAIT);
    turn_at(monitor, 5, DMAP__DOING_SINK);
    turn_at(monitor, 6, DMAP__DOING_WINDOW);
    turn_at(monitor, 7, DMAP__DOING_LAST);
    turn_at(monitor, 9, DMAP__DOING_SINK);
    turn_at(monitor, 10, DMAP__DOING_LOOP);
    dmap__monitor_compare_clocks(monitor, 1, 1, -98.5, -98.5, 2);
    add(tally, 0, event_of(0, 7, 2, 0, 3)); /* events come in any order */
    add(tally, 0, event_of(0, 1, 1, 0.5, 1));
    add(tally, 1, event_of(0, -98, 1, 0, 2));
    add(tally, 1, event_of(0, -94, 2, 0, 4));
    add(tally, 1, event_of(5, -94, 2, 0, 5)); /* no such worker */
    add(tally, 0, event_of(1, NAN, 2, 0, 6));
    dmap__tally_sum(tally, 10, &(dmap__tallied){workers, ranks, &report});
    const dmap_times first = {
        .task_s = 3, .setup_s = 0.5, .source_s = 0.5, .starved_s = 2, .sink_s = 2, .window_s = 1, .start_s = 1};
    const dmap_times none = {.source_s = 1, .starved_s = 3, .sink_s = 2, .window_s = 1, .start_s = 1, .tail_s = 2};
    const dmap_times far = {.task_s = 3, .messages_s = 2, .sink_s = 2, .start_s = 2, .tail_s = 1};
    const double *want[] = {&first.task_s, &none.task_s, &far.task_s};
    for (int i = 0; i < 3; i++)
        for (size_t k = 0; k < sizeof(dmap_times) / sizeof(double); k++) {
            double got = (&workers[i].times.task_s)[k];
            if (fabs(got - want[i][k]) > 1e-3) {
                printf("worker %d, time %zu: %g, not %g\n", i, k, got, want[i][k]);
                CU_FAIL("see above");
            }
        }
    CU_ASSERT(report.explained && report.n_longest == 4 && report.longest[0].seconds == 2);
    CU_ASSERT_DOUBLE_EQUAL(report.load_balance, 2.0 / 3, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(report.parallel_efficiency, 0.2, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(report.load_balance * report.communication * report.serialisation, 0.2, 1e-9);
    dmap__tally_destroy(tally);
    dmap__monitor_destroy(monitor);
}

static void test_longest(void) {
    const char *const hosts[] = {"a"};
    dmap__monitor *monitor = watch_of(1, (int[]){1}, hosts);
    dmap__tally *tally = dmap__tally_create(monitor, 1, "task", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tally);
    double seconds[40], last = INFINITY;
    for (int i = 0; i < 40; i++) {
        seconds[i] = (double)unit_below(1000);
        add(tally, 0, event_of(0, 1000.0 * i, seconds[i], 0, (uint64_t)i));
    }
    for (int i = 0; i < DMAP_LONGEST; i++) {
        int longer = 0;
        CU_ASSERT(tally->longest[i].seconds == seconds[tally->longest[i].index] && tally->longest[i].seconds <= last);
        last = tally->longest[i].seconds;
        for (int k = 0; k < 40; k++)
            longer += seconds[k] > last;
        CU_ASSERT(longer <= i);
    }
    dmap__tally_destroy(tally);
    dmap__monitor_destroy(monitor);
}

/* ---- the sentence ---- */

static void test_diagnoses(void) {
    const struct {
        dmap_times workers;
        double retried_s;
        uint64_t items;
        double longest_s;
        dmap_schedule schedule;
        dmap__cause cause;
    } cases[] = {
        {{.task_s = 38, .tail_s = 2}, 0, 100, 0, 0, DMAP__CAUSE_NONE},
        {{.task_s = 10, .source_s = 20, .sink_s = 10}, 0, 100, 0, 0, DMAP__CAUSE_SOURCE},
        {{.task_s = 10, .source_s = 10, .sink_s = 20}, 0, 100, 0, 0, DMAP__CAUSE_SINK},
        {{.task_s = 20, .setup_s = 15, .tail_s = 5}, 0, 100, 0, 0, DMAP__CAUSE_SETUP},
        {{.task_s = 20, .messages_s = 15, .tail_s = 5}, 0, 100, 0, 0, DMAP__CAUSE_MESSAGES},
        {{.task_s = 20, .window_s = 15, .tail_s = 5}, 0, 100, 0, 0, DMAP__CAUSE_WINDOW},
        {{.task_s = 20, .outside_s = 15, .tail_s = 5}, 0, 100, 0, 0, DMAP__CAUSE_OUTSIDE},
        {{.task_s = 39, .tail_s = 1}, 10, 100, 0, 0, DMAP__CAUSE_RETRIES},
        {{.task_s = 20, .other_s = 15, .tail_s = 5}, 0, 100, 0, 0, DMAP__CAUSE_OTHERS},
        {{.task_s = 20, .start_s = 15, .tail_s = 5}, 0, 100, 0, 0, DMAP__CAUSE_START},
        {{.task_s = 20, .tail_s = 20}, 0, 3, 0, 0, DMAP__CAUSE_FEW},
        {{.task_s = 20, .tail_s = 20}, 0, 100, 8, 0, DMAP__CAUSE_LONG},
        {{.task_s = 20, .tail_s = 20}, 0, 100, 0, DMAP_STATIC, DMAP__CAUSE_FIXED},
        {{.task_s = 20, .starved_s = 12, .tail_s = 8}, 0, 100, 0, 0, DMAP__CAUSE_UNEVEN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dmap_report report = {.seconds = 10,
                              .workers = 4,
                              .items = cases[i].items,
                              .workers_time = cases[i].workers,
                              .master_time = {.sink_s = 3.8},
                              .retried_s = cases[i].retried_s,
                              .n_longest = cases[i].longest_s > 0,
                              .longest = {{.index = 17, .seconds = cases[i].longest_s}}};
        report.parallel_efficiency = cases[i].workers.task_s / 40;
        dmap__cause cause = dmap__diagnose(&report, &(dmap_map_options){.schedule = cases[i].schedule});
        if (cause != cases[i].cause) {
            printf("case %zu: %d: %s\n", i, cause, report.diagnosis);
            CU_FAIL("see above");
        }
        CU_ASSERT(strlen(report.diagnosis) > 10 && strlen(report.diagnosis) < sizeof report.diagnosis - 1);
        CU_ASSERT(cause != DMAP__CAUSE_SINK ||
                  strstr(report.diagnosis, "25%: the sink takes 38% of the master's time"));
        CU_ASSERT(cause != DMAP__CAUSE_LONG || strstr(report.diagnosis, "50%: item 17 takes 8 s of the call's 10 s"));
    }
    dmap_report nothing = {.workers = 1};
    CU_ASSERT_EQUAL(dmap__diagnose(&nothing, &(dmap_map_options){0}), DMAP__CAUSE_NONE);
}

/* What is no UTF-8, and what JSON cannot have in a string. */
static void test_json(void) {
    char *text;
    size_t size;
    const dmap_report report = {.seconds = INFINITY};
    dmap__told told = {.task = "a \"b\" \\ \n \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xff \xc0\xaf \xed\xa0\x80 \xc3",
                       .report = &report};
    const char *expected = "{\"task\":\"a \\\"b\\\" \\\\ \\u000a \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \\ufffd "
                           "\\ufffd\\ufffd \\ufffd\\ufffd\\ufffd \\ufffd\",\"status\":\"DMAP_OK\"";
    FILE *to = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    dmap__report_json(to, &told);
    fclose(to);
    CU_ASSERT_NSTRING_EQUAL(text, expected, strlen(expected));
    CU_ASSERT(strstr(text, "\"seconds\":0,") && !strstr(text, "inf"));
    CU_ASSERT(strchr(text, '\n') == text + size - 1);
    free(text);
}

/* What the journal had, and what was lost, is in both forms; in the table, if there was any. */
static void test_rare(void) {
    static const dmap_rank_report ranks[] = {{.host = "here"}, {.host = "there", .lost = "its process has ended"}};
    const dmap_report report = {
        .seconds = 1, .ranks = 2, .spooled = 11, .from_journal = 12, .lost_ranks = 1, .lost_items = 13};
    const dmap_report usual = {.seconds = 1, .ranks = 2};
    char *json, *table, *short_table;
    size_t size;
    const dmap__told told = {.task = "t", .report = &report, .n_ranks = 2, .ranks = ranks};
    const dmap__told less = {.task = "t", .report = &usual, .n_ranks = 1, .ranks = ranks};
    FILE *to[] = {open_memstream(&json, &size), open_memstream(&table, &size), open_memstream(&short_table, &size)};
    CU_ASSERT_FATAL(to[0] && to[1] && to[2]);
    dmap__report_json(to[0], &told);
    dmap__report_text(to[1], &told);
    dmap__report_text(to[2], &less);
    for (int i = 0; i < 3; i++)
        fclose(to[i]);
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"spooled\":11,\"from_journal\":12,\"lost_ranks\":1,\"lost_items\":13,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "{\"host\":\"here\",\"lost\":null,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "{\"host\":\"there\",\"lost\":\"its process has ended\","));
    CU_ASSERT_PTR_NOT_NULL(strstr(table, "from the journal: 12 items\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(table, "in the temporary file: 11 bytes of items that waited\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(table, "lost ranks: 1; items that went to others: 13\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(table, "rank 1 on there: its process has ended\n"));
    CU_ASSERT(!strstr(short_table, "lost") && !strstr(short_table, "journal") && !strstr(short_table, "temporary"));
    free(json);
    free(table);
    free(short_table);
}

/* ---- metrics ---- */

/* Takes the file away, if it is there. */
static bool take_file(const char *name, char *text, size_t size) {
    FILE *file = fopen(name, "r");
    if (!file)
        return false;
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
    return unlink(name) == 0;
}

/* Written when it opens, each five seconds, and when it closes. */
static void test_metrics(void) {
    const char *const hosts[] = {"a", "b\"\\\n"};
    char folder[] = "/tmp/dmap-watch-XXXXXX", text[10000];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    dmap__monitor_options options = {0};
    dmap__error error;
    snprintf(options.metrics, sizeof options.metrics, "%s/m.prom", folder);
    dmap__monitor *monitor = dmap__monitor_create(&options, 2, (int[]){1, 2}, host_of, hosts);
    CU_ASSERT_PTR_NOT_NULL_FATAL(monitor);
    CU_ASSERT(dmap__monitor_open(monitor, &error) == DMAP_OK && take_file(options.metrics, text, sizeof text));
    dmap__monitor_look(monitor, 100);
    CU_ASSERT(take_file(options.metrics, text, sizeof text));
    dmap__monitor_look(monitor, 104.9);
    CU_ASSERT(!take_file(options.metrics, text, sizeof text));
    dmap__tally *tally = dmap__tally_create(monitor, 1, "task", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tally);
    add(tally, 1, event_of(1, 1, 1.5, 0.25, 7));
    dmap__tally_retry(tally, 1);
    dmap__tally_fail(tally);
    dmap__tally_count(tally, 4, 5, 1);
    dmap__monitor_look(monitor, 105.1);
    CU_ASSERT(take_file(options.metrics, text, sizeof text));
    static const char *const lines[] = {"# TYPE dmap_items_total counter\ndmap_items_total 1\n",
                                        "\ndmap_items_failed_total 1\n",
                                        "\ndmap_items_retried_total 1\n",
                                        "\ndmap_calls 1\n",
                                        "\ndmap_leases 4\n",
                                        "\ndmap_window_bytes 5\n",
                                        "\ndmap_workers{rank=\"1\",host=\"b\\\"\\\\\\n\"} 2\n",
                                        "\ndmap_rank_items_total{rank=\"0\",host=\"a\"} 0\n",
                                        ",in=\"task\"} 1.5\n",
                                        ",in=\"setup\"} 0.25\n",
                                        "\ndmap_master_seconds_total{at=\"sink\"} "};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(text, lines[i])) {
            printf("there is no %s in %s\n", lines[i], text);
            CU_FAIL("see above");
        }
    dmap__tally_destroy(tally);
    dmap__monitor_destroy(monitor);
    CU_ASSERT(take_file(options.metrics, text, sizeof text) && strstr(text, "\ndmap_leases 0\n"));
    CU_ASSERT(rmdir(folder) == 0); /* nothing else was left there */
}

/* ---- the environment ---- */

static void test_options(void) {
    dmap__monitor_options resolved;
    dmap__error error;
    char name[2000];
    unsetenv("DMAP_REPORT");
    CU_ASSERT(dmap__monitor_options_resolve(&resolved, NULL) == DMAP_OK && !resolved.report[0]);
    setenv("DMAP_REPORT", "1", 1);
    CU_ASSERT(dmap__monitor_options_resolve(&resolved, NULL) == DMAP_OK && !dmap__monitor_is_file(resolved.report));
    setenv("DMAP_REPORT", "0", 1);
    CU_ASSERT(dmap__monitor_options_resolve(&resolved, NULL) == DMAP_OK && !resolved.report[0]);
    setenv("DMAP_REPORT", "a file", 1);
    CU_ASSERT_EQUAL(dmap__monitor_options_resolve(&resolved, NULL), DMAP_OK);
    CU_ASSERT_STRING_EQUAL(resolved.report, "a file");
    CU_ASSERT(dmap__monitor_is_file(resolved.report));
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    setenv("DMAP_REPORT", name, 1);
    CU_ASSERT_EQUAL(dmap__monitor_options_resolve(&resolved, &error), DMAP_EINVAL);
    CU_ASSERT_STRING_EQUAL(error.text, "DMAP_REPORT: want a name of less than 1024 bytes");
    unsetenv("DMAP_REPORT");
    setenv("DMAP_REPROT", "1", 1);
    CU_ASSERT_EQUAL(dmap__monitor_options_resolve(&resolved, &error), DMAP_EINVAL);
    CU_ASSERT_STRING_EQUAL(error.text, "DMAP_REPROT=\"1\": there is no such variable: did you mean DMAP_REPORT?");
    unsetenv("DMAP_REPROT");
}

int main(void) {
    CU_TestInfo tests[] = {
        {"timeline", test_timeline},   {"clocks", test_clocks}, {"tally", test_tally},       {"longest", test_longest},
        {"diagnoses", test_diagnoses}, {"JSON", test_json},     {"what is rare", test_rare}, {"metrics", test_metrics},
        {"options", test_options},     CU_TEST_INFO_NULL};
    return unit_run("watch", tests);
}
