/* What a crash costs, and what a process costs to start, in a program that holds 10 MB and in one that holds 2 GB.
 * usage: bench_crash [--quick|--tiny] [--out FILE]: rows go to stdout, or are added to the file
 *
 * A crash: from the signal in the task to the first item of the process that replaces it, on one worker; an item that
 * is not the first of its process does not count, and if any is missing nothing is recorded. A start: from asking for a
 * process, of a function that does nothing, to its end; beside fork() and waitpid() of the program itself. The ways
 * take turns. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <dmap/process.h>

#include "row.h"

enum { MOST = 100 };

#define MIB ((size_t)1 << 20)

/* Made before the fork server: the rank and all its processes see it. */
static double *crashed_s;

static struct {
    int crashes, starts;
    size_t large; /* MiB of the large program */
    const char *path;
    FILE *out;
} plan = {.crashes = 100, .starts = 40, .large = 2048};

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- crashes ---- */

/* Odd items end the process, by the signal that is shared; the even ones say how long ago that was, if their process
 * has run no other. */
static int crash(dmap_context *ctx, const void *item, void *result) {
    static bool begun;
    const int *number = dmap_shared(ctx, NULL);
    bool is_first = !begun;
    begun = true;
    if (*(const uint64_t *)item % 2) {
        *crashed_s = now_s();
        raise(*number);
    }
    *(double *)result = is_first ? now_s() - *crashed_s : NAN;
    return 0;
}

DMAP_TASK(bench_crashes, .run = crash, .item_size = 8, .result_size = 8);

static int refuse(const char *what) {
    fprintf(stderr, "bench_crash: %s\n", what);
    return 1;
}

/* Milliseconds of each crash. */
static int measure_crashes(dmap_pool *pool, int number, double *values) {
    double all[2 * MOST + 1];
    const uint64_t n = (uint64_t)plan.crashes;
    dmap_map_options options = {.on_error = DMAP_KEEP_GOING, .progress = -1};
    dmap_report report;
    if (dmap_share(pool, &number, sizeof number) != DMAP_OK)
        return refuse(dmap_error(pool));
    dmap_map(pool, &bench_crashes, dmap_range(0, 2 * n + 1), dmap_into(all), &options);
    dmap_report_get(pool, &report);
    if (report.items != 2 * n + 1 || report.failed != n)
        return refuse(dmap_error(pool));
    for (uint64_t i = 0; i < n; i++) {
        values[i] = all[2 * i + 2] * 1e3;
        if (isnan(values[i]))
            return refuse("an item after a crash was not the first of its process");
    }
    return 0;
}

static int record_crashes(dmap_pool *pool, size_t mib) {
    static const struct {
        const char *name, *role;
        int number;
    } ways[] = {{"dmap, SIGKILL", "dmap", SIGKILL}, {"dmap, SIGSEGV, with its backtrace", "form", SIGSEGV}};
    double values[MOST];
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (measure_crashes(pool, ways[i].number, values))
            return 1;
        bench_row row = {.figure = "crash",
                         .title = "crash: from the signal to the first item of the process that replaces it",
                         .unit = "ms",
                         .x_name = "MB held by the program",
                         .x = (double)mib,
                         .where = "processes",
                         .system = ways[i].name,
                         .role = ways[i].role,
                         .items = (uint64_t)plan.crashes,
                         .values = values,
                         .n_values = plan.crashes};
        if (!bench_row_write(&row, plan.out))
            return refuse("the rows cannot be written");
    }
    return 0;
}

/* ---- starts ---- */

static int do_nothing(void *argument, size_t size) {
    (void)argument, (void)size;
    return 0;
}

static int start_one(dmap_start how) {
    dmap_process_options options = {.run = do_nothing, .start = how, .daemon = true};
    dmap_process *process;
    if (dmap_process_open(&options, &process) != DMAP_OK)
        return refuse(dmap_error(NULL));
    bool failed = dmap_process_start(process) != DMAP_OK || dmap_process_join(process, -1) != DMAP_OK;
    if (failed)
        refuse(dmap_error(NULL));
    dmap_process_close(process);
    return failed;
}

static int fork_one(dmap_start how) {
    (void)how;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return (pid < 0 || waitpid(pid, NULL, 0) != pid) && refuse("fork failed");
}

static const struct way {
    const char *name, *role;
    int (*start)(dmap_start how);
    dmap_start how;
} ways[] = {{"fork, waitpid", "peer", fork_one, DMAP_FORK},
            {"dmap process, forkserver", "dmap", start_one, DMAP_FORKSERVER},
            {"dmap process, fork", "form", start_one, DMAP_FORK}};
enum { N_WAYS = sizeof ways / sizeof ways[0] };

static int record_starts(size_t mib) {
    double values[N_WAYS][MOST];
    for (int i = 0; i < plan.starts; i++)
        for (int w = 0; w < N_WAYS; w++) {
            double began = now_s();
            if (ways[w].start(ways[w].how))
                return 1;
            values[w][i] = (now_s() - began) * 1e3;
        }
    for (int w = 0; w < N_WAYS; w++) {
        bench_row row = {.figure = "start",
                         .title = "start and end of a child that does nothing",
                         .unit = "ms",
                         .x_name = "MB held by the program",
                         .x = (double)mib,
                         .where = "processes",
                         .system = ways[w].name,
                         .role = ways[w].role,
                         .items = (uint64_t)plan.starts,
                         .values = values[w],
                         .n_values = plan.starts};
        if (!bench_row_write(&row, plan.out))
            return refuse("the rows cannot be written");
    }
    return 0;
}

/* ---- the program ---- */

static int record_with(dmap_pool *pool, size_t mib) {
    long free_pages = sysconf(_SC_AVPHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if ((double)free_pages * (double)page < 1.5 * (double)(mib * MIB)) {
        fprintf(stderr, "bench_crash: skipped with %zu MB: there is not so much memory free\n", mib);
        return 0;
    }
    char *ballast = malloc(mib * MIB);
    if (!ballast)
        return refuse("out of memory");
    for (size_t i = 0; i < mib * MIB; i += 4096)
        ((volatile char *)ballast)[i] = 1;
    int failed = record_crashes(pool, mib) || record_starts(mib);
    free(ballast);
    return failed;
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    (void)argc, (void)argv;
    plan.out = plan.path ? fopen(plan.path, "a") : stdout;
    if (!plan.out)
        return refuse("the file cannot be opened");
    int failed = record_with(pool, 10) || record_with(pool, plan.large);
    return fclose(plan.out) != 0 || failed;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            plan.starts = 10;
        else if (strcmp(argv[i], "--tiny") == 0)
            plan.crashes = plan.starts = 3, plan.large = 64;
        else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
            plan.path = argv[++i];
        else
            return refuse("usage: bench_crash [--quick|--tiny] [--out FILE]") + 1;
    crashed_s = mmap(NULL, sizeof *crashed_s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (crashed_s == MAP_FAILED)
        return refuse("out of memory");
    return dmap_run(argc, argv, main_fn, &(dmap_options){.backend = DMAP_PROCESSES, .workers = 1});
}
