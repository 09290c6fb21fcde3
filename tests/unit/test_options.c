/* Options: every legal word and bound, every way to get one wrong, who wins over whom. */
#include "base/options.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

static const char *const variables[] = {"DMAP_WORKERS",      "DMAP_NODE_WORKERS", "DMAP_BACKEND",
                                        "DMAP_START",        "DMAP_BIND",         "DMAP_SPREAD",
                                        "DMAP_MASTER_WORKS", "DMAP_STACKSIZE",    "DMAP_HELPER"};

static int clear_environment(void) {
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    return 0;
}

static void expect(const dmap_options *given, const dmap_options *expected) {
    dmap_options resolved = {.workers = -7};
    dmap__error error = {0};
    CU_ASSERT_EQUAL(dmap__options_resolve(given, &resolved, &error), DMAP_OK);
    CU_ASSERT_EQUAL(resolved.workers, expected->workers);
    CU_ASSERT_EQUAL(resolved.node_workers, expected->node_workers);
    CU_ASSERT_EQUAL(resolved.backend, expected->backend);
    CU_ASSERT_EQUAL(resolved.start, expected->start);
    CU_ASSERT_EQUAL(resolved.bind, expected->bind);
    CU_ASSERT_EQUAL(resolved.spread, expected->spread);
    CU_ASSERT_EQUAL(resolved.stack_size, expected->stack_size);
    CU_ASSERT_EQUAL(resolved.master_works, expected->master_works);
}

static void expect_counts(const dmap_options *given, int workers, int node_workers) {
    dmap_options resolved;
    dmap__error error = {0};
    CU_ASSERT_EQUAL(dmap__options_resolve(given, &resolved, &error), DMAP_OK);
    CU_ASSERT_EQUAL(resolved.workers, workers);
    CU_ASSERT_EQUAL(resolved.node_workers, node_workers);
}

static void refuse(const dmap_options *given, const char *sentence) {
    dmap_options resolved = {.workers = -7};
    dmap__error error = {0};
    CU_ASSERT_EQUAL(dmap__options_resolve(given, &resolved, &error), DMAP_EINVAL);
    CU_ASSERT_EQUAL(error.status, DMAP_EINVAL);
    CU_ASSERT_EQUAL(resolved.workers, -7);
    if (strcmp(error.text, sentence) != 0)
        printf("\n  got  %s\n  want %s\n", error.text, sentence);
    CU_ASSERT_STRING_EQUAL(error.text, sentence);
}

static void test_defaults(void) {
    const dmap_options expected = {
        .backend = DMAP_THREADS, .start = DMAP_FORKSERVER, .bind = DMAP_BIND_CORE, .spread = DMAP_COMPACT};
    dmap_options zero = {0};
    clear_environment();
    expect(NULL, &expected);
    expect(&zero, &expected);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        setenv(variables[i], "", 1);
    expect(NULL, &expected);
    clear_environment();
}

static void test_environment(void) {
    static const struct {
        const char *variable, *value;
        size_t offset;
        int expected;
    } cases[] = {
        {"DMAP_WORKERS", "1", offsetof(dmap_options, workers), 1},
        {"DMAP_WORKERS", "4096", offsetof(dmap_options, workers), 4096},
        {"DMAP_WORKERS", "007", offsetof(dmap_options, workers), 7},
        {"DMAP_BACKEND", "serial", offsetof(dmap_options, backend), DMAP_SERIAL},
        {"DMAP_BACKEND", "threads", offsetof(dmap_options, backend), DMAP_THREADS},
        {"DMAP_BACKEND", "processes", offsetof(dmap_options, backend), DMAP_PROCESSES},
        {"DMAP_START", "forkserver", offsetof(dmap_options, start), DMAP_FORKSERVER},
        {"DMAP_START", "fork", offsetof(dmap_options, start), DMAP_FORK},
        {"DMAP_START", "spawn", offsetof(dmap_options, start), DMAP_SPAWN},
        {"DMAP_BIND", "core", offsetof(dmap_options, bind), DMAP_BIND_CORE},
        {"DMAP_BIND", "pu", offsetof(dmap_options, bind), DMAP_BIND_PU},
        {"DMAP_BIND", "l3", offsetof(dmap_options, bind), DMAP_BIND_L3},
        {"DMAP_BIND", "numa", offsetof(dmap_options, bind), DMAP_BIND_NUMA},
        {"DMAP_BIND", "socket", offsetof(dmap_options, bind), DMAP_BIND_SOCKET},
        {"DMAP_BIND", "none", offsetof(dmap_options, bind), DMAP_BIND_NONE},
        {"DMAP_SPREAD", "compact", offsetof(dmap_options, spread), DMAP_COMPACT},
        {"DMAP_SPREAD", "scatter", offsetof(dmap_options, spread), DMAP_SCATTER},
        {"DMAP_MASTER_WORKS", "yes", offsetof(dmap_options, master_works), 1},
        {"DMAP_MASTER_WORKS", "no", offsetof(dmap_options, master_works), -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dmap_options resolved = {0};
        int value;
        clear_environment();
        setenv(cases[i].variable, cases[i].value, 1);
        CU_ASSERT_EQUAL(dmap__options_resolve(NULL, &resolved, NULL), DMAP_OK);
        memcpy(&value, (const char *)&resolved + cases[i].offset, sizeof value);
        CU_ASSERT_EQUAL(value, cases[i].expected);
        CU_ASSERT(resolved.backend != 0 && resolved.start != 0 && resolved.bind != 0 && resolved.spread != 0);
    }
    clear_environment();
}

static void test_helper(void) {
    dmap_options given = {0}, resolved;
    clear_environment();
    CU_ASSERT_EQUAL(dmap__options_resolve(&given, &resolved, NULL), DMAP_OK);
    CU_ASSERT(!resolved.helper && !dmap__options_want_helper(&given) && !dmap__options_want_helper(NULL));
    setenv("DMAP_HELPER", "yes", 1);
    CU_ASSERT_EQUAL(dmap__options_resolve(&given, &resolved, NULL), DMAP_OK);
    CU_ASSERT(resolved.helper && dmap__options_want_helper(&given) && dmap__options_want_helper(NULL));
    setenv("DMAP_HELPER", "no", 1);
    CU_ASSERT(!dmap__options_want_helper(NULL));
    given.helper = true;
    CU_ASSERT_EQUAL(dmap__options_resolve(&given, &resolved, NULL), DMAP_OK);
    CU_ASSERT(resolved.helper && dmap__options_want_helper(&given));
    clear_environment();
}

static void test_bad_environment(void) {
    static const char *const numbers[] = {"abc", "-3", "0",   "1e9",  " 4",  "4x", "99999999999999999999",
                                          "+4",  "4 ", "0x4", "4097", "4.0", "",   NULL};
    char sentence[200];
    for (size_t i = 0; *numbers[i]; i++) {
        setenv("DMAP_WORKERS", numbers[i], 1);
        snprintf(sentence, sizeof sentence, "DMAP_WORKERS=\"%s\": want a whole number from 1 to 4096", numbers[i]);
        refuse(NULL, sentence);
    }
    clear_environment();
    static const struct {
        const char *variable, *value, *sentence;
    } cases[] = {
        {"DMAP_BACKEND", "thread", "DMAP_BACKEND=\"thread\": want serial, threads or processes"},
        {"DMAP_BACKEND", "Threads", "DMAP_BACKEND=\"Threads\": want serial, threads or processes"},
        {"DMAP_START", "1", "DMAP_START=\"1\": want forkserver, fork or spawn"},
        {"DMAP_BIND", "cpu", "DMAP_BIND=\"cpu\": want core, pu, l3, numa, socket or none"},
        {"DMAP_SPREAD", "far\n", "DMAP_SPREAD=\"far?\": want compact or scatter"},
        {"DMAP_MASTER_WORKS", "auto", "DMAP_MASTER_WORKS=\"auto\": want yes or no"},
        {"DMAP_HELPER", "1", "DMAP_HELPER=\"1\": want yes or no"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setenv(cases[i].variable, cases[i].value, 1);
        refuse(NULL, cases[i].sentence);
        clear_environment();
    }
}

/* Misspelt by a letter, and with a value that would do, is said; what has another value is somebody else's. */
static void test_misspelt(void) {
    static const struct {
        const char *name, *value, *variable; /* NULL: it is left alone */
    } cases[] = {
        {"DMAP_WORKER", "4", "DMAP_WORKERS"},
        {"DMAP_WORKERSS", "4", "DMAP_WORKERS"},
        {"DMAP_NWORKERS", "4", "DMAP_WORKERS"},
        {"DMAP_WROKERS", "4", "DMAP_WORKERS"},
        {"DMAPWORKERS", "4", "DMAP_WORKERS"},
        {"DAMP_WORKERS", "4", "DMAP_WORKERS"},
        {"DMAP_WORKERs", "4", "DMAP_WORKERS"},
        {"DMAP_NODE_WORKER", "4", "DMAP_NODE_WORKERS"},
        {"DMAP_BACKENDS", "processes", "DMAP_BACKEND"},
        {"DMAP_STAT", "fork", "DMAP_START"},
        {"DMAP_BINDS", "numa", "DMAP_BIND"},
        {"DMAP_SPRAED", "scatter", "DMAP_SPREAD"},
        {"DMAP_MASTER_WORK", "no", "DMAP_MASTER_WORKS"},
        {"DMAP_HELPERS", "yes", "DMAP_HELPER"},
        {"DMAP_STACK_SIZE", "64M", "DMAP_STACKSIZE"},
        {"DMAP_STACKSIZES", "large", NULL},
        {"DMAP_BIN", "/opt/dmap/bin", NULL},
        {"DMAP_WORKER", "anna", NULL},
        {"DMAP_WORKER", "", NULL},
        {"DMAP_WORK", "4", NULL},
        {"DMAP_SEED", "4", NULL},
        {"WORKERS", "4", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sentence[200];
        dmap_options resolved;
        setenv(cases[i].name, cases[i].value, 1);
        snprintf(sentence, sizeof sentence, "%s=\"%s\": there is no such variable: did you mean %s?", cases[i].name,
                 cases[i].value, cases[i].variable ? cases[i].variable : "");
        if (cases[i].variable)
            refuse(NULL, sentence);
        else
            CU_ASSERT_EQUAL(dmap__options_resolve(NULL, &resolved, NULL), DMAP_OK);
        unsetenv(cases[i].name);
    }
    setenv("DMAP_WORKER", "4", 1); /* it would have no say */
    expect_counts(&(dmap_options){.workers = 2}, 2, 0);
    setenv("DMAP_WORKERS", "3", 1);
    expect_counts(NULL, 3, 0);
    unsetenv("DMAP_WORKER");
    clear_environment();
}

/* Of the two counts, what the program says wins, by whichever; of the variables, both hold (and workers wins later). */
static void test_two_counts(void) {
    clear_environment();
    setenv("DMAP_WORKERS", "3", 1);
    expect_counts(&(dmap_options){.node_workers = 8}, 0, 8);
    setenv("DMAP_NODE_WORKERS", "5", 1);
    expect_counts(NULL, 3, 5);
    expect_counts(&(dmap_options){.workers = 2}, 2, 0);
    setenv("DMAP_NODE_WORKERS", "nonsense", 1);
    expect_counts(&(dmap_options){.workers = 2}, 2, 0);
    clear_environment();
}

/* As OMP_STACKSIZE: KiB, unless a unit says otherwise. */
static void test_stack_size(void) {
    static const struct {
        const char *value;
        size_t size; /* 0: refused */
    } cases[] = {{"1", 1024},
                 {"512", 524288},
                 {"100b", 100},
                 {"3K", 3072},
                 {"64M", 67108864},
                 {"2g", 2147483648},
                 {"1024G", (size_t)1 << 40},
                 {"1025G", 0},
                 {"0", 0},
                 {"0M", 0},
                 {"M", 0},
                 {"-1", 0},
                 {"1.5G", 0},
                 {"64MB", 0},
                 {" 64M", 0},
                 {"64 M", 0},
                 {"4T", 0},
                 {"99999999999999999999", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dmap_options resolved = {0};
        char sentence[200];
        clear_environment();
        setenv("DMAP_STACKSIZE", cases[i].value, 1);
        snprintf(sentence, sizeof sentence,
                 "DMAP_STACKSIZE=\"%s\": want a number of KiB, or with B, K, M or G behind it", cases[i].value);
        if (!cases[i].size)
            refuse(NULL, sentence);
        else
            CU_ASSERT(dmap__options_resolve(NULL, &resolved, NULL) == DMAP_OK && resolved.stack_size == cases[i].size);
    }
    dmap_options given = {.stack_size = 123}, resolved = {0};
    CU_ASSERT(dmap__options_resolve(&given, &resolved, NULL) == DMAP_OK && resolved.stack_size == 123);
    clear_environment();
    given.stack_size = SIZE_MAX;
    refuse(&given, "dmap_options.stack_size is 18446744073709551615: want up to 1099511627776 bytes (0: default)");
}

static void test_long_value(void) {
    char value[5000];
    dmap_options resolved;
    dmap__error error = {0};
    memset(value, 'a', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    setenv("DMAP_BIND", value, 1);
    CU_ASSERT_EQUAL(dmap__options_resolve(NULL, &resolved, &error), DMAP_EINVAL);
    CU_ASSERT(strlen(error.text) < 140);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "aaa...\": want core"));
    clear_environment();
}

static void test_program_wins(void) {
    dmap_options given = {.workers = 3,
                          .backend = DMAP_SERIAL,
                          .start = DMAP_SPAWN,
                          .bind = DMAP_BIND_NUMA,
                          .spread = DMAP_SCATTER,
                          .master_works = -1,
                          .stack_size = 5,
                          .helper = true};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        setenv(variables[i], "nonsense", 1);
    expect(&given, &given);
    given.start = DMAP_START_DEFAULT;
    refuse(&given, "DMAP_START=\"nonsense\": want forkserver, fork or spawn");
    clear_environment();
}

/* What no table has reaches the pool all the same. */
static void test_closing(void) {
    dmap_options given = {.on_close = DMAP_CLOSE_FINISH, .close_s = 1.5}, resolved;
    dmap__error error;
    CU_ASSERT_EQUAL(dmap__options_resolve(&given, &resolved, &error), DMAP_OK);
    CU_ASSERT_EQUAL(resolved.on_close, DMAP_CLOSE_FINISH);
    CU_ASSERT_EQUAL(resolved.close_s, 1.5);
    CU_ASSERT_EQUAL(dmap__options_resolve(NULL, &resolved, &error), DMAP_OK);
    CU_ASSERT_EQUAL(resolved.on_close, DMAP_CLOSE_DROP);
    CU_ASSERT_EQUAL(resolved.close_s, 60);
    given.close_s = -1;
    CU_ASSERT_EQUAL(dmap__options_resolve(&given, &resolved, &error), DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "close_s is -1"));
    given = (dmap_options){.on_close = (dmap_on_close)7};
    CU_ASSERT_EQUAL(dmap__options_resolve(&given, &resolved, &error), DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "on_close is 7"));
}

static void test_heartbeat(void) {
    static const char *const bad[] = {"x", "1 s", "-1", "nan", "inf", "0.001", "1e9"};
    dmap_options given = {.backend = DMAP_SERIAL, .heartbeat_s = 2}, resolved;
    dmap__error error;
    CU_ASSERT_EQUAL(dmap__options_resolve(&given, &resolved, &error), DMAP_EUNSUPPORTED);
    setenv("DMAP_HEARTBEAT", "0.5", 1);
    CU_ASSERT_EQUAL(dmap__options_resolve(NULL, &resolved, &error), DMAP_OK);
    CU_ASSERT_EQUAL(resolved.heartbeat_s, 0.5);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setenv("DMAP_HEARTBEAT", bad[i], 1);
        CU_ASSERT_EQUAL(dmap__options_resolve(NULL, &resolved, &error), DMAP_EINVAL);
    }
    unsetenv("DMAP_HEARTBEAT");
}

static void test_bad_fields(void) {
    dmap_options cases[] = {{.workers = -3},          {.workers = 4097},      {.backend = (dmap_backend)4},
                            {.start = (dmap_start)9}, {.bind = (dmap_bind)7}, {.spread = (dmap_spread)3},
                            {.master_works = 2},      {.master_works = -2}};
    static const char *const sentences[] = {"dmap_options.workers is -3: want 0 to 4096 (0: default)",
                                            "dmap_options.workers is 4097: want 0 to 4096 (0: default)",
                                            "dmap_options.backend is 4: want 0 to 3 (0: default)",
                                            "dmap_options.start is 9: want 0 to 3 (0: default)",
                                            "dmap_options.bind is 7: want 0 to 6 (0: default)",
                                            "dmap_options.spread is 3: want 0 to 2 (0: default)",
                                            "dmap_options.master_works is 2: want -1 to 1 (0: default)",
                                            "dmap_options.master_works is -2: want -1 to 1 (0: default)"};
    clear_environment();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refuse(&cases[i], sentences[i]);
}

static void expect_map(const dmap_map_options *options, dmap_status status, const char *part) {
    dmap__error error = {0};
    CU_ASSERT_EQUAL(dmap__map_options_check(options, &error), status);
    CU_ASSERT_EQUAL(error.status, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, part));
}

static void test_map_options(void) {
    dmap_map_options good[] = {{0},
                               {.chunk = SIZE_MAX, .schedule = DMAP_FACTORING, .unordered = true, .window = 4096},
                               {.window = SIZE_MAX, .on_error = DMAP_KEEP_GOING, .retries = 1000, .progress = 1},
                               {.item_timeout_s = 1e300, .timeout_s = 0.001, .progress = -1, .seed = UINT64_MAX}};
    expect_map(NULL, DMAP_OK, "");
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        expect_map(&good[i], DMAP_OK, "");
    static const struct {
        dmap_map_options options;
        const char *part;
    } bad[] = {
        {{.schedule = (dmap_schedule)5}, "dmap_map_options.schedule is 5: want 0 to 4"},
        {{.schedule = (dmap_schedule)-1}, "dmap_map_options.schedule is -1"},
        {{.on_error = (dmap_on_error)2}, "dmap_map_options.on_error is 2: want 0 to 1"},
        {{.retries = 1001}, "dmap_map_options.retries is 1001: want 0 to 1000"},
        {{.retries = -1}, "dmap_map_options.retries is -1"},
        {{.window = 1}, "dmap_map_options.window is 1: want 0 (default) or 4096 bytes or more"},
        {{.window = 4095}, "dmap_map_options.window is 4095"},
        {{.item_timeout_s = -1}, "dmap_map_options.item_timeout_s is -1: want 0 (none) or"},
        {{.item_timeout_s = (double)NAN}, "dmap_map_options.item_timeout_s is "},
        {{.timeout_s = (double)INFINITY}, "dmap_map_options.timeout_s is inf"},
        {{.timeout_s = -0.5}, "dmap_map_options.timeout_s is -0.5"},
        {{.progress = 2}, "dmap_map_options.progress is 2: want -1 to 1"},
        {{.progress = -2}, "dmap_map_options.progress is -2"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_map(&bad[i].options, DMAP_EINVAL, bad[i].part);
    dmap_map_options journal = {.journal = ""}, named = {.journal_name = "a"};
    expect_map(&journal, DMAP_EINVAL, "dmap_map_options.journal");
    expect_map(&named, DMAP_EINVAL, "dmap_map_options.journal_name");
    CU_ASSERT_EQUAL(dmap__map_options_check(&bad[0].options, NULL), DMAP_EINVAL);
}

int main(void) {
    CU_TestInfo tests[] = {{"defaults", test_defaults},
                           {"environment", test_environment},
                           {"bad environment", test_bad_environment},
                           {"helper", test_helper},
                           {"misspelt", test_misspelt},
                           {"two counts", test_two_counts},
                           {"stack size", test_stack_size},
                           {"long value", test_long_value},
                           {"program wins", test_program_wins},
                           {"bad fields", test_bad_fields},
                           {"closing", test_closing},
                           {"heartbeat", test_heartbeat},
                           {"map options", test_map_options},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "options", .pTests = tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
