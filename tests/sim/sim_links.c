/* The table of slow links: some ranks are behind one that takes so many times longer for results than the rank's four
 * workers take to make them. DMAP_AUTO, 50 us of latency, unordered, results of 1 MiB, 4 s of work a worker. In the
 * last column no link is slow, but the master's thread takes twice as long to copy a result as a rank takes to make it.
 *
 * The best possible split gives each rank what its workers or its link can do, whichever is less: its time is the
 * items over the sum of these rates, and what is printed is its part of the time that the plan took. A plan cannot
 * recall what has run, so some time is lost: the last two chunks, of 0.25 s or an item more. Who loses more has failed.
 * (The first chunks, of an item a worker before anything is known, are through even the slowest link before the
 * end.) */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS 4
#define WORK_S  4.0
#define COPY    2.0

typedef struct setting {
    int ranks, slow; /* of them, behind a slow link */
    double times;    /* that this link takes for a result, and ... */
    double copy;     /* ... the master's thread, by the time in which a rank makes one */
} setting;

static bool make_case(sim_case *c, const setting *s, sim_load load, double mean_s) {
    memset(c, 0, sizeof *c);
    c->state = (uint64_t)s->ranks * 100 + (uint64_t)load;
    c->ranks = s->ranks;
    c->load = load;
    c->items = (uint64_t)((double)s->ranks * WORKERS * WORK_S / mean_s);
    c->mean_s = mean_s;
    c->latency_s = 50e-6;
    c->progress_s = 0.1;
    c->copy_s = s->copy * mean_s / WORKERS;
    c->limit_at_s = c->drain_at_s = -1;
    c->killer = UINT64_MAX;
    c->link_s = calloc((size_t)c->ranks, sizeof *c->link_s);
    c->bytes = calloc(c->items, sizeof *c->bytes);
    if (!c->link_s || !c->bytes || !sim_case_ranks(c, WORKERS, false) || !sim_case_times(c))
        return false;
    for (int i = 0; i < s->slow; i++)
        c->link_s[c->ranks - 1 - i] = s->times * mean_s / WORKERS;
    for (uint64_t i = 0; i < c->items; i++)
        c->bytes[i] = 1 << 20;
    c->config.branches = c->ranks;
    c->config.workers = c->workers;
    c->config.count = c->items;
    return true;
}

static double best_s(const sim_case *c) {
    double work = 0, rate = 0;
    for (uint64_t i = 0; i < c->items; i++)
        work += c->times[i];
    double own = WORKERS * (double)c->items / work;
    for (int i = 1; i < c->ranks; i++)
        rate += c->link_s[i] > 0 && 1 / c->link_s[i] < own ? 1 / c->link_s[i] : own;
    if (c->copy_s > 0 && rate > 1 / c->copy_s)
        rate = 1 / c->copy_s;
    return (double)c->items / (own + rate);
}

static bool cell(const setting *s, sim_load load, double mean_s) {
    sim_case c;
    char failure[256] = "out of memory";
    double makespan_s = 1, best = 0, lost = 0;
    if (make_case(&c, s, load, mean_s)) {
        sim_run(&c, false, failure, &makespan_s);
        best = best_s(&c);
        lost = 2 * (0.25 + c.link_s[c.ranks - 1] + c.copy_s);
    }
    double efficiency = 100 * best / makespan_s;
    bool whole = !failure[0] && efficiency < 101; /* a little more than all if long items kept off the link */
    bool good = whole && makespan_s < 1.05 * best + lost;
    printf("%8.1f%s", efficiency, good ? "% " : "! ");
    fflush(stdout);
    sim_case_fini(&c);
    return good;
}

int sim_links(void) {
    static const setting sizes[] = {{.ranks = 2, .slow = 1}, {.ranks = 4, .slow = 1}, {.ranks = 8, .slow = 2}};
    static const sim_load loads[] = {SIM_UNIFORM, SIM_EXPONENTIAL};
    static const double means_s[] = {100e-6, 1e-3, 10e-3}, times[] = {0, 1, 2, 10, 100};
    enum { SIZES = 3, LOADS = 2, MEANS = 3, TIMES = 5 };
    int failed = 0;
    printf(
        "\nRanks behind a slow link, results that come so many times slower than they are made: %% of the best split\n"
        "%-32s%9g%10g%10g%10g%10g%10s",
        "", times[0], times[1], times[2], times[3], times[4], "copies");
    for (int n = 0; n < SIZES * LOADS * MEANS; n++) {
        setting s = sizes[n / (LOADS * MEANS)];
        sim_load load = loads[n / MEANS % LOADS];
        printf("\n%d of %d, %-12s x %-9g", s.slow, s.ranks, sim_load_name(load), means_s[n % MEANS]);
        for (int t = 0; t < TIMES; t++) {
            s.times = times[t];
            failed += !cell(&s, load, means_s[n % MEANS]);
        }
        failed += !cell(&(setting){.ranks = s.ranks, .copy = COPY}, load, means_s[n % MEANS]);
    }
    printf("\n");
    return failed;
}
