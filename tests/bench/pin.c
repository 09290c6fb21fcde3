/* Cores and the clock. Threads are pinned as OMP_PROC_BIND=close OMP_PLACES=cores would, but by hand: the OpenMP
 * run-time would pin the program's main thread for good, and with it what the other systems believe to be theirs. */
#include <sched.h>
#include <time.h>

#include "peer.h"

static cpu_set_t all;

void bench_pin_init(void) {
    sched_getaffinity(0, sizeof all, &all);
}

int bench_pin_cores(void) {
    return CPU_COUNT(&all);
}

void bench_pin(int core) {
    cpu_set_t one;
    CPU_ZERO(&one);
    for (size_t cpu = 0, n = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && n++ == (size_t)core)
            CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
}

void bench_unpin(void) {
    sched_setaffinity(0, sizeof all, &all);
}

double bench_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void bench_nap(double seconds) {
    struct timespec t = {.tv_sec = (time_t)seconds};
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    nanosleep(&t, NULL);
}
