/* The table of the master's thread: where it saturates. Each message that it gets from or sends to another rank takes
 * it some time, one after the other; the plan decides by what has been served. DMAP_AUTO, 4 workers a rank, 50 us of
 * latency, unordered; work for 256 items a worker, 64 on 10,000 ranks.
 *
 * "busy" is the share of the run that the thread spends on messages, and the rest of a cell what that leaves of
 * max(work / workers, longest item). */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#define WORKERS 4

static bool cell(int ranks, sim_load load, double mean_s, double message_s) {
    sim_case c;
    char failure[256] = "out of memory";
    double makespan_s = 1;
    memset(&c, 0, sizeof c);
    c.state = (uint64_t)ranks * 100 + (uint64_t)load;
    c.ranks = ranks;
    c.load = load;
    c.items = (uint64_t)ranks * WORKERS * (ranks < 10000 ? 256 : 64);
    c.mean_s = mean_s;
    c.latency_s = 50e-6;
    c.message_s = message_s;
    c.limit_at_s = c.drain_at_s = -1;
    if (sim_case_ranks(&c, WORKERS, false) && sim_case_times(&c)) {
        c.config.branches = ranks;
        c.config.workers = c.workers;
        c.config.count = c.items;
        sim_run(&c, false, failure, &makespan_s);
    }
    double efficiency = 100 * sim_case_bound(&c) / makespan_s;
    bool good = !failure[0] && efficiency < 100.1; /* more is impossible: not all was done */
    printf("%7.1f%% %5.1f%% %8.0f%s", efficiency, 100 * c.busy_s / makespan_s, (double)c.messages / makespan_s,
           good ? " " : "!");
    fflush(stdout);
    sim_case_fini(&c);
    return good;
}

int sim_saturation(double message_s) {
    static const int sizes[] = {16, 256, 1024, 4096, 10000};
    static const double means_s[] = {100e-6, 1e-3, 10e-3, 100e-3, 1};
    static const sim_load loads[] = {SIM_UNIFORM, SIM_EXPONENTIAL, SIM_PARETO};
    enum { SIZES = 5, MEANS = 5, LOADS = 3 };
    int failed = 0;
    printf("\nThe master's thread at %g s a message: efficiency, busy, messages/s\n%-18s", message_s, "ranks, items");
    for (int l = 0; l < LOADS; l++)
        printf("%25s", sim_load_name(loads[l]));
    for (int s = 0; s < SIZES; s++)
        for (int m = 0; m < MEANS; m++) {
            printf("\n%6d x %-9g", sizes[s], means_s[m]);
            for (int l = 0; l < LOADS; l++)
                failed += !cell(sizes[s], loads[l], means_s[m], message_s);
        }
    printf("\n");
    return failed;
}
