/* Cases: how many ranks, how fast, which items, what goes wrong. All from the seed; every 1,000th is a large one.
 *
 * Sizes lean to the small: most mistakes of a scheduler show with three ranks and ten items, and thousands of those run
 * in the time of one with 10,000 ranks. */
#include "sim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *sim_load_name(sim_load load) {
    static const char *const names[SIM_LOADS] = {"uniform",     "exponential", "pareto 1.5",     "sorted up",
                                                 "sorted down", "one x 100",   "half-speed rank"};
    return names[load];
}

const char *sim_schedule_name(dmap_schedule schedule) {
    static const char *const names[] = {"auto", "static", "dynamic", "guided", "factoring"};
    return names[schedule];
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void reverse(double *values, uint64_t n) {
    for (uint64_t i = 0; i < n / 2; i++) {
        double kept = values[i];
        values[i] = values[n - 1 - i];
        values[n - 1 - i] = kept;
    }
}

static double draw(sim_case *c) {
    double u = sim_unit(&c->state);
    switch (c->load) {
    case SIM_EXPONENTIAL:
    case SIM_SORTED_UP:
    case SIM_SORTED_DOWN:
        return -log1p(-u) * c->mean_s;
    case SIM_PARETO: /* mean of Pareto(1.5) with least 1 is 3 */
        return c->mean_s / 3 * pow(1 - u, -1 / 1.5);
    default:
        return c->mean_s * (0.5 + u);
    }
}

bool sim_case_times(sim_case *c) {
    c->times = calloc(c->items + 1, sizeof *c->times);
    if (!c->times)
        return false;
    for (uint64_t i = 0; i < c->items; i++)
        c->times[i] = draw(c);
    if (c->load == SIM_SORTED_UP || c->load == SIM_SORTED_DOWN)
        qsort(c->times, c->items, sizeof *c->times, compare_doubles);
    if (c->load == SIM_SORTED_DOWN)
        reverse(c->times, c->items);
    if (c->load == SIM_ONE_LONG && c->items)
        c->times[sim_below(&c->state, c->items)] = 100 * c->mean_s;
    return true;
}

bool sim_case_ranks(sim_case *c, int most_workers, bool mixed) {
    c->workers = calloc((size_t)c->ranks, sizeof *c->workers);
    c->slowness = calloc((size_t)c->ranks, sizeof *c->slowness);
    if (!c->workers || !c->slowness)
        return false;
    for (int i = 0; i < c->ranks; i++) {
        c->workers[i] = mixed ? 1 + (int)sim_below(&c->state, (uint64_t)most_workers) : most_workers;
        c->slowness[i] = 1;
    }
    if (c->load == SIM_HALF_SPEED)
        c->slowness[c->ranks / 2] = 2;
    if (mixed && c->ranks > 1 && sim_chance(&c->state, 0.2))
        c->workers[sim_below(&c->state, (uint64_t)c->ranks - 1)] = 0;
    return true;
}

double sim_case_bound(const sim_case *c) {
    double work = 0, longest = 0, speed = 0;
    for (uint64_t i = 0; i < c->items; i++) {
        work += c->times[i];
        longest = c->times[i] > longest ? c->times[i] : longest;
    }
    for (int i = 0; i < c->ranks; i++)
        speed += c->workers[i] / c->slowness[i];
    return work / speed > longest ? work / speed : longest;
}

static bool make_failures(sim_case *c) {
    if (!sim_chance(&c->state, 0.4))
        return true;
    c->fail = calloc(c->items + 1, sizeof *c->fail);
    if (!c->fail)
        return false;
    double some = sim_chance(&c->state, 0.5) ? 0.01 : 0.2;
    double always = sim_chance(&c->state, 0.5) ? 0 : 0.3;
    for (uint64_t i = 0; i < c->items; i++)
        if (sim_chance(&c->state, some))
            c->fail[i] = sim_chance(&c->state, always) ? 255 : (uint8_t)(1 + sim_below(&c->state, 2));
    return true;
}

static bool make_results(sim_case *c) {
    static const uint32_t means[] = {0, 1, 8, 1000, 100000};
    c->bytes = calloc(c->items + 1, sizeof *c->bytes);
    if (!c->bytes)
        return false;
    uint32_t mean = means[sim_below(&c->state, 5)];
    bool variable = sim_chance(&c->state, 0.5);
    for (uint64_t i = 0; i < c->items; i++)
        c->bytes[i] = variable ? (uint32_t)sim_below(&c->state, 2 * (uint64_t)mean + 1) : mean;
    c->config.result_bytes = variable ? 0 : mean;
    c->config.window = 1 + sim_below(&c->state, ((uint64_t)mean + 1) * (1u << sim_below(&c->state, 12)));
    return true;
}

static void make_config(sim_case *c, bool large) {
    uint64_t *s = &c->state;
    c->config.schedule = (dmap_schedule)sim_below(s, 5);
    c->config.chunk = sim_chance(s, 0.3) ? 1 + sim_below(s, 40) : 0;
    c->config.max_chunk = sim_chance(s, 0.2) ? 1 + sim_below(s, 60) : 0;
    c->config.max_share = sim_chance(s, 0.2) ? 1 + sim_below(s, 20) : 0;
    c->config.all_share = c->config.max_share % 2; /* drawn with it: cases of a seed stay what they are */
    c->config.ordered = !large && sim_chance(s, 0.5);
    c->spec.stop = sim_chance(s, 0.5);
    c->spec.retries = (int)sim_below(s, 4);
    c->stream = sim_chance(s, 0.25);
    c->scant = !large && sim_chance(s, 0.15);
    c->slow_sink = sim_chance(s, 0.3);
    c->progress_s = sim_chance(s, 0.5) ? c->mean_s * (5 + (double)sim_below(s, 50)) : 0;
    c->limit_at_s = -1;
    if (sim_chance(s, 0.15)) {
        c->limit_at_s = sim_unit(s) * c->mean_s * (double)c->items / c->ranks;
        c->limit = sim_chance(s, 0.3) ? 0 : sim_below(s, c->items + 10);
    }
    c->drain_at_s = sim_chance(s, 0.1) ? sim_unit(s) * c->mean_s * (double)c->items / c->ranks : -1;
    c->config.no_prefetch = sim_chance(s, 0.15);
    c->hesitates = c->stream && sim_chance(s, 0.5);
    c->config.branches = c->ranks;
    c->config.workers = c->workers;
    c->config.count = c->items;
    c->config.is_stream = c->stream;
    c->config.is_offered = c->stream || c->scant;
}

/* Some results come by a slow link, or the master's thread is slow to copy. */
static bool make_links(sim_case *c) {
    static const double times[] = {0, 0, 1, 100};
    c->copy_s = c->mean_s * times[sim_below(&c->state, 4)] / 100;
    c->link_s = calloc((size_t)c->ranks, sizeof *c->link_s);
    for (int i = 0; c->link_s && i < c->ranks; i++)
        c->link_s[i] = c->mean_s * times[sim_below(&c->state, 4)];
    return c->link_s != NULL;
}

/* Nothing but work: a case whose time is checked. */
static void make_plain(sim_case *c) {
    free(c->fail);
    c->fail = NULL;
    c->plain = c->config.schedule != DMAP_STATIC;
    c->stream = c->scant = c->slow_sink = c->config.ordered = false;
    c->config.is_stream = c->config.is_offered = false;
    c->config.chunk = c->config.max_chunk = c->config.max_share = 0;
    c->limit_at_s = c->drain_at_s = -1;
    c->config.no_prefetch = c->hesitates = false;
}

bool sim_case_make(sim_case *c, uint64_t seed) {
    static const double means_s[] = {1e-7, 1e-5, 1e-3, 0.1};
    memset(c, 0, sizeof *c);
    c->seed = seed;
    c->killer = UINT64_MAX;
    c->state = seed * 0x2545f4914f6cdd1du + 1;
    uint64_t *s = &c->state;
    bool large = seed % 1000 == 999;
    c->ranks = large ? 1000 + (int)sim_below(s, 9001) : 1 + (int)sim_below(s, sim_chance(s, 0.1) ? 100 : 8);
    uint64_t most = large ? 100000 : (uint64_t)1 << sim_below(s, 12);
    c->items = sim_chance(s, 0.02) ? 0 : sim_below(s, most) + 1;
    c->load = (sim_load)sim_below(s, SIM_LOADS);
    c->mean_s = means_s[sim_below(s, 4)];
    c->latency_s = sim_chance(s, 0.3) ? 0 : 1e-6 * (double)(1u << sim_below(s, 11));
    int most_workers = sim_chance(s, 0.4) ? 1 : 1 << sim_below(s, 7);
    if (!sim_case_ranks(c, most_workers, true) || !sim_case_times(c) || !make_failures(c) || !make_results(c))
        return false;
    make_config(c, large);
    if (sim_chance(s, 0.25))
        make_plain(c);
    bool good = c->plain || !sim_chance(s, 0.2) || make_links(c);
    return good && (c->plain || large || !sim_chance(s, 0.3) || sim_lost_make(c));
}

void sim_case_fini(sim_case *c) {
    free(c->workers);
    free(c->slowness);
    free(c->link_s);
    free(c->dies_s);
    free(c->stops_s);
    free(c->resumes_s);
    free(c->times);
    free(c->bytes);
    free(c->fail);
}
