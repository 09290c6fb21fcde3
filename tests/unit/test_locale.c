/* A program may set a locale whose numbers have a comma, and whose days and months have other names: what programs read
 * and write is as ever. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/options.h"
#include "proc/allocation.h"
#include "unit.h"
#include "watch/metrics.h"
#include "watch/report.h"

static char folder[] = "/tmp/dmap-locale-XXXXXX";

/* False where the system cannot make one. */
static bool set_german(void) {
    char command[300];
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >%s/said 2>&1", folder, folder);
    bool is_made = system(command) == 0 && setenv("LOCPATH", folder, 1) == 0 && setlocale(LC_ALL, "de_DE.UTF-8");
    snprintf(command, sizeof command, "%.1f", 0.5);
    return is_made && strcmp(command, "0,5") == 0;
}

static void test_report(void) {
    char *text;
    size_t size;
    const dmap_report report = {.seconds = 0.25};
    FILE *to = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    dmap__report_json(to, &(dmap__told){.task = "task", .report = &report});
    fclose(to);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"seconds\":0.25,"));
    free(text);
}

static void test_metrics(void) {
    static const double master_s[DMAP__DOINGS] = {0.25};
    char name[100], text[10000];
    dmap__error error;
    snprintf(name, sizeof name, "%s/m.prom", folder);
    CU_ASSERT_EQUAL(dmap__metrics_write(name, &(dmap__metrics){.master_s = master_s}, &error), DMAP_OK);
    FILE *file = fopen(name, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "{at=\"outside\"} 0.25\n"));
}

static void test_read(void) {
    dmap_options options = {0};
    dmap__error error;
    double end = 0;
    setenv("DMAP_HEARTBEAT", "0.25", 1);
    CU_ASSERT_EQUAL(dmap__options_resolve_beat(&options, &error), DMAP_OK);
    CU_ASSERT_EQUAL(options.heartbeat_s, 0.25);
    CU_ASSERT(dmap__allocation_read_qstat("Job Id: 1\n    Resource_List.walltime = 01:00:00\n"
                                          "    stime = Wed May  6 10:00:00 2026\n",
                                          0, &end));
    CU_ASSERT(end > 1e9);
}

/* The program's own text stays as it was. */
static void test_kept(void) {
    char text[20];
    snprintf(text, sizeof text, "%.1f", 0.5);
    CU_ASSERT_STRING_EQUAL(text, "0,5");
}

int main(void) {
    CU_TestInfo tests[] = {{"report", test_report},
                           {"metrics", test_metrics},
                           {"read", test_read},
                           {"kept", test_kept},
                           CU_TEST_INFO_NULL};
    char command[100];
    if (!mkdtemp(folder))
        return 1;
    int status = 0;
    if (set_german())
        status = unit_run("locale", tests);
    else
        printf("skipped: localedef makes no locale de_DE here\n");
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) || status;
}
