/* What a crash costs, and what a process costs to start. On one worker, on this machine; medians, in milliseconds.
 * usage: bench_crash; figures go to stdout, one a line
 *
 * A crash: from the signal in the task to the first item of the process that replaces it. A start: from asking for a
 * process to its end, of a function that does nothing, in a program that holds 10 MB and one that holds 2 GB; beside
 * fork() and waitpid() of the program itself. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <dmap/process.h>

#define CRASHES 100
#define STARTS  50

/* Made before the fork server: the rank and all its processes see it. */
static double *crashed_s;

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_median(const char *what, double *seconds, size_t n) {
    qsort(seconds, n, sizeof *seconds, compare);
    printf("%-44s %8.3f ms   (%.3f to %.3f)\n", what, seconds[n / 2] * 1e3, seconds[0] * 1e3, seconds[n - 1] * 1e3);
}

/* ---- crashes ---- */

/* Odd items end the process, by the signal that is shared; the even ones say how long ago that was. */
static int crash(dmap_context *ctx, const void *item, void *result) {
    const int *number = dmap_shared(ctx, NULL);
    if (*(const uint64_t *)item % 2) {
        *crashed_s = now_s();
        raise(*number);
    }
    *(double *)result = now_s() - *crashed_s;
    return 0;
}

DMAP_TASK(bench_crashes, .run = crash, .item_size = 8, .result_size = 8);

static int measure_crashes(dmap_pool *pool, const char *what, int number) {
    static double all[2 * CRASHES + 1], some[CRASHES];
    dmap_map_options options = {.on_error = DMAP_KEEP_GOING, .progress = -1};
    dmap_share(pool, &number, sizeof number);
    dmap_map(pool, &bench_crashes, dmap_range(0, 2 * CRASHES + 1), dmap_into(all), &options);
    dmap_report report;
    dmap_report_get(pool, &report);
    if (report.failed != CRASHES) {
        fprintf(stderr, "%s\n", dmap_error(pool));
        return 1;
    }
    for (size_t i = 0; i < CRASHES; i++)
        some[i] = all[2 * i + 2];
    print_median(what, some, CRASHES);
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
        return 1;
    int failed = dmap_process_start(process) != DMAP_OK || dmap_process_join(process, -1) != DMAP_OK;
    dmap_process_close(process);
    return failed;
}

static int fork_one(dmap_start how) {
    (void)how;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid < 0 || waitpid(pid, NULL, 0) != pid;
}

static int measure_starts(const char *what, const char *memory, int (*start)(dmap_start how), dmap_start how) {
    double seconds[STARTS];
    char line[96];
    for (size_t i = 0; i < STARTS; i++) {
        double began = now_s();
        if (start(how)) {
            fprintf(stderr, "%s: %s\n", what, dmap_error(NULL));
            return 1;
        }
        seconds[i] = now_s() - began;
    }
    snprintf(line, sizeof line, "%s, %s", what, memory);
    print_median(line, seconds, STARTS);
    return 0;
}

static int measure_all_starts(const char *memory, size_t size) {
    char *ballast = malloc(size);
    if (!ballast)
        return 1;
    for (size_t i = 0; i < size; i += 4096)
        ((volatile char *)ballast)[i] = 1;
    int failed = measure_starts("fork() and waitpid()", memory, fork_one, DMAP_FORK) ||
                 measure_starts("process, DMAP_FORKSERVER", memory, start_one, DMAP_FORKSERVER) ||
                 measure_starts("process, DMAP_FORK", memory, start_one, DMAP_FORK);
    free(ballast);
    return failed;
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    (void)argc, (void)argv;
    return measure_crashes(pool, "SIGSEGV, with its backtrace", SIGSEGV) || measure_crashes(pool, "SIGKILL", SIGKILL) ||
           measure_all_starts("10 MB", (size_t)10 << 20) || measure_all_starts("2 GB", (size_t)2 << 30);
}

int main(int argc, char **argv) {
    crashed_s = mmap(NULL, sizeof *crashed_s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (crashed_s == MAP_FAILED)
        return 1;
    return dmap_run(argc, argv, main_fn, &(dmap_options){.backend = DMAP_PROCESSES, .workers = 1});
}
