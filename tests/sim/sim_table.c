/* The table of efficiencies: max(work / speed of all workers, longest item) / makespan, schedules by distributions, for
 * 16 to 10,000 ranks of 4 workers, 64 items of 10 ms a worker, 50 us from master to rank, unordered. A rank's own
 * scheduling is taken as free and the master as instantaneous: what is shown is the plan's doing alone. (What the
 * master itself costs is in sim_saturation.c.) */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#define WORKERS          4
#define ITEMS_PER_WORKER 64

/* A worker in the reference: a heap's item. */
typedef struct slot {
    uint64_t key; /* bits of free_s */
    double free_s, slowness;
} slot;

/* The same items for every schedule. */
static void make_case(sim_case *c, int ranks, sim_load load) {
    memset(c, 0, sizeof *c);
    c->state = (uint64_t)ranks * 100 + (uint64_t)load;
    c->ranks = ranks;
    c->load = load;
    c->items = (uint64_t)ranks * WORKERS * ITEMS_PER_WORKER;
    c->mean_s = 10e-3;
    c->latency_s = 50e-6;
    c->limit_at_s = c->drain_at_s = -1;
    c->killer = UINT64_MAX;
}

static bool cell(int ranks, sim_load load, dmap_schedule schedule, char failure[256], double *efficiency) {
    sim_case c;
    make_case(&c, ranks, load);
    double makespan_s = 0;
    bool made = sim_case_ranks(&c, WORKERS, false) && sim_case_times(&c);
    if (made) {
        c.config.branches = ranks;
        c.config.workers = c.workers;
        c.config.count = c.items;
        c.config.schedule = schedule;
        sim_run(&c, false, failure, &makespan_s);
        *efficiency = 100 * sim_case_bound(&c) / makespan_s;
    }
    sim_case_fini(&c);
    return made && !failure[0];
}

/* What one queue for all workers would reach, each taking the next item without delay: no plan that does not know the
 * times beforehand can be expected to do better. */
static double list_efficiency(int ranks, sim_load load) {
    sim_case c;
    double end_s = 0, efficiency = 0;
    dmap__heap free_at;
    dmap__heap_init(&free_at, sizeof(slot));
    make_case(&c, ranks, load);
    bool made = sim_case_ranks(&c, WORKERS, false) && sim_case_times(&c) &&
                dmap__heap_reserve(&free_at, (size_t)ranks * WORKERS);
    for (int i = 0; made && i < ranks * WORKERS; i++)
        dmap__heap_push(&free_at, &(slot){.slowness = c.slowness[i / WORKERS]});
    for (uint64_t i = 0; made && i < c.items; i++) {
        slot next;
        dmap__heap_pop(&free_at, &next);
        next.free_s += c.times[i] * next.slowness;
        memcpy(&next.key, &next.free_s, sizeof next.key);
        end_s = next.free_s > end_s ? next.free_s : end_s;
        dmap__heap_push(&free_at, &next);
    }
    efficiency = made ? 100 * sim_case_bound(&c) / end_s : 0;
    dmap__heap_fini(&free_at);
    sim_case_fini(&c);
    return efficiency;
}

static int rows(int ranks, int *failed) {
    int passed = 0;
    printf("\n%d ranks x %d workers, %d items a worker: %% of max(work/speed, longest item)\n%-16s%10s", ranks, WORKERS,
           ITEMS_PER_WORKER, "", "one queue");
    for (int s = DMAP_AUTO; s <= DMAP_FACTORING; s++)
        printf("%10s", sim_schedule_name((dmap_schedule)s));
    for (int l = 0; l < SIM_LOADS; l++) {
        printf("\n%-16s", sim_load_name((sim_load)l));
        printf("%8.1f%% ", list_efficiency(ranks, (sim_load)l));
        for (int s = DMAP_AUTO; s <= DMAP_FACTORING; s++) {
            char failure[256] = "";
            double efficiency = 0;
            bool good = cell(ranks, (sim_load)l, (dmap_schedule)s, failure, &efficiency);
            printf("%8.1f%s", efficiency, good ? "% " : "! ");
            passed += good;
            *failed += !good;
        }
        fflush(stdout);
    }
    printf("\n");
    return passed;
}

int sim_table(double message_s) {
    static const int sizes[] = {16, 256, 1024, 10000};
    int passed = 0, failed = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        passed += rows(sizes[i], &failed);
    failed += sim_saturation(message_s);
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
