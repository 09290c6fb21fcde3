/* What a node has for jobs, of a made-up /proc, /sys and /dev: GPUs, memory, cgroups. */
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/job/gpus.h"
#include "run/job/memory_limit.h"
#include "run/job/node_holds.h"
#include "run/job/node_memory.h"
#include "unit.h"

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void clear(void) {
    nftw("root", remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes root/PATH, with the folders above it. */
static void put(const char *path, const char *text) {
    char whole[512];
    snprintf(whole, sizeof whole, "root/%s", path);
    for (char *slash = strchr(whole, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0777);
        *slash = '/';
    }
    FILE *stream = fopen(whole, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    fputs(text, stream);
    fclose(stream);
}

/* A GPU of NVIDIA's on the bus; near: the CPUs. */
static void put_nvidia(const char *address, const char *uuid, const char *near) {
    char path[256], text[256];
    snprintf(path, sizeof path, "proc/driver/nvidia/gpus/%s/information", address);
    snprintf(text, sizeof text, "Model: \t\t Tesla\nIRQ:   \t\t 35\nGPU UUID: \t %s\nBus Type: \t PCIe\n", uuid);
    put(path, text);
    snprintf(path, sizeof path, "sys/bus/pci/devices/%s/local_cpulist", address);
    put(path, near);
}

static void forget_environment(void) {
    for (int v = 0; v < RUN_GPU_VARIABLES; v++)
        unsetenv(run_gpu_variable(v));
    unsetenv("SLURM_MEM_PER_NODE");
}

static const char *near_of(const run_gpus *gpus, int i) {
    static char text[64];
    run_cpus_write(&gpus->gpu[i].near, text, sizeof text);
    return text;
}

static void test_nvidia(void) {
    run_gpus gpus;
    run_gpus_find(&gpus, "root");
    CU_ASSERT_EQUAL(gpus.n, 0);
    put_nvidia("0000:3b:00.0", "GPU-11111111-aaaa", "0-7,16-23\n");
    put_nvidia("0000:af:00.0", "GPU-22222222-bbbb", "\n");
    put("sys/bus/pci/devices/0000:af:00.0/numa_node", "1\n");
    put("sys/devices/system/node/node1/cpulist", "8-15\n");
    run_gpus_find(&gpus, "root");
    CU_ASSERT_EQUAL_FATAL(gpus.n, 2);
    CU_ASSERT_FALSE(gpus.by_bus);
    CU_ASSERT_STRING_EQUAL(gpus.gpu[0].name[0], "GPU-11111111-aaaa");
    CU_ASSERT_STRING_EQUAL(near_of(&gpus, 0), "0-7,16-23");
    CU_ASSERT_STRING_EQUAL(near_of(&gpus, 1), "8-15");
    setenv("CUDA_VISIBLE_DEVICES", "", 1);
    run_gpus_find(&gpus, "root");
    CU_ASSERT_EQUAL(gpus.n, 0);
    unsetenv("CUDA_VISIBLE_DEVICES");
    put_nvidia("0000:d8:00.0", "GPU-????????", "8-15\n");
    run_gpus_find(&gpus, "root");
    CU_ASSERT_EQUAL_FATAL(gpus.n, 3);
    CU_ASSERT_TRUE(gpus.by_bus);
    CU_ASSERT_STRING_EQUAL(gpus.gpu[2].name[0], "2");
    CU_ASSERT_STRING_EQUAL(gpus.gpu[0].name[0], "0");
    clear();
}

/* GPUs that are cut up: their instances stand for them, by the UUIDs that the driver's library has. */
static void test_instances(void) {
    run_gpus gpus;
    put_nvidia("0000:3b:00.0", "GPU-11111111-aaaa", "0-7\n");
    put_nvidia("0000:af:00.0", "GPU-22222222-bbbb", "8-15\n");
    put_nvidia("0000:d8:00.0", "GPU-33333333-cccc", "8-15\n");
    put("proc/driver/nvidia/capabilities/gpu0/mig/gi1/access", "DeviceFileMinor: 3\n");
    run_gpus_find(&gpus, "root"); /* without the library */
    CU_ASSERT_EQUAL(gpus.n, 3);
    put("usr/lib/libnvidia-ml.so.1", "no library\n");
    run_gpus_find(&gpus, "root");
    CU_ASSERT_EQUAL(gpus.n, 3);
    unlink("root/usr/lib/libnvidia-ml.so.1");
    CU_ASSERT_EQUAL(symlink(MADE_UP_NVML, "root/usr/lib/libnvidia-ml.so.1"), 0);
    for (int round = 0; round < 2; round++) {
        run_gpus_find(&gpus, "root");
        CU_ASSERT_EQUAL_FATAL(gpus.n, 3);
        CU_ASSERT_STRING_EQUAL(gpus.gpu[0].name[0], "MIG-11111111-aaaa");
        CU_ASSERT_STRING_EQUAL(gpus.gpu[1].name[0], "MIG-11111111-bbbb");
        CU_ASSERT_STRING_EQUAL(gpus.gpu[2].name[0], "GPU-22222222-bbbb");
        CU_ASSERT_STRING_EQUAL(near_of(&gpus, 1), "0-7");
        CU_ASSERT_FALSE(gpus.by_bus);
    }
    /* One of the environment's is found by its UUID. */
    setenv("CUDA_VISIBLE_DEVICES", "MIG-11111111-bbbb", 1);
    run_gpus_find(&gpus, "root");
    CU_ASSERT_EQUAL_FATAL(gpus.n, 1);
    CU_ASSERT_STRING_EQUAL(near_of(&gpus, 0), "0-7");
    forget_environment();
    clear();
}

/* The allocation's word comes first. */
static void test_allocated(void) {
    run_gpus gpus;
    put_nvidia("0000:3b:00.0", "GPU-11111111-aaaa", "0-7\n");
    put_nvidia("0000:af:00.0", "GPU-22222222-bbbb", "8-15\n");
    setenv("CUDA_VISIBLE_DEVICES", "MIG-GPU-22222222-bbbb/7/0,GPU-1111,MIG-55555555-eeee,1,9", 1);
    run_gpus_find(&gpus, "root");
    CU_ASSERT_EQUAL_FATAL(gpus.n, 5);
    CU_ASSERT_STRING_EQUAL(gpus.gpu[0].name[0], "MIG-GPU-22222222-bbbb/7/0");
    CU_ASSERT_STRING_EQUAL(gpus.gpu[2].name[0], "MIG-55555555-eeee");
    CU_ASSERT_STRING_EQUAL(near_of(&gpus, 0), "8-15");
    CU_ASSERT_STRING_EQUAL(near_of(&gpus, 1), "0-7");
    CU_ASSERT_STRING_EQUAL(near_of(&gpus, 2), "");
    CU_ASSERT_STRING_EQUAL(near_of(&gpus, 3), "8-15");
    CU_ASSERT_STRING_EQUAL(near_of(&gpus, 4), "");
    setenv("CUDA_VISIBLE_DEVICES", "1,0,-1,0", 1); /* CUDA stops there */
    setenv("ROCR_VISIBLE_DEVICES", "4,5", 1);      /* the same two, by another name */
    setenv("ZE_AFFINITY_MASK", "0.0,0.1,1.0", 1);  /* others */
    run_gpus_find(&gpus, "root");
    CU_ASSERT_EQUAL_FATAL(gpus.n, 2);
    CU_ASSERT_STRING_EQUAL(near_of(&gpus, 0), "8-15");
    CU_ASSERT_STRING_EQUAL(gpus.gpu[0].name[1], "4");
    CU_ASSERT_STRING_EQUAL(gpus.gpu[1].name[1], "5");
    CU_ASSERT_STRING_EQUAL(gpus.gpu[0].name[2], "");
    CU_ASSERT_STRING_EQUAL(gpus.gpu[0].name[3], "");
    forget_environment();
    clear();
}

/* Another rank: takes what it is to, says so, and is killed while it holds it. */
static pid_t fork_holder(const run_node_holds *holds) {
    int ready[2];
    char byte;
    CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        bool good = run_node_holds_job(holds, 700) >= 0 && run_node_holds_gpu(holds, "GPU-b") >= 0 &&
                    run_node_holds_wait(holds, 5) >= 0 && run_node_holds_lock(holds) >= 0;
        if (write(ready[1], good ? "y" : "n", 1) == 1)
            pause();
        _exit(1);
    }
    CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
    CU_ASSERT_EQUAL(byte, 'y');
    close(ready[0]);
    close(ready[1]);
    return pid;
}

/* What ranks hold is seen by all of the run and by no other; what dead ranks held is free. */
static void test_holds(void) {
    run_node_holds holds, others;
    run_node_held held;
    uint64_t id = (uint64_t)getpid() << 32 | 1;
    run_node_holds_open(&holds, id);
    run_node_holds_open(&others, id + 1);
    pid_t pid = fork_holder(&holds);
    int job = run_node_holds_job(&holds, 30), gpu = run_node_holds_gpu(&holds, "GPU-a");
    CU_ASSERT_TRUE(job >= 0 && gpu >= 0);
    CU_ASSERT_EQUAL(run_node_holds_gpu(&holds, "GPU-b"), -1);
    CU_ASSERT_TRUE(run_node_holds_look(&holds, &held));
    CU_ASSERT_TRUE(held.memory == 730 && held.jobs == 2 && held.n_gpus == 2 && held.waits == 5);
    CU_ASSERT_TRUE(run_node_holds_look(&others, &held));
    CU_ASSERT_TRUE(held.memory == 0 && held.jobs == 0 && held.n_gpus == 0 && held.waits == 0);
    kill(pid, SIGKILL);
    int lock = run_node_holds_lock(&holds); /* had by it until it is dead */
    CU_ASSERT_TRUE(lock >= 0);
    waitpid(pid, NULL, 0);
    CU_ASSERT_TRUE(run_node_holds_look(&holds, &held));
    CU_ASSERT_TRUE(held.memory == 30 && held.jobs == 1 && held.n_gpus == 1 && held.waits == 0);
    CU_ASSERT_STRING_EQUAL(held.gpus[0], "GPU-a");
    close(job);
    close(gpu);
    close(lock);
    CU_ASSERT_TRUE(run_node_holds_look(&holds, &held));
    CU_ASSERT_TRUE(held.jobs == 0 && held.n_gpus == 0);
}

static void test_rendering(void) {
    run_gpus gpus;
    put("sys/class/drm/renderD128/device/vendor", "0x8086\n");
    put("sys/class/drm/renderD129/device/vendor", "0x1002\n");
    put("sys/class/drm/renderD129/device/local_cpulist", "0-3\n");
    put("sys/class/drm/renderD130/device/vendor", "0x1002\n");
    put("sys/class/drm/renderD130/device/local_cpulist", "4-7\n");
    run_gpus_find(&gpus, "root");
    CU_ASSERT_EQUAL_FATAL(gpus.n, 2);
    CU_ASSERT_STRING_EQUAL(gpus.gpu[1].name[1], "1");
    CU_ASSERT_STRING_EQUAL(near_of(&gpus, 1), "4-7");
    put("dev/dri/renderD128", ""); /* a container that was given two of them */
    put("dev/dri/renderD130", "");
    run_gpus_find(&gpus, "root");
    CU_ASSERT_EQUAL_FATAL(gpus.n, 1);
    CU_ASSERT_STRING_EQUAL(gpus.gpu[0].name[1], "0");
    CU_ASSERT_STRING_EQUAL(near_of(&gpus, 0), "4-7");
    setenv("HIP_VISIBLE_DEVICES", "", 1);
    run_gpus_find(&gpus, "root");
    CU_ASSERT_EQUAL_FATAL(gpus.n, 1);
    CU_ASSERT_STRING_EQUAL(gpus.gpu[0].name[3], "0");
    CU_ASSERT_STRING_EQUAL(gpus.gpu[0].name[1], "");
    forget_environment();
    clear();
}

static void test_node_memory(void) {
    CU_ASSERT_EQUAL(run_node_memory("root"), UINT64_MAX);
    put("proc/meminfo", "MemTotal:       1000000 kB\nMemFree: 5 kB\n");
    CU_ASSERT_EQUAL(run_node_memory("root"), 1024000000);
    setenv("SLURM_MEM_PER_NODE", "0", 1);
    CU_ASSERT_EQUAL(run_node_memory("root"), 1024000000);
    setenv("SLURM_MEM_PER_NODE", "100", 1);
    CU_ASSERT_EQUAL(run_node_memory("root"), 100 << 20);
    put("proc/self/cgroup", "4:cpu,memory:/a\n3:pids:/\n0::/job/step\n");
    put("sys/fs/cgroup/job/step/memory.max", "max\n");
    put("sys/fs/cgroup/job/memory.max", "5000\n");
    put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
    CU_ASSERT_EQUAL(run_node_memory("root"), 5000);
    put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "4000\n");
    CU_ASSERT_EQUAL(run_node_memory("root"), 4000);
    put("sys/fs/cgroup/job/step/memory.max", "3000\n");
    CU_ASSERT_EQUAL(run_node_memory("root"), 3000);
    put("sys/fs/cgroup/memory.max", "2000\n");
    CU_ASSERT_EQUAL(run_node_memory("root"), 2000);
    forget_environment();
    clear();
}

static const char *read_back(const char *path) {
    static char text[256];
    char whole[512];
    snprintf(whole, sizeof whole, "root/%s", path);
    FILE *file = fopen(whole, "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = '\0';
    return text;
}

/* A cgroup beside this one, where the one above hands memory down; and nowhere else. */
static void test_memory_limit(void) {
    run_memory_limit limit;
    run_memory_limit_open(&limit, "root", 7);
    CU_ASSERT_EQUAL(limit.processes, -1);
    CU_ASSERT_FALSE(run_memory_limit_set(&limit, 5));
    put("proc/self/cgroup", "4:memory:/x\n0::/app/me\n");
    put("sys/fs/cgroup/app/cgroup.subtree_control", "cpu memory pids\n");
    put("sys/fs/cgroup/app/cgroup.procs", "");
    put("sys/fs/cgroup/app/me/memory.max", "100000\n");
    put("sys/fs/cgroup/app/dmap-7/cgroup.procs", "");
    put("sys/fs/cgroup/app/dmap-7/memory.max", "");
    put("sys/fs/cgroup/app/dmap-7/memory.events", "low 0\noom 0\noom_kill 2\n");
    run_memory_limit_open(&limit, "root", 7);
    CU_ASSERT_EQUAL(limit.processes, -1); /* it would not be held to 100000 any longer */
    put("sys/fs/cgroup/app/me/memory.max", "max\n");
    run_memory_limit_open(&limit, "root", 7);
    CU_ASSERT_NOT_EQUAL_FATAL(limit.processes, -1);
    CU_ASSERT_STRING_EQUAL(limit.folder, "root/sys/fs/cgroup/app/dmap-7");
    CU_ASSERT_TRUE(run_memory_limit_set(&limit, 2000000)); /* there is no swap */
    CU_ASSERT_STRING_EQUAL(read_back("sys/fs/cgroup/app/dmap-7/memory.swap.max"), "");
    put("sys/fs/cgroup/app/dmap-7/memory.max", "");
    put("sys/fs/cgroup/app/dmap-7/memory.swap.max", "");
    CU_ASSERT_TRUE(run_memory_limit_set(&limit, 3000000));
    CU_ASSERT_STRING_EQUAL(read_back("sys/fs/cgroup/app/dmap-7/memory.swap.max"), "0");
    CU_ASSERT_STRING_EQUAL(read_back("sys/fs/cgroup/app/dmap-7/memory.max"), "3000000");
    CU_ASSERT_EQUAL(write(limit.processes, "0", 1), 1);
    CU_ASSERT_STRING_EQUAL(read_back("sys/fs/cgroup/app/dmap-7/cgroup.procs"), "0");
    CU_ASSERT_FALSE(run_memory_limit_was_passed(&limit));
    put("sys/fs/cgroup/app/dmap-7/memory.events", "low 0\noom 1\noom_kill 3\n");
    CU_ASSERT_TRUE(run_memory_limit_was_passed(&limit));
    CU_ASSERT_FALSE(run_memory_limit_set(&limit, 0)); /* what was killed is not of the job that comes next */
    CU_ASSERT_FALSE(run_memory_limit_was_passed(&limit));
    unlink("root/sys/fs/cgroup/app/dmap-7/cgroup.procs"); /* a real cgroup goes with its files */
    unlink("root/sys/fs/cgroup/app/dmap-7/memory.max");
    unlink("root/sys/fs/cgroup/app/dmap-7/memory.swap.max");
    unlink("root/sys/fs/cgroup/app/dmap-7/memory.events");
    run_memory_limit_close(&limit);
    CU_ASSERT_NOT_EQUAL(access("root/sys/fs/cgroup/app/dmap-7", F_OK), 0);
    run_memory_limit_open(&limit, "root", 8); /* nobody can enter: none is left behind */
    CU_ASSERT_EQUAL(limit.processes, -1);
    CU_ASSERT_NOT_EQUAL(access("root/sys/fs/cgroup/app/dmap-8", F_OK), 0);
    put("sys/fs/cgroup/app/dmap-9/x", "");
    unlink("root/sys/fs/cgroup/app/dmap-9/x");
    run_memory_limit_remove("root", 9);
    CU_ASSERT_NOT_EQUAL(access("root/sys/fs/cgroup/app/dmap-9", F_OK), 0);
    put("sys/fs/cgroup/app/cgroup.subtree_control", "cpu pids\n");
    put("sys/fs/cgroup/app/dmap-7/cgroup.procs", "");
    run_memory_limit_open(&limit, "root", 7);
    CU_ASSERT_EQUAL(limit.processes, -1);
    put("proc/self/cgroup", "0::/\n"); /* of a container: there is none above */
    put("sys/fs/cgroup/cgroup.procs", "");
    run_memory_limit_open(&limit, "root", 7);
    CU_ASSERT_EQUAL(limit.processes, -1);
    clear();
}

int main(void) {
    CU_TestInfo tests[] = {{"NVIDIA", test_nvidia},
                           {"instances", test_instances},
                           {"holds", test_holds},
                           {"allocated", test_allocated},
                           {"rendering", test_rendering},
                           {"node memory", test_node_memory},
                           {"memory limit", test_memory_limit},
                           CU_TEST_INFO_NULL};
    char folder[] = "/tmp/dmap-node-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    forget_environment();
    int status = unit_run("run_node", tests);
    clear();
    return rmdir(folder) == 0 ? status : 1;
}
