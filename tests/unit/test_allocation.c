/* The end of a batch job: what the batch systems' commands print, and made-up ones of them in the PATH. */
#include "proc/allocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <dmap/dmap.h>

#include "unit.h"

static void test_read(void) {
    double end = 0;
    struct tm tm = {.tm_year = 126, .tm_mon = 10, .tm_mday = 23, .tm_hour = 18, .tm_isdst = -1};
    double six = (double)mktime(&tm);
    CU_ASSERT(dmap__allocation_read_squeue("1-02:03:04\n", 1000, &end) && end == 1000 + 86400 + 7384);
    CU_ASSERT(dmap__allocation_read_squeue("3:04\n", 1000, &end) && end == 1184);
    CU_ASSERT(dmap__allocation_read_squeue("0:00", 1000, &end) && end == 1000);
    CU_ASSERT_FALSE(dmap__allocation_read_squeue("UNLIMITED\n", 1000, &end));
    CU_ASSERT_FALSE(dmap__allocation_read_squeue("", 1000, &end));
    CU_ASSERT(dmap__allocation_read_scontrol(
        "JobId=7 StartTime=2026-11-23T12:00:00 EndTime=2026-11-23T18:00:00 Deadline=N/A", &end));
    CU_ASSERT_EQUAL(end, six);
    CU_ASSERT_FALSE(dmap__allocation_read_scontrol("JobId=7 EndTime=Unknown", &end));
    CU_ASSERT(dmap__allocation_read_qstat(
        "Job Id: 1\n    Resource_List.walltime = 02:00:00\n    stime = Mon Nov 23 16:00:00 2026\n", 0, &end));
    CU_ASSERT_EQUAL(end, six);
    CU_ASSERT(dmap__allocation_read_qstat(
        "    Resource_List.walltime = 01:00:00\n    resources_used.walltime = 00:10:00\n", 1000, &end));
    CU_ASSERT_EQUAL(end, 4000);
    CU_ASSERT(dmap__allocation_read_qstat("    Walltime.Remaining = 3593\n    Resource_List.walltime = 01:00:00\n",
                                          1000, &end));
    CU_ASSERT_EQUAL(end, 4593);
    CU_ASSERT_FALSE(dmap__allocation_read_qstat("qstat: Unknown Job Id 1", 1000, &end));
}

static char folder[] = "/tmp/dmap-allocation-XXXXXX";

static void clear(void) {
    unsetenv("SLURM_JOB_END_TIME");
    unsetenv("SLURM_JOB_ID");
    unsetenv("PBS_JOBID");
}

/* A command of that name that runs these lines. */
static void make_command(const char *name, const char *lines) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file, "#!/bin/sh\n%s\n", lines);
    fclose(file);
    CU_ASSERT_EQUAL(chmod(path, 0755), 0);
}

static bool is_about(double end, double left) {
    double off = end - (double)time(NULL) - left;
    return off > -60 && off < 60;
}

static void test_variable(void) {
    clear();
    CU_ASSERT_EQUAL(dmap_allocation_end(), 0);
    setenv("SLURM_JOB_END_TIME", "1795462001", 1);
    CU_ASSERT_EQUAL(dmap_allocation_end(), 1795462001);
    clear();
}

static void test_asked(void) {
    clear();
    setenv("SLURM_JOB_ID", "7", 1);
    make_command("squeue", "[ \"$3\" = 7 ] && echo 1:00:00");
    make_command("scontrol", "exit 1");
    CU_ASSERT(is_about(dmap_allocation_end(), 3600));
    make_command("squeue", "echo 1:00:00; exit 1");
    CU_ASSERT_EQUAL(dmap_allocation_end(), 0);
    make_command("scontrol", "echo JobId=7 EndTime=2026-11-23T18:00:00");
    CU_ASSERT(dmap_allocation_end() > 1700000000);
    clear();
    setenv("PBS_JOBID", "9.server", 1);
    make_command("qstat", "echo '    Walltime.Remaining = 7200'");
    CU_ASSERT(is_about(dmap_allocation_end(), 7200));
    clear();
}

static void remove_all(void) {
    static const char *const names[] = {"squeue", "scontrol", "qstat"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

int main(int argc, char **argv) {
    char path[4096];
    dmap_prefork(&argc, &argv);
    CU_TestInfo tests[] = {
        {"what is printed", test_read}, {"variable", test_variable}, {"asked", test_asked}, CU_TEST_INFO_NULL};
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s:%s", folder, getenv("PATH"));
    setenv("PATH", path, 1);
    int failed = unit_run("allocation", tests);
    remove_all();
    return failed;
}
