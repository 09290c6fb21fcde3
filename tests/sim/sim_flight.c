/* sim_flight: calls in flight on made-up branches, from seeds and from a table. See --help. The last line is
 * "N passed, M failed"; the exit status is 0 if none failed. */
#include "sim_flight.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/* A run may take so many times what the fluid bound says, and a call. What others have out when a call comes is not
 * taken back, and what a task takes is not known before some of it has run: so a call may take that much more. */
#define MAKESPAN 1.05
#define TURN     2.5
#define LATE_S   0.15
#define SHARE    0.7 /* of what the fluid bound says, that the calls had */
#define BATCH_S  100e-6

typedef struct options {
    uint64_t first, count;
    bool is_one, verbose, help;
} options;

static const char help[] = "usage: sim_flight [--seeds N] [--first SEED] [--seed SEED] [--verbose]\n"
                           "  --seeds N      run N seeds besides the table (default 200)\n"
                           "  --first SEED   beginning with this one (default: DMAP_SEED, else 1)\n"
                           "  --seed SEED    this one alone, without the table\n"
                           "  --verbose      print each case\n";

/* ---- cases ---- */

static bool make_branches(flight_case *c, int branches, int workers, bool mixed) {
    c->branches = branches;
    c->workers = calloc((size_t)branches, sizeof *c->workers);
    c->slowness = calloc((size_t)branches, sizeof *c->slowness);
    for (int i = 0; c->workers && c->slowness && i < branches; i++) {
        c->workers[i] = mixed ? 1 + (int)sim_below(&c->state, (uint64_t)workers) : workers;
        c->slowness[i] = mixed && sim_chance(&c->state, 0.1) ? 2 : 1;
    }
    return c->workers && c->slowness;
}

static bool make_calls(flight_case *c, int n) {
    c->n_calls = n;
    c->calls = calloc((size_t)n, sizeof *c->calls);
    for (int i = 0; c->calls && i < n; i++)
        c->calls[i] = (flight_call){.task = (uint32_t)i, .weight = 1, .leaves_s = INFINITY};
    return c->calls != NULL;
}

static void fini(flight_case *c) {
    free(c->workers);
    free(c->slowness);
    free(c->lost_s);
    free(c->calls);
}

static double log_uniform(flight_case *c, double least, double most) {
    return least * exp(sim_unit(&c->state) * log(most / least));
}

/* So much work, in items that take a while. */
static void make_work(flight_case *c, flight_call *call, double work_s, double least_s, double most_s) {
    call->item_s = log_uniform(c, least_s, most_s);
    call->items = 1 + (uint64_t)(work_s / call->item_s);
}

static double longest_s(const flight_case *c) {
    double longest = 0;
    for (int i = 0; i < c->n_calls; i++)
        longest = fmax(longest, 1.5 * c->calls[i].item_s);
    return longest;
}

/* Half of the branches, or fewer, are taken for lost while calls come and go. */
static bool make_lost(flight_case *c, double last_s) {
    c->lost_s = calloc((size_t)c->branches, sizeof *c->lost_s);
    for (int i = 0; c->lost_s && i < c->branches; i++)
        c->lost_s[i] = i && sim_chance(&c->state, 0.5) ? sim_unit(&c->state) * (last_s + 2) : INFINITY;
    return c->lost_s != NULL;
}

/* Calls of a second or so each that come within the time of their work. Tasks are few, so most are known. */
static bool make_random(flight_case *c, uint64_t seed) {
    uint64_t *s = &c->state;
    *c = (flight_case){.seed = seed, .state = seed * 0x2545f4914f6cdd1du + 1};
    int n = 2 + (int)sim_below(s, 30), branches = 1 + (int)sim_below(s, sim_chance(s, 0.1) ? 60 : 8);
    c->latency_s = sim_chance(s, 0.3) ? 0 : 1e-6 * (double)(1u << sim_below(s, 9));
    if (!make_branches(c, branches, 8, true) || !make_calls(c, n))
        return false;
    double speed = 0, last_s = sim_chance(s, 0.3) ? 0 : log_uniform(c, 0.1, 4);
    for (int i = 0; i < branches; i++)
        speed += c->workers[i] / c->slowness[i];
    for (int i = 0; i < n; i++) {
        flight_call *call = &c->calls[i];
        call->task = (uint32_t)sim_below(s, 4);
        call->weight = sim_chance(s, 0.3) ? 1 + (uint32_t)sim_below(s, 5) : 1;
        make_work(c, call, log_uniform(c, 1e-3, 0.5) * speed, 1e-4, 20e-3);
        call->arrives_s = last_s * sim_unit(s);
        if (sim_chance(s, 0.15))
            call->leaves_s = call->arrives_s + log_uniform(c, 1e-3, 2);
    }
    return !sim_chance(s, 0.2) || make_lost(c, last_s);
}

/* ---- what must hold ---- */

/* The last item of each branch, and what runs before it. */
static double slack_s(const flight_case *c) {
    return 4 * longest_s(c) + 15 * c->latency_s + 0.01;
}

/* The factor by which the call that did worst took longer than the fluid bound. */
static double worst_turn(const flight_case *c) {
    double worst = 0;
    for (int i = 0; i < c->n_calls; i++) {
        const flight_call *call = &c->calls[i];
        double took_s = call->ended_s - call->arrives_s - slack_s(c) - LATE_S;
        if (!call->gone)
            worst = fmax(worst, took_s / (call->fluid_ended_s - call->arrives_s));
    }
    return worst;
}

static void judge(flight_case *c) {
    if (c->lost_s) /* the bound knows nothing of that: each item ran once, which was looked at */
        return;
    if (!c->failure[0] && c->makespan_s > MAKESPAN * c->fluid_s + slack_s(c))
        snprintf(c->failure, sizeof c->failure, "took %g s, fluid %g s", c->makespan_s, c->fluid_s);
    if (!c->failure[0] && worst_turn(c) > TURN)
        snprintf(c->failure, sizeof c->failure, "a call took %g times what its part would", worst_turn(c));
}

static bool run_seed(uint64_t seed, bool verbose) {
    flight_case c;
    if (make_random(&c, seed)) {
        flight_run(&c);
        judge(&c);
    } else {
        snprintf(c.failure, sizeof c.failure, "out of memory");
    }
    if (verbose || c.failure[0]) {
        printf("seed %llu: %d calls on %d branches, latency %g s: %g s, fluid %g s, worst call %.2f, %llu chunks\n",
               (unsigned long long)seed, c.n_calls, c.branches, c.latency_s, c.makespan_s, c.fluid_s, worst_turn(&c),
               (unsigned long long)c.chunks);
    }
    if (c.failure[0])
        printf("seed %llu FAILED: %s\n", (unsigned long long)seed, c.failure);
    fini(&c);
    return !c.failure[0];
}

static bool tell(flight_case *c, const char *name, double jain) {
    printf("%-44s %8.5f s %8.5f s %7.2f %7.3f %7.3f %9llu%s%s\n", name, c->makespan_s, c->fluid_s, worst_turn(c),
           c->sample_s > 0 ? flight_share(c) : NAN, jain, (unsigned long long)c->chunks,
           c->failure[0] ? "  FAILED: " : "", c->failure);
    fflush(stdout);
    fini(c);
    return !c->failure[0];
}

/* Calls arrive at random at branches that would do their work in twice that time. */
static bool arrivals(uint64_t seed) {
    enum { CALLS = 100, BRANCHES = 1000 };
    flight_case c = {.seed = seed, .state = seed, .latency_s = 50e-6, .sample_s = 0.9};
    bool made = make_branches(&c, BRANCHES, 4, false) && make_calls(&c, CALLS);
    for (int i = 0; made && i < CALLS; i++) {
        make_work(&c, &c.calls[i], log_uniform(&c, 4, 400), 10e-3, 100e-3);
        c.calls[i].arrives_s = sim_unit(&c.state);
        c.calls[i].weight = 1 + (uint32_t)sim_below(&c.state, 3);
    }
    if (made) {
        flight_run(&c);
        judge(&c);
        if (!c.failure[0] && flight_share(&c) < SHARE)
            snprintf(c.failure, sizeof c.failure, "calls had %g of their shares", flight_share(&c));
    }
    return tell(&c, "100 calls arrive at 1,000 branches", NAN) && made;
}

/* A thousand calls in flight together, each with work for twice to 200 times its part until they are looked at. */
static bool together(uint64_t seed) {
    enum { CALLS = 1000, BRANCHES = 64 };
    flight_case c = {.seed = seed, .state = seed, .latency_s = 50e-6, .sample_s = 0.25};
    bool made = make_branches(&c, BRANCHES, 4, false) && make_calls(&c, CALLS);
    for (int i = 0; made && i < CALLS; i++) {
        flight_call *call = &c.calls[i];
        call->weight = 1 + (uint32_t)sim_below(&c.state, 3);
        make_work(&c, call, BRANCHES * call->weight * log_uniform(&c, 1, 100) / CALLS, 1e-4, 5e-3);
        call->leaves_s = 1.01 * c.sample_s;
    }
    if (made)
        flight_run(&c);
    if (made && !c.failure[0] && flight_jain(&c) < 0.95)
        snprintf(c.failure, sizeof c.failure, "Jain's index is %g", flight_jain(&c));
    return tell(&c, "1,000 calls on 64 branches for 0.25 s", made ? flight_jain(&c) : 0) && made;
}

typedef struct behind {
    const char *name;
    int branches, workers;
    double item_s, short_s, latency_s; /* an item of the long call, of the short one */
} behind;

/* Ten items behind ten million, of a known task, may take two batches, a round trip, and their own time. */
static bool short_behind_long(const behind *b, uint64_t seed) {
    flight_case c = {.seed = seed, .state = seed, .latency_s = b->latency_s};
    bool made = make_branches(&c, b->branches, b->workers, false) && make_calls(&c, 3);
    if (made) {
        c.calls[0] = (flight_call){.weight = 1, .items = 10, .item_s = b->short_s, .leaves_s = INFINITY};
        c.calls[1] = (flight_call){
            .task = 1, .weight = 1, .items = 10000000, .item_s = b->item_s, .arrives_s = 0.1, .leaves_s = 1};
        c.calls[2] = c.calls[0];
        c.calls[2].arrives_s = 0.5;
        flight_run(&c);
        double batch_s = fmax(BATCH_S, 1.5 * b->item_s) + BATCH_S, own_s = 1.5 * ceil(10.0 / b->workers) * b->short_s;
        double most_s = 2 * batch_s + 2.4 * b->latency_s + own_s + 50e-6, took_s = c.calls[2].ended_s - 0.5;
        if (!c.failure[0] && took_s > most_s)
            snprintf(c.failure, sizeof c.failure, "took %g s, not %g s", took_s, most_s);
        c.makespan_s = took_s;
        c.fluid_s = most_s;
    }
    return tell(&c, b->name, NAN) && made;
}

static const behind behinds[] = {
    {"10 items behind 10^7 of 10 us, 1 branch", 1, 4, 10e-6, 10e-6, 0},
    {"10 items behind 10^7 of 10 ms, 1 branch", 1, 4, 10e-3, 10e-6, 0},
    {"10 items behind 10^7 of 10 us, 8 branches", 8, 4, 10e-6, 10e-6, 50e-6},
    {"10 items behind 10^7 of 10 ms, 8 branches", 8, 4, 10e-3, 10e-6, 50e-6},
    {"10 items of 1 ms behind 10^7, 64 branches", 64, 4, 1e-3, 1e-3, 500e-6},
};
enum { BEHINDS = sizeof behinds / sizeof behinds[0], ROWS = 2 + BEHINDS };

static uint64_t table(uint64_t seed) {
    printf("%-44s %10s %10s %7s %7s %7s %9s\n", "", "took", "bound", "worst", "share", "Jain", "chunks");
    uint64_t passed = (uint64_t)arrivals(seed) + together(seed);
    for (int i = 0; i < BEHINDS; i++)
        passed += short_behind_long(&behinds[i], seed);
    return passed;
}

static bool read_number(const char *text, uint64_t *number) {
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

static bool read_options(int argc, char **argv, options *o) {
    static const struct option known[] = {
        {"seeds", required_argument, NULL, 'n'}, {"first", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},  {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    const char *from_env = getenv("DMAP_SEED");
    bool good = !from_env || read_number(from_env, &o->first);
    for (int c; good && (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        uint64_t *number = c == 'n' ? &o->count : &o->first;
        if (c == 'n' || c == 'f' || c == 's')
            good = read_number(optarg, number);
        if (c == 's')
            o->count = 1;
        o->is_one = o->is_one || c == 's';
        o->verbose = o->verbose || c == 'v';
        o->help = o->help || c == 'h';
        good = good && c != '?';
    }
    return good && optind == argc;
}

int main(int argc, char **argv) {
    options o = {.first = 1, .count = 200};
    if (!read_options(argc, argv, &o) || o.help) {
        fputs(help, o.help ? stdout : stderr);
        return o.help ? 0 : 2;
    }
    uint64_t passed = 0, rows = o.is_one ? 0 : ROWS;
    printf("sim_flight: seeds %llu to %llu\n", (unsigned long long)o.first,
           (unsigned long long)(o.first + o.count - 1));
    for (uint64_t i = 0; i < o.count; i++)
        passed += run_seed(o.first + i, o.verbose);
    if (rows)
        passed += table(o.first);
    printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)(o.count + rows - passed));
    return passed == o.count + rows && o.count ? 0 : 1;
}
