/* Quota: control group files made up in a temporary directory. */
#include "cpu/quota.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftw.h>

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

typedef struct file {
    const char *path, *text;
} file;

typedef struct machine {
    const char *name;
    double expected;
    file files[8];
} machine;

#define CGROUP    "/proc/self/cgroup"
#define MOUNTINFO "/proc/self/mountinfo"
#define MOUNT_V2  "30 1 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define MOUNT_V1                                                                                                       \
    "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"                                                                   \
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw shared:9 - cgroup cgroup rw,cpuset\n"                                       \
    "35 31 0:32 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 - cgroup cgroup rw,cpu,cpuacct\n"

static const machine machines[] = {
    {"no files at all", 0, {{0}}},
    {"version 2, own group",
     2,
     {{CGROUP, "0::/job\n"}, {MOUNTINFO, MOUNT_V2}, {"/sys/fs/cgroup/job/cpu.max", "200000 100000\n"}}},
    {"version 2, no limit",
     0,
     {{CGROUP, "0::/job\n"}, {MOUNTINFO, MOUNT_V2}, {"/sys/fs/cgroup/job/cpu.max", "max 100000\n"}}},
    {"version 2, tighter above",
     0.5,
     {{CGROUP, "0::/slice/job/step\n"},
      {MOUNTINFO, MOUNT_V2},
      {"/sys/fs/cgroup/slice/job/step/cpu.max", "400000 100000\n"},
      {"/sys/fs/cgroup/slice/job/cpu.max", "max 100000\n"},
      {"/sys/fs/cgroup/slice/cpu.max", "25000 50000\n"}}},
    {"version 2, in a namespace",
     1.5,
     {{CGROUP, "0::/\n"}, {MOUNTINFO, MOUNT_V2}, {"/sys/fs/cgroup/cpu.max", "150000 100000\n"}}},
    {"version 2, garbage", 0, {{CGROUP, "0::/\n"}, {MOUNTINFO, MOUNT_V2}, {"/sys/fs/cgroup/cpu.max", "lots\n"}}},
    {"version 2, zero period", 0, {{CGROUP, "0::/\n"}, {MOUNTINFO, MOUNT_V2}, {"/sys/fs/cgroup/cpu.max", "5 0\n"}}},
    {"version 1",
     3,
     {{CGROUP, "5:cpuset:/other\n4:cpu,cpuacct:/job\n0::/\n"},
      {MOUNTINFO, MOUNT_V1},
      {"/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "300000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n"}}},
    {"version 1, no limit",
     0,
     {{CGROUP, "4:cpuacct,cpu:/job\n"},
      {MOUNTINFO, MOUNT_V1},
      {"/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n"}}},
    {"version 1, the mount shows the container's group",
     1.5,
     {{CGROUP, "4:cpu:/docker/c0ffee/sub\n"},
      {MOUNTINFO, "35 31 0:32 /docker/c0ffee /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n"},
      {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n"},
      {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"},
      {"/sys/fs/cgroup/cpu/sub/cpu.cfs_quota_us", "150000\n"},
      {"/sys/fs/cgroup/cpu/sub/cpu.cfs_period_us", "100000\n"}}},
    {"both: the tighter one holds",
     1,
     {{CGROUP, "4:cpu:/\n0::/\n"},
      {MOUNTINFO, MOUNT_V1 MOUNT_V2},
      {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"},
      {"/sys/fs/cgroup/cpu.max", "100000 100000\n"}}},
};

static void write_file(const char *root, const file *f) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s%s", root, f->path);
    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *out = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(f->text, out);
    fclose(out);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void test_machines(void) {
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        char root[] = "/tmp/dmap-quota-XXXXXX";
        CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
        for (const file *f = machines[i].files; f->path; f++)
            write_file(root, f);
        double got = dmap__quota_read(root);
        if (fabs(got - machines[i].expected) > 1e-9) {
            printf("\n  %s: %g, want %g\n", machines[i].name, got, machines[i].expected);
            CU_FAIL("another quota");
        }
        nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
    CU_ASSERT(dmap__quota_read("") >= 0);
}

int main(void) {
    CU_TestInfo tests[] = {{"made-up machines", test_machines}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "quota", .pTests = tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
