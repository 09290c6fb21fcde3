/* When a node starts no more jobs, of a made-up /proc. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "run/base/clock.h"
#include "run/job/admission.h"
#include "run/job/youngest.h"
#include "unit.h"

static void put(const char *file, const char *text) {
    FILE *stream = fopen(file, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    fputs(text, stream);
    fclose(stream);
}

static bool look(run_admission_rule rule) {
    run_admission admission = {0};
    return run_admission_look(&admission, &rule, ".");
}

/* Who looks is one of those that run. */
static void test_load(void) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    char text[80];
    put("loadavg", "9.00 9.00 9.00 4/80 123\n");
    CU_ASSERT_TRUE(look((run_admission_rule){.has_load = true, .load = 4}));
    CU_ASSERT_FALSE(look((run_admission_rule){.has_load = true, .load = 3}));
    CU_ASSERT_FALSE(look((run_admission_rule){.has_load = true, .load = 0}));
    snprintf(text, sizeof text, "0.00 0.00 0.00 %ld/80 123\n", cores + 1);
    put("loadavg", text);
    CU_ASSERT_FALSE(look((run_admission_rule){.has_load = true, .load = 100, .load_kind = RUN_LOAD_PERCENT}));
    CU_ASSERT_TRUE(look((run_admission_rule){.has_load = true, .load = 200, .load_kind = RUN_LOAD_PERCENT}));
    CU_ASSERT_TRUE(look((run_admission_rule){.has_load = true, .load = 1, .load_kind = RUN_LOAD_RELATIVE}));
    CU_ASSERT_FALSE(look((run_admission_rule){.has_load = true, .load = -1, .load_kind = RUN_LOAD_RELATIVE}));
    put("loadavg", "0.00 0.00 0.00 1/80 123\n");
    CU_ASSERT_TRUE(look((run_admission_rule){.has_load = true, .load = 0}));
    CU_ASSERT_FALSE(run_admission_is_asked(&(run_admission_rule){0}));
    unlink("loadavg");
    CU_ASSERT_TRUE(look((run_admission_rule){.has_load = true, .load = 0}));
}

static void test_memory(void) {
    put("meminfo", "MemTotal:       999999 kB\nMemFree:        1 kB\nMemAvailable:   2048 kB\n");
    CU_ASSERT_TRUE(look((run_admission_rule){.memfree = 2 << 20}));
    CU_ASSERT_FALSE(look((run_admission_rule){.memfree = (2 << 20) + 1024}));
    unlink("meminfo");
    CU_ASSERT_TRUE(look((run_admission_rule){.memfree = 2 << 20}));
}

/* The youngest job gives way, below half of what is wanted for one more; one a second. */
static void test_giving_way(void) {
    run_admission_rule rule = {.memfree = 4 << 20}, none = {0};
    run_running old, young;
    put("meminfo", "MemAvailable: 2048 kB\n");
    CU_ASSERT_FALSE(run_admission_is_scarce(&rule, "."));
    put("meminfo", "MemAvailable: 2047 kB\n");
    CU_ASSERT_TRUE(run_admission_is_scarce(&rule, ".") && !run_admission_is_scarce(&none, "."));
    run_running_enter(&old);
    run_running_enter(&young);
    CU_ASSERT_FALSE(run_running_gives_way(&old, &rule, "."));
    CU_ASSERT_FALSE(run_running_gives_way(&young, &none, "."));
    CU_ASSERT_TRUE(run_running_gives_way(&young, &rule, "."));
    CU_ASSERT_FALSE(run_running_gives_way(&young, &rule, "."));
    CU_ASSERT_FALSE(run_running_gives_way(&old, &rule, ".")); /* the memory of the other is not free yet */
    double left = run_clock();
    run_running_leave(&young);
    bool gives = false;
    for (; !gives && run_clock() - left < 60; poll(NULL, 0, 10))
        gives = run_running_gives_way(&old, &rule, ".");
    CU_ASSERT_TRUE(gives);
    run_running_leave(&old);
    unlink("meminfo");
    CU_ASSERT_FALSE(run_admission_is_scarce(&rule, "."));
}

/* Pages that went both ways since the last look, a second ago or more. */
static void test_swaps(void) {
    run_admission_rule rule = {.noswap = true};
    run_admission admission = {0};
    put("vmstat", "pswpin 5\npswpout 7\n");
    CU_ASSERT_TRUE(run_admission_look(&admission, &rule, "."));
    put("vmstat", "pswpin 6\npswpout 8\n");
    CU_ASSERT_TRUE(run_admission_look(&admission, &rule, "."));
    admission.swaps_s -= 2;
    CU_ASSERT_FALSE(run_admission_look(&admission, &rule, "."));
    admission.swaps_s -= 2;
    put("vmstat", "pswpin 7\npswpout 8\n");
    CU_ASSERT_TRUE(run_admission_look(&admission, &rule, "."));
    unlink("vmstat");
}

int main(void) {
    CU_TestInfo tests[] = {{"load", test_load},
                           {"memory", test_memory},
                           {"giving way", test_giving_way},
                           {"swaps", test_swaps},
                           CU_TEST_INFO_NULL};
    char folder[] = "/tmp/dmap-admission-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    int status = unit_run("run_admission", tests);
    return rmdir(folder) == 0 ? status : 1;
}
