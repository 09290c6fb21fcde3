/* sim: runs the plan over made-up ranks, thousands of times, and checks every run. See --help.
 *
 * The last line is "N passed, M failed"; the exit status is 0 if none failed. A run of a known count, without failures,
 * window or limit under DMAP_AUTO is also checked against the bound of time: see slow(). */
#include "sim.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    uint64_t first, count;
    double message_s;
    bool verbose, table, links, help;
} options;

static const char help[] =
    "usage: sim [--seeds N] [--first SEED] [--seed SEED] [--verbose]\n"
    "       sim --table [--message SECONDS] | --links\n"
    "  --seeds N      run N seeds (default 2000; with DMAP_TEST_LONG=1 20000)\n"
    "  --first SEED   beginning with this one (default: DMAP_SEED, else 1)\n"
    "  --seed SEED    this one alone\n"
    "  --verbose      print each case, and every step of the plan if it is one seed\n"
    "  --table        print efficiencies, schedules by distributions, and end\n"
    "  --links        print efficiencies behind slow links, and end\n"
    "  --message S    what a message costs the master's thread (default 1e-6: MPI, wire, plan)\n";

static bool read_number(const char *text, uint64_t *number) {
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

static bool read_seconds(const char *text, double *seconds) {
    char *end;
    *seconds = strtod(text, &end);
    return end != text && *end == '\0' && *seconds > 0 && *seconds < 1;
}

static bool read_options(int argc, char **argv, options *o) {
    static const struct option known[] = {{"seeds", required_argument, NULL, 'n'},
                                          {"first", required_argument, NULL, 'f'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"verbose", no_argument, NULL, 'v'},
                                          {"table", no_argument, NULL, 't'},
                                          {"message", required_argument, NULL, 'm'},
                                          {"links", no_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    const char *from_env = getenv("DMAP_SEED");
    bool good = !from_env || read_number(from_env, &o->first);
    for (int c; good && (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'n':
            good = read_number(optarg, &o->count);
            break;
        case 's':
            o->count = 1;
            good = read_number(optarg, &o->first);
            break;
        case 'f':
            good = read_number(optarg, &o->first);
            break;
        case 'm':
            good = read_seconds(optarg, &o->message_s);
            break;
        case 'v':
            o->verbose = true;
            break;
        case 't':
            o->table = true;
            break;
        case 'l':
            o->links = true;
            break;
        case 'h':
            o->help = true;
            break;
        default:
            good = false;
        }
    }
    return good && optind == argc;
}

static void print_case(const sim_case *c) {
    const dmap__plan_config *p = &c->config;
    printf("seed %llu: %d ranks, %llu items%s, %s, mean %g s, latency %g s, %s, chunk %llu, max %llu, a worker %llu, "
           "%s, window %llu, "
           "result %llu, %s, %d retries%s%s%s, limit at %g s\n",
           (unsigned long long)c->seed, c->ranks, (unsigned long long)c->items, c->stream ? " (stream)" : "",
           sim_load_name(c->load), c->mean_s, c->latency_s, sim_schedule_name(p->schedule),
           (unsigned long long)p->chunk, (unsigned long long)p->max_chunk, (unsigned long long)p->max_share,
           p->ordered ? "ordered" : "unordered", (unsigned long long)p->window, (unsigned long long)p->result_bytes,
           c->spec.stop ? "stop" : "keep going", c->spec.retries, c->fail ? ", failures" : "",
           c->scant ? ", scant" : "", c->slow_sink ? ", slow sink" : "", c->limit_at_s);
}

/* A list schedule takes at most work / speed + the longest item on the slowest rank. The plan adds one more of these:
 * an item of a waiting lease begins behind a running one while workers of other ranks are idle, unseen by the master
 * (two more where chunks do not follow measured time); a few messages to take work back; and what is not worth one. */
static bool slow(const sim_case *c, double makespan_s) {
    if (!c->plain || c->items == 0)
        return false;
    double work = 0, longest = 0, speed = 0;
    for (uint64_t i = 0; i < c->items; i++) {
        work += c->times[i];
        longest = c->times[i] > longest ? c->times[i] : longest;
    }
    double slowest = 1;
    for (int i = 0; i < c->ranks; i++) {
        speed += c->workers[i] / c->slowness[i];
        slowest = c->slowness[i] > slowest ? c->slowness[i] : slowest;
    }
    bool measured = c->config.schedule == DMAP_AUTO || c->config.schedule == DMAP_DYNAMIC;
    return makespan_s > 1.05 * work / speed + (measured ? 2 : 4) * slowest * longest + 15 * c->latency_s + 500e-6;
}

static bool run_seed(uint64_t seed, bool verbose, bool steps) {
    sim_case c;
    char failure[256] = "out of memory";
    double makespan_s = 0;
    if (sim_case_make(&c, seed))
        sim_run(&c, steps, failure, &makespan_s);
    if (!failure[0] && slow(&c, makespan_s))
        snprintf(failure, sizeof failure, "took %g s, bound %g s", makespan_s, sim_case_bound(&c));
    if (failure[0] || verbose)
        print_case(&c);
    if (failure[0])
        printf("seed %llu FAILED: %s\n", (unsigned long long)seed, failure);
    sim_case_fini(&c);
    return !failure[0];
}

static int run_seeds(const options *o) {
    uint64_t passed = 0;
    printf("sim: seeds %llu to %llu\n", (unsigned long long)o->first, (unsigned long long)(o->first + o->count - 1));
    for (uint64_t i = 0; i < o->count; i++)
        passed += run_seed(o->first + i, o->verbose, o->verbose && o->count == 1);
    printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)(o->count - passed));
    return passed == o->count && o->count ? 0 : 1;
}

int main(int argc, char **argv) {
    const char *is_long = getenv("DMAP_TEST_LONG");
    options o = {.first = 1, .count = is_long && is_long[0] == '1' ? 20000 : 2000, .message_s = 1e-6};
    if (!read_options(argc, argv, &o)) {
        fputs(help, stderr);
        return 2;
    }
    if (o.help) {
        fputs(help, stdout);
        return 0;
    }
    if (o.links)
        return sim_links() ? 1 : 0;
    return o.table ? sim_table(o.message_s) : run_seeds(&o);
}
