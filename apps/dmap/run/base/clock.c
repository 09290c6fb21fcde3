#include "run/base/clock.h"

#include <time.h>

static double read_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double run_clock(void) {
    return read_clock(CLOCK_MONOTONIC);
}

double run_date(void) {
    return read_clock(CLOCK_REALTIME);
}
