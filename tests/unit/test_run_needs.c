/* What a rank has and what its jobs hold of it: on made-up machines, as hwloc's synthetic descriptions have them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dmap/place.h>

#include "run/job/ledger.h"
#include "unit.h"

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

/* A gap is left to a job that fits into it. */
static void test_gap(void) {
    run_hold hold[4];
    run_ledger l = read_machine("pack:1 core:6 pu:1");
    run_ledger_open(&l);
    for (int i = 0; i < 3; i++)
        take(&l, 1, 0, i + 1, &hold[i]);
    run_ledger_give_back(&l, &hold[0]);
    run_ledger_give_back(&l, &hold[2]);
    CU_ASSERT_STRING_EQUAL(take(&l, 2, 0, 4, &hold[3]), "2-3 ");
    CU_ASSERT_STRING_EQUAL(take(&l, 1, 0, 1, &hold[0]), "0 ");
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

int main(void) {
    CU_TestInfo tests[] = {{"CPUs", test_cpus},
                           {"cores", test_cores},
                           {"gap", test_gap},
                           {"nearest", test_nearest},
                           {"memory and jobs", test_memory_and_jobs},
                           {"random", test_random},
                           CU_TEST_INFO_NULL};
    return unit_run("run_needs", tests);
}
