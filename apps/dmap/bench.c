/* dmap bench: what dmap costs on the user's own cluster, and what follows from it. The pool that is open is measured
 * first; then, in processes of their own, pools of one rank on the master's node: of threads, of processes, of half the
 * workers. Only the master measures and prints. */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dmap/dmap.h>

#include "bench_alone.h"
#include "bench_options.h"
#include "bench_print.h"
#include "command.h"

enum { MOST_POOLS = 4 };

static int complain(const char *text, int status) {
    fprintf(stderr, "dmap bench: %s\n", text);
    return status;
}

/* "0-3,8": what it says; false if it names no CPU, or one that cannot be. */
static bool read_cpus(const char *text, cpu_set_t *set) {
    CPU_ZERO(set);
    while (*text) {
        char *end;
        unsigned long first = strtoul(text, &end, 10), last = first;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        if (end == text || last >= CPU_SETSIZE || first > last || (*end && *end != ','))
            return false;
        for (; first <= last; first++)
            CPU_SET(first, set);
        text = *end ? end + 1 : end;
    }
    return CPU_COUNT(set) > 0;
}

/* Pools that are to be measured alone: all but what the open pool is already. Returns how many there are in all. */
static int list_pools(dmap_pool *pool, bench_pool *pools) {
    int here = bench_workers_here(pool), n = 1;
    bool alone = dmap_ranks(pool) == 1;
    const bench_pool wanted[] = {{.backend = DMAP_THREADS, .workers = here},
                                 {.backend = DMAP_PROCESSES, .workers = here},
                                 {.backend = DMAP_THREADS, .workers = here / 2}};
    for (int i = 0; i < 3; i++)
        if (wanted[i].workers > 0 && !(alone && pools[0].backend == wanted[i].backend && wanted[i].workers == here))
            pools[n++] = wanted[i];
    return n;
}

static int measure_all(dmap_pool *pool, const bench_options *o) {
    bench_pool pools[MOST_POOLS] = {{.backend = o->pool.backend}};
    bench_advice advice;
    char error[256];
    int n = o->plain ? 1 : list_pools(pool, pools);
    if (!bench_measure(pool, o->seconds / n, &pools[0]))
        return complain(dmap_error(pool)[0] ? dmap_error(pool) : "out of memory", EXIT_FAILURE);
    for (int i = 1; i < n; i++)
        if (!bench_alone(pool, o->seconds / n, &pools[i], error, sizeof error))
            return complain(error, EXIT_FAILURE);
    if (o->plain) {
        bench_print_plain(&pools[0]);
        return EXIT_SUCCESS;
    }
    bench_advise(pools, n, &advice);
    (o->json ? bench_print_json : bench_print_table)(pools, n, &advice);
    return EXIT_SUCCESS;
}

/* What is not given comes from the environment; it is set here, so that what is measured can be named. */
static void set_backend(bench_options *o) {
    const char *backend = getenv("DMAP_BACKEND");
    if (o->pool.backend == DMAP_BACKEND_DEFAULT)
        o->pool.backend = backend && strcmp(backend, "processes") == 0 ? DMAP_PROCESSES : DMAP_THREADS;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    bench_options o;
    char error[512];
    int status = EXIT_SUCCESS;
    if (!bench_options_parse(argc, argv, &o, error, sizeof error))
        status = complain(error, EXIT_BAD_USAGE);
    else if (o.help)
        bench_options_print_help();
    else {
        set_backend(&o);
        status = measure_all(pool, &o);
    }
    if ((ferror(stdout) || fflush(stdout) != 0) && status == EXIT_SUCCESS)
        status = complain("standard output cannot be written", EXIT_FAILURE);
    return status;
}

int bench_command(int argc, char **argv) {
    bench_options o;
    char error[512];
    cpu_set_t cpus;
    bool measures = bench_options_parse(argc, argv, &o, error, sizeof error) && !o.help;
    set_backend(&o);
    if (measures && o.cpus && (!read_cpus(o.cpus, &cpus) || sched_setaffinity(0, sizeof cpus, &cpus) != 0))
        return complain("--cpus names CPUs that this process may not use", EXIT_BAD_USAGE);
    return measures ? dmap_run(argc, argv, run, &o.pool) : command_run_small(run, argc, argv);
}
