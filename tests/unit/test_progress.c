/* Progress: the line for known and for random numbers, and what reaches stderr when. */
#include "watch/progress.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include "watch/progress_text.h"

static void expect_line(dmap__progress_view view, const char *expected) {
    char text[DMAP__PROGRESS_ROOM];
    dmap__progress_text(&view, text);
    if (strcmp(text, expected) != 0)
        printf("\n  got  |%s|\n  want |%s|\n", text, expected);
    CU_ASSERT_STRING_EQUAL(text, expected);
}

static void test_lines(void) {
    expect_line(
        (dmap__progress_view){.name = "tile", .done = 4500, .total = 9999, .rate = 1234, .eta_s = 5.2, .width = 80},
        "tile  [###############                    ]   45%  4500/9999   1234/s  ETA 0:05");
    expect_line(
        (dmap__progress_view){
            .name = "tile", .done = 3, .failed = 2, .total = 3, .elapsed_s = 3700, .eta_s = -1, .width = 60},
        "tile  [#####################]  100%  3/3  2 failed  1:01:40");
    expect_line((dmap__progress_view){.name = "read",
                                      .done = 12345678,
                                      .total = UINT64_MAX,
                                      .rate = 0.05,
                                      .elapsed_s = 61,
                                      .eta_s = -1,
                                      .width = 80},
                "read  12.3M   3.00/min  1:01");
    expect_line((dmap__progress_view){.done = 2775, .total = 10800, .eta_s = -1, .width = 40}, /* both by the total's */
                "[###         ]   25%   2.7k/10.8k  0:00");
    expect_line((dmap__progress_view){.eta_s = -1, .width = 40}, "[####################]  100%  0/0  0:00");
    expect_line((dmap__progress_view){.done = (uint64_t)1 << 62,
                                      .total = (uint64_t)1 << 63,
                                      .rate = 1e30,
                                      .eta_s = 1e300,
                                      .elapsed_s = 1e300,
                                      .width = 100},
                "[###################                   ]   50%  4.61E/9.22E  18.4E/s  >999d");
    expect_line(
        (dmap__progress_view){
            .done = UINT64_MAX - 2, .total = UINT64_MAX - 1, .rate = 1e-5, .eta_s = 1e6, .width = 100},
        "[######################################]   99%  18.4E/18.4E   0.04/h  ETA 11d13h");
    expect_line((dmap__progress_view){.done = 9, .total = 3, .eta_s = -1, .width = 30},
                "[##########]  100%  9/3  0:00");
    expect_line((dmap__progress_view){.name = "tile", .done = 45, .total = 100, .rate = 5, .eta_s = 11, .width = 10},
                " 45%");
    expect_line((dmap__progress_view){.name = "tile", .done = 45, .total = 100, .eta_s = -1, .width = 4}, "");
    expect_line(
        (dmap__progress_view){.name = "a\x1b[31m\n\xff\xe6\x95\xb0", .total = UINT64_MAX, .eta_s = -1, .width = 80},
        "a?[31m?????  0  0:00");
    expect_line(
        (dmap__progress_view){.name = "数\xc2\x9b", .total = 9, .done = 3, .eta_s = -1, .width = 40, .utf8 = true},
        "数??  ▕████▋         ▏   33%  3/9  0:00");
    expect_line(
        (dmap__progress_view){
            .name = "abcdefghijklmnopqrstuvwxyz", .total = UINT64_MAX, .eta_s = -1, .width = 80, .utf8 = true},
        "abcdefghijklmnopqrstuvw…  0  0:00");
}

static void test_counts(void) {
    static const struct {
        uint64_t count;
        const char *text;
    } cases[] = {{9999, "9999"},         {10000, "10.0k"},         {99999, "99.9k"},    {999999, "999k"},
                 {1000000, "1.00M"},     {1009999, "1.00M"},       {999999999, "999M"}, {1000000000, "1.00G"},
                 {123456789012, "123G"}, {UINT64_MAX - 1, "18.4E"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "%s  0:00", cases[i].text);
        expect_line((dmap__progress_view){.done = cases[i].count, .total = UINT64_MAX, .eta_s = -1, .width = 80},
                    expected);
    }
}

static uint64_t random_state;

static uint64_t pick(uint64_t n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 11) % n;
}

static uint64_t any_count(void) {
    return pick(8) == 0 ? UINT64_MAX : ((uint64_t)1 << pick(64)) - pick(2);
}

static double any_time(void) {
    static const double times[] = {-1, 0, 1e-9, 0.5, 59.99, 3599.9, 1e5, 1e7, 1e18, 1e300};
    return times[pick(sizeof times / sizeof times[0])];
}

/* Columns as the C library counts them; -1 if there is a character that must not reach a terminal. */
static int columns_of(const char *text) {
    wchar_t wide[DMAP__PROGRESS_ROOM];
    size_t n = mbstowcs(wide, text, DMAP__PROGRESS_ROOM);
    return n == (size_t)-1 ? -1 : wcswidth(wide, n);
}

static void test_never_wraps(void) {
    static const char *const names[] = {NULL,
                                        "",
                                        "square",
                                        "数据数据数据数据数据数据数据",
                                        "\xff\xfe\x80",
                                        "tab\there",
                                        "a_very_long_name_of_a_task_that_somebody_thought_of"};
    bool good = setlocale(LC_ALL, "C.UTF-8") != NULL;
    CU_ASSERT(good);
    for (int i = 0; i < 200000 && good; i++) {
        dmap__progress_view v = {.name = names[pick(7)],
                                 .done = any_count(),
                                 .failed = any_count(),
                                 .total = any_count(),
                                 .rate = any_time(),
                                 .elapsed_s = any_time(),
                                 .eta_s = any_time(),
                                 .width = (int)pick(pick(2) ? 30 : 300),
                                 .utf8 = pick(2)};
        char text[DMAP__PROGRESS_ROOM];
        dmap__progress_text(&v, text);
        int columns = columns_of(text);
        good = columns >= 0 && columns <= (v.width > 0 ? v.width - 1 : 0) && !strstr(text, "nan") &&
               !strstr(text, "inf") && (v.eta_s >= 0 || !strstr(text, "ETA")) &&
               (v.done >= v.total || !strstr(text, "100%"));
        if (!good) {
            printf("\n  round %d, width %d, %d columns: |%s|\n", i, v.width, columns, text);
            CU_FAIL("a line too wide, or with something in it that must not be");
        }
    }
}

/* ---- drawing: stderr is a pipe that keeps writes apart, or a terminal ---- */

typedef struct capture {
    int saved, ends[2];
    int writes;
    size_t used;
    char text[1 << 16];
} capture;

/* A terminal holds little that was not read. */
static void read_capture(capture *c) {
    fcntl(c->ends[0], F_SETFL, O_NONBLOCK);
    for (ssize_t n; (n = read(c->ends[0], c->text + c->used, sizeof c->text - 1 - c->used)) > 0; c->writes++)
        c->used += (size_t)n;
    c->text[c->used] = '\0';
}

static void end_capture(capture *c) {
    read_capture(c);
    dup2(c->saved, STDERR_FILENO);
    close(c->saved);
    close(c->ends[0]);
    close(c->ends[1]);
}

static void begin_capture(capture *c, bool terminal, unsigned short width) {
    memset(c, 0, sizeof *c);
    c->saved = dup(STDERR_FILENO);
    if (terminal) {
        struct winsize size = {.ws_row = 24, .ws_col = width};
        c->ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
        grantpt(c->ends[0]);
        unlockpt(c->ends[0]);
        c->ends[1] = open(ptsname(c->ends[0]), O_RDWR | O_NOCTTY);
        ioctl(c->ends[1], TIOCSWINSZ, &size);
    } else {
        CU_ASSERT_EQUAL_FATAL(pipe2(c->ends, O_DIRECT | O_NONBLOCK), 0);
        CU_ASSERT_FATAL(fcntl(c->ends[1], F_SETPIPE_SZ, 1 << 20) >= 1 << 20); /* room for 256 writes */
    }
    dup2(c->ends[1], STDERR_FILENO);
}

/* `seconds` of a call at `rate` items/s, told of every millisecond. */
static void run_call(int mode, uint64_t total, double seconds, double rate) {
    dmap__progress p;
    dmap__progress_init(&p, mode, "tile", total, 1000);
    for (int ms = 1; ms < (int)(seconds * 1000); ms++)
        dmap__progress_update(&p, 1000 + ms / 1000.0, (uint64_t)(ms / 1000.0 * rate), 0);
    dmap__progress_fini(&p, 1000 + seconds, (uint64_t)(seconds * rate), 0);
    dmap__progress_fini(&p, 1000 + seconds, (uint64_t)(seconds * rate), 0);
}

static void test_when_drawn(void) {
    static const struct {
        int mode;
        bool terminal;
        double seconds;
        int least, most; /* writes, to the pipe */
    } cases[] = {{-1, false, 2, 0, 0},    {0, false, 2, 0, 0},      {1, false, 2, 1, 1}, {1, false, 0.1, 1, 1},
                 {1, false, 100, 10, 10}, {1, false, 1000, 30, 38}, {-1, true, 2, 0, 0}, {0, true, 0.29, 0, 0},
                 {0, true, 2, 1, 99},     {1, true, 0.1, 1, 1}};
    setenv("TERM", "xterm", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static capture c;
        begin_capture(&c, cases[i].terminal, 60);
        run_call(cases[i].mode, 2000, cases[i].seconds, 1000);
        end_capture(&c);
        if (c.writes < cases[i].least || c.writes > cases[i].most) {
            printf("\n  case %zu: %d writes\n", i, c.writes);
            CU_FAIL("drawn too often or not often enough");
        }
        size_t length = strlen(c.text);
        CU_ASSERT(length == 0 || ((c.text[0] == '\r') == cases[i].terminal && c.text[length - 1] == '\n'));
        CU_ASSERT(length == 0 || !cases[i].terminal || strchr(c.text, '\n') == c.text + length - 1);
        CU_ASSERT(cases[i].terminal || !strpbrk(c.text, "\r\x1b"));
    }
}

static void test_dumb_terminal(void) {
    static capture c;
    setenv("TERM", "dumb", 1);
    begin_capture(&c, true, 60);
    run_call(0, 2000, 2, 1000);
    end_capture(&c);
    CU_ASSERT_STRING_EQUAL(c.text, "");
    setenv("TERM", "xterm", 1);
}

static void test_line_on_terminal(void) {
    static capture c;
    setenv("LC_ALL", "C", 1);
    begin_capture(&c, true, 70);
    run_call(0, 2000, 2, 1000);
    end_capture(&c);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "/2000   1000/s  ETA 0:01\x1b[K\r"));
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "]  100%  2000/2000   1000/s  0:02\x1b[K\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "\rtile  [#"));
    setenv("LC_ALL", "en_US.UTF-8", 1);
    begin_capture(&c, true, 0);
    setenv("COLUMNS", "40", 1);
    run_call(1, UINT64_MAX, 0.5, 1000);
    end_capture(&c);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "\rtile  500   1000/s  0:00\x1b[K"));
    unsetenv("COLUMNS");
    unsetenv("LC_ALL");
}

/* What the bar shows after `seconds` if items end in bursts `gap` apart; the count stands still after `stop`. */
static const char *last_line(capture *c, double seconds, double gap, double stop) {
    dmap__progress p;
    begin_capture(c, true, 0);
    dmap__progress_init(&p, 1, NULL, 100000, 0);
    for (int tenth = 1; tenth <= (int)(seconds * 10); tenth++) {
        double t = tenth / 10.0, upto = t < stop ? t : stop;
        dmap__progress_update(&p, t, (uint64_t)((double)(int)(upto / gap + 1e-6) * gap * 1000), 0);
        read_capture(c);
    }
    end_capture(c);
    const char *line = strrchr(c->text, '\r');
    return line ? line : "";
}

static int eta_of(const char *line) {
    int minutes = 0, seconds = 0;
    const char *eta = strstr(line, "ETA ");
    return eta && sscanf(eta, "ETA %d:%d", &minutes, &seconds) == 2 ? minutes * 60 + seconds : -1;
}

static void test_rate(void) {
    static capture c;
    int steady = eta_of(last_line(&c, 20, 0.1, 1e9)), bursts = eta_of(last_line(&c, 24, 5, 1e9));
    CU_ASSERT(steady >= 79 && steady <= 81);
    CU_ASSERT(bursts >= 76 && bursts <= 84);
    CU_ASSERT_EQUAL(eta_of(last_line(&c, 4, 5, 1e9)), -1);
    CU_ASSERT_PTR_NULL(strstr(c.text, "/s"));
    CU_ASSERT(eta_of(last_line(&c, 25, 0.1, 5)) > 900);
}

/* Long items first: 10 of 10 s and 990 of 0.01 s, one at a time. Half of the time through, as much is left. */
static void test_weights(void) {
    static capture c;
    dmap__progress p;
    begin_capture(&c, true, 80);
    dmap__progress_init(&p, 1, NULL, 1000, 0);
    for (int s = 1; s <= 50; s++) {
        dmap__progress_weigh(&p, s / 10 * 10, 100 + 990 * 0.01);
        dmap__progress_update(&p, s, (uint64_t)s / 10, 0);
        read_capture(&c);
    }
    end_capture(&c);
    int eta = eta_of(strrchr(c.text, '\r'));
    CU_ASSERT(eta >= 50 && eta <= 75);
}

static void test_broken_stderr(void) {
    dmap__progress p;
    int saved = dup(STDERR_FILENO);
    close(STDERR_FILENO);
    dmap__progress_init(&p, 1, "tile", 10, 0);
    dmap__progress_update(&p, 11, 5, 0);
    CU_ASSERT_FALSE(p.on);
    dmap__progress_fini(&p, 12, 10, 0);
    dup2(saved, STDERR_FILENO);
    close(saved);
}

int main(void) {
    const char *seed = getenv("DMAP_SEED");
    random_state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    printf("DMAP_SEED=%llu\n", (unsigned long long)random_state);
    CU_TestInfo tests[] = {{"known lines", test_lines},           {"counts", test_counts},
                           {"never wraps", test_never_wraps},     {"when it is drawn", test_when_drawn},
                           {"dumb terminal", test_dumb_terminal}, {"lines on a terminal", test_line_on_terminal},
                           {"rate and time left", test_rate},     {"time left by weight", test_weights},
                           {"broken stderr", test_broken_stderr}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "progress", .pTests = tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
