/* SIGHUP that was ignored from the start (nohup) stays so. SIGPIPE is ignored: a write says what is wrong. System calls
 * are not restarted, so that a write to a pipe that nobody reads can be given up. */
#include "run/control/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

static volatile sig_atomic_t stop, drain, list, toggle;
static _Atomic int64_t came_ns[NSIG]; /* when each came last; 0: never */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "handlers set them");

static void note(int number) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    atomic_store(&came_ns[number], (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
    if (number == SIGHUP)
        drain = 1;
    else if (number == SIGUSR1)
        list = 1;
    else if (number == SIGUSR2)
        toggle = 1;
    else if (number != SIGCONT)
        stop = number;
}

void run_signals_install(void) {
    static const int numbers[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT};
    struct sigaction noted = {.sa_handler = note}, ignored = {.sa_handler = SIG_IGN}, before;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (sigaction(numbers[i], NULL, &before) == 0 && (before.sa_handler != SIG_IGN || numbers[i] != SIGHUP))
            sigaction(numbers[i], &noted, NULL);
    sigaction(SIGPIPE, &ignored, NULL);
}

double run_signals_came(int number) {
    return (double)atomic_load(&came_ns[number]) * 1e-9;
}

int run_signals_stop(void) {
    return stop;
}

bool run_signals_drain(void) {
    return drain != 0;
}

bool run_signals_take_list(void) {
    bool wanted = list != 0;
    list = 0;
    return wanted;
}

bool run_signals_take_toggle(void) {
    bool wanted = toggle != 0;
    toggle = 0;
    return wanted;
}
