/* The process is this very program, told by its command line what to be. The launcher's variables are kept from it, so
 * that it is a pool of one rank, and the CPUs are told to it, as mpirun may have bound this rank to one of them. While
 * it runs, the pool that is open sleeps. */
#include "bench_alone.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dmap/place.h>
#include <dmap/process.h>

enum { PATH_SIZE = 4096, LIST_SIZE = 16384, MOST_WORDS = 16 };

#define GRACE_S 60.0 /* that it may take longer than it was told */

/* Calls `see` for each worker of the master's node. */
static void each_here(dmap_pool *pool, void (*see)(void *arg, const dmap_place *place), void *arg) {
    const char *host = dmap_host(pool, 0);
    for (int rank = 0; rank < dmap_ranks(pool); rank++) {
        dmap_rank_report report;
        dmap_place place;
        if (strcmp(dmap_host(pool, rank), host) != 0 || dmap_report_rank(pool, rank, &report) != DMAP_OK)
            continue;
        for (int w = 0; w < report.workers; w++)
            if (dmap_worker_place(pool, rank, w, &place) == DMAP_OK)
                see(arg, &place);
    }
}

static void count(void *arg, const dmap_place *place) {
    (void)place;
    ++*(int *)arg;
}

int bench_workers_here(dmap_pool *pool) {
    int n = 0;
    each_here(pool, count, &n);
    return n;
}

/* A list that would be too long, or a worker that is not bound, makes it useless: then it is empty. */
typedef struct cpu_list {
    char text[LIST_SIZE];
    size_t length;
    bool broken;
} cpu_list;

static void add_cpus(void *arg, const dmap_place *place) {
    cpu_list *list = arg;
    size_t length = strlen(place->cpus);
    if (length == 0 || strstr(place->cpus, "...") || list->length + length + 2 > sizeof list->text)
        list->broken = true;
    if (list->broken)
        return;
    list->length += (size_t)snprintf(list->text + list->length, sizeof list->text - list->length, "%s%s",
                                     list->length ? "," : "", place->cpus);
}

/* ---- what it prints ---- */

static void read_line(const char *line, bench_pool *to) {
    char name[32];
    double value;
    if (sscanf(line, "%31s %lf", name, &value) != 2)
        return;
    for (int i = 0; i < BENCH_N_KINDS; i++)
        if (strcmp(name, bench_kinds[i].name) == 0)
            to->values[i] = value;
}

static void read_lines(FILE *in, bench_pool *to) {
    char line[128];
    for (int i = 0; i < BENCH_N_KINDS; i++)
        to->values[i] = NAN;
    while (fgets(line, sizeof line, in))
        read_line(line, to);
}

/* ---- running it ---- */

static bool end(dmap_process *process, bool started) {
    int code = -1;
    if (started && dmap_process_join(process, GRACE_S) != DMAP_OK) {
        dmap_process_kill(process);
        dmap_process_join(process, -1);
    }
    bool right = started && dmap_process_exit_code(process, &code) == DMAP_OK && code == 0;
    dmap_process_close(process);
    return right;
}

static bool run(const char *const *words, bench_pool *to) {
    int ends[2];
    dmap_process *process;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    dmap_process_options options = {.argv = words, .name = "dmap bench", .daemon = true, .output = ends[1]};
    FILE *in = fdopen(ends[0], "r");
    if (!in || dmap_process_open(&options, &process) != DMAP_OK) {
        close(ends[1]);
        in ? fclose(in) : close(ends[0]);
        return false;
    }
    bool started = dmap_process_start(process) == DMAP_OK;
    close(ends[1]);
    if (started)
        read_lines(in, to);
    fclose(in);
    return end(process, started);
}

bool bench_alone(dmap_pool *pool, double seconds, bench_pool *to, char *error, size_t error_size) {
    char path[PATH_SIZE], workers[16], time[32];
    const char *backend = to->backend == DMAP_PROCESSES ? "processes" : "threads";
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    cpu_list *cpus = calloc(1, sizeof *cpus);
    bool right = cpus && length > 0;
    if (right) {
        path[length] = '\0';
        snprintf(workers, sizeof workers, "%d", to->workers);
        snprintf(time, sizeof time, "%.3f", fmax(seconds, 0.1));
        each_here(pool, add_cpus, cpus);
        bool told = !cpus->broken && cpus->length > 0;
        const char *words[MOST_WORDS] = {path,        "bench", "--plain",   "--backend", backend,
                                         "--workers", workers, "--seconds", time,        told ? "--cpus" : NULL,
                                         cpus->text,  NULL};
        to->ranks = 1;
        right = run(words, to);
    }
    if (!right)
        snprintf(error, error_size, "the pool of one rank with %d %s could not be measured", to->workers, backend);
    free(cpus);
    return right;
}
