/* What a rank has and what its jobs hold of it, on made-up machines: cores as hwloc's synthetic descriptions have them;
 * memory, cgroups and GPUs of a made-up /proc, /sys and /dev. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dmap/place.h>

#include "run/job/ledger.h"
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

/* The machine's cores, as a worker a core has them. */
static run_ledger read_machine(const char *topology) {
    run_ledger ledger = {.memory = UINT64_MAX};
    dmap_place *places;
    size_t n;
    CU_ASSERT_EQUAL_FATAL(dmap_plan_places(topology, 1, &(dmap_options){.bind = DMAP_BIND_CORE}, &places, &n), DMAP_OK);
    ledger.cores = calloc(n, sizeof *ledger.cores);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ledger.cores);
    ledger.n_cores = ledger.jobs = (int)n;
    for (size_t i = 0; i < n; i++) {
        ledger.cores[i].numa = places[i].numa;
        ledger.cores[i].socket = places[i].socket;
        CU_ASSERT_TRUE(run_cpus_read(places[i].cpus, &ledger.cores[i].cpus));
    }
    dmap_places_free(places);
    return ledger;
}

static void add_gpu(run_ledger *ledger, const char *name, const char *near) {
    run_gpu *gpu = &ledger->gpus.gpu[ledger->gpus.n++];
    snprintf(gpu->name[0], sizeof gpu->name[0], "%s", name);
    CU_ASSERT_TRUE(run_cpus_read(near, &gpu->near));
}

static const run_cpus nowhere;

/* Takes cores and GPUs; "cpus gpus", "full" or "never". */
static const char *take(run_ledger *ledger, int cores, int gpus, int holder, run_hold *hold) {
    static char text[512];
    char cpus[256], names[128];
    run_needs needs = {.cores = cores, .gpus = gpus};
    run_room_found found = run_ledger_take(ledger, &needs, holder, &nowhere, hold);
    if (found != RUN_HAS_ROOM)
        return found == RUN_IS_FULL ? "full" : "never";
    run_cpus_write(&hold->cpus, cpus, sizeof cpus);
    CU_ASSERT_TRUE(run_ledger_name_gpus(ledger, hold, 0, names, sizeof names));
    snprintf(text, sizeof text, "%s %s", cpus, names);
    return text;
}

static void test_cpus(void) {
    run_cpus cpus;
    char text[64];
    CU_ASSERT_TRUE(run_cpus_read("0-3,8,10-11,8191\n", &cpus));
    run_cpus_write(&cpus, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "0-3,8,10-11,8191");
    CU_ASSERT_TRUE(run_cpus_read("", &cpus));
    CU_ASSERT_TRUE(run_cpus_are_none(&cpus));
    CU_ASSERT_FALSE(run_cpus_read("0-3,...", &cpus));
    CU_ASSERT_FALSE(run_cpus_read("8192", &cpus));
    CU_ASSERT_FALSE(run_cpus_read("1-", &cpus));
    CU_ASSERT_FALSE(run_cpus_read("1 2", &cpus));
}

/* Neighbours, and not across a border of NUMA nodes while there are others. */
static void test_cores(void) {
    run_hold hold[6];
    run_ledger l = read_machine("pack:2 core:4 pu:2");
    run_ledger_open(&l);
    CU_ASSERT_STRING_EQUAL(take(&l, 3, 0, 1, &hold[0]), "0-5 ");
    CU_ASSERT_STRING_EQUAL(take(&l, 2, 0, 2, &hold[1]), "8-11 "); /* not 3 and 4, which are of two packages */
    CU_ASSERT_STRING_EQUAL(take(&l, 4, 0, 3, &hold[2]), "full");
    CU_ASSERT_STRING_EQUAL(take(&l, 9, 0, 3, &hold[2]), "never");
    CU_ASSERT_STRING_EQUAL(take(&l, 1, 0, 3, &hold[2]), "6-7 ");
    CU_ASSERT_STRING_EQUAL(take(&l, 2, 0, 4, &hold[3]), "12-15 ");
    CU_ASSERT_STRING_EQUAL(take(&l, 1, 0, 5, &hold[4]), "full");
    run_ledger_give_back(&l, &hold[0]);
    CU_ASSERT_EQUAL(hold[0].holder, 0);
    run_ledger_give_back(&l, &hold[0]); /* nothing more */
    run_ledger_give_back(&l, &hold[2]);
    run_ledger_give_back(&l, &hold[1]);
    CU_ASSERT_STRING_EQUAL(take(&l, 6, 0, 6, &hold[5]), "0-11 ");
    run_ledger_give_back(&l, &hold[3]);
    run_ledger_give_back(&l, &hold[5]);
    CU_ASSERT_EQUAL(l.jobs_held, 0);
    CU_ASSERT_STRING_EQUAL(take(&l, 8, 0, 1, &hold[0]), "0-15 ");
    run_ledger_close(&l);
}

/* The cores go where free GPUs are, the GPUs to those of the cores. */
static void test_nearest(void) {
    run_hold hold[5];
    run_ledger l = read_machine("pack:2 core:4 pu:1");
    add_gpu(&l, "GPU-a", "4-7");
    add_gpu(&l, "GPU-b", "0-3");
    add_gpu(&l, "GPU-c", "4-7");
    run_ledger_open(&l);
    CU_ASSERT_STRING_EQUAL(take(&l, 2, 2, 1, &hold[0]), "4-5 GPU-a,GPU-c");
    CU_ASSERT_STRING_EQUAL(take(&l, 1, 1, 2, &hold[1]), "0 GPU-b");
    CU_ASSERT_STRING_EQUAL(take(&l, 1, 1, 3, &hold[2]), "full");
    CU_ASSERT_STRING_EQUAL(take(&l, 1, 4, 3, &hold[2]), "never");
    CU_ASSERT_STRING_EQUAL(take(&l, 3, 0, 3, &hold[2]), "1-3 ");
    run_ledger_give_back(&l, &hold[0]);
    run_ledger_give_back(&l, &hold[1]);
    CU_ASSERT_STRING_EQUAL(take(&l, 3, 1, 4, &hold[3]), "4-6 GPU-a");
    /* Without cores of its own, those of its slot count. */
    run_cpus own;
    run_needs needs = {.gpus = 1};
    run_cpus_read("6", &own);
    CU_ASSERT_EQUAL(run_ledger_take(&l, &needs, 5, &own, &hold[4]), RUN_HAS_ROOM);
    CU_ASSERT_EQUAL(l.gpu_holder[2], 5);
    CU_ASSERT_TRUE(run_cpus_are_none(&hold[4].cpus));
    run_ledger_close(&l);
}

static void test_memory_and_jobs(void) {
    run_hold hold[3];
    char text[100];
    run_ledger l = {.memory = 1000, .jobs = 2};
    run_needs most = {.memory = 1000}, half = {.memory = 500}, too_much = {.memory = 3 << 20};
    CU_ASSERT_EQUAL(run_ledger_take(&l, &half, 1, &nowhere, &hold[0]), RUN_HAS_ROOM);
    CU_ASSERT_EQUAL(run_ledger_take(&l, &most, 2, &nowhere, &hold[1]), RUN_IS_FULL);
    CU_ASSERT_EQUAL(run_ledger_take(&l, &half, 2, &nowhere, &hold[1]), RUN_HAS_ROOM);
    CU_ASSERT_EQUAL(run_ledger_take(&l, &(run_needs){0}, 3, &nowhere, &hold[2]), RUN_IS_FULL);
    CU_ASSERT_EQUAL(run_ledger_take(&l, &too_much, 3, &nowhere, &hold[2]), RUN_NEVER_FITS);
    run_ledger_say_lack(&l, &too_much, "here", text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "3M of memory are needed, and a rank on here has 1000");
    run_ledger_say_lack(&l, &(run_needs){.cores = 2}, "here", text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "2 cores are needed, and a rank on here has 0");
    run_ledger_say_lack(&l, &(run_needs){.gpus = 1}, "here", text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "1 GPU is needed, and a rank on here has 0");
    run_ledger_give_back(&l, &hold[0]);
    run_ledger_give_back(&l, &hold[1]);
    CU_ASSERT_EQUAL(run_ledger_take(&l, &most, 1, &nowhere, &hold[0]), RUN_HAS_ROOM);
}

/* The ranks of a node have what it has, all of it and nothing twice. */
static void test_shares(void) {
    for (int round = 0; round < 200; round++) {
        int of = 1 + (int)unit_below(12), gpus = (int)unit_below(9), jobs = (int)unit_below(20), sum_jobs = 0, sum = 0;
        for (int before = 0, mine; before < of; before += mine) {
            run_ledger l = {.memory = 1 << 20, .jobs = jobs};
            mine = 1 + (int)unit_below((uint64_t)(of - before));
            l.gpus.n = gpus;
            for (int g = 0; g < gpus; g++)
                snprintf(l.gpus.gpu[g].name[0], RUN_GPU_NAME, "%d", g);
            run_ledger_share(&l, before, mine, of);
            for (int g = 0; g < l.gpus.n; g++)
                CU_ASSERT_EQUAL(atoi(l.gpus.gpu[g].name[0]), sum + g);
            sum += l.gpus.n;
            sum_jobs += l.jobs;
            CU_ASSERT_TRUE(l.memory <= (uint64_t)(1 << 20) * (uint64_t)mine / (uint64_t)of + 1);
        }
        CU_ASSERT_EQUAL(sum, gpus);
        CU_ASSERT_EQUAL(sum_jobs, jobs);
    }
}

/* Whatever comes and goes: nothing is held twice, and in the end all is free. */
static void test_random(void) {
    run_hold holds[16] = {0};
    run_ledger l = read_machine("pack:2 numa:2 core:3 pu:2");
    l.memory = 100;
    for (int g = 0; g < 4; g++)
        add_gpu(&l, "x", g < 2 ? "0-11" : "12-23");
    run_ledger_open(&l);
    for (unsigned step = 0; step < unit_rounds(4000); step++) {
        int i = (int)unit_below(16);
        if (holds[i].holder) {
            run_ledger_give_back(&l, &holds[i]);
        } else {
            run_needs needs = {.cores = (int)unit_below(7), .gpus = (int)unit_below(4), .memory = unit_below(60)};
            run_room_found found = run_ledger_take(&l, &needs, i + 1, &nowhere, &holds[i]);
            CU_ASSERT_EQUAL(holds[i].holder, found == RUN_HAS_ROOM ? i + 1 : 0);
        }
        int cores = 0, gpus = 0, jobs = 0;
        uint64_t memory = 0;
        for (int k = 0; k < 16; k++) {
            cores += holds[k].needs.cores;
            gpus += holds[k].needs.gpus;
            memory += holds[k].needs.memory;
            jobs += holds[k].holder != 0;
        }
        for (int c = 0; c < l.n_cores; c++)
            cores -= l.cores[c].holder != 0;
        for (int g = 0; g < l.gpus.n; g++)
            gpus -= l.gpu_holder[g] != 0;
        CU_ASSERT_TRUE(cores == 0 && gpus == 0 && memory == l.memory_held && jobs == l.jobs_held && memory <= 100);
    }
    run_ledger_close(&l);
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

int main(void) {
    CU_TestInfo tests[] = {{"CPUs", test_cpus},
                           {"cores", test_cores},
                           {"nearest", test_nearest},
                           {"memory and jobs", test_memory_and_jobs},
                           {"shares", test_shares},
                           {"random", test_random},
                           {"NVIDIA", test_nvidia},
                           {"allocated", test_allocated},
                           {"rendering", test_rendering},
                           {"node memory", test_node_memory},
                           CU_TEST_INFO_NULL};
    char folder[] = "/tmp/dmap-needs-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    forget_environment();
    int status = unit_run("run_needs", tests);
    clear();
    return rmdir(folder) == 0 ? status : 1;
}
