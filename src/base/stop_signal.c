/* Handlers run anywhere: they only touch atomics, and ring a bell, which is no more than a system call. */
#include "base/stop_signal.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/clock.h"

#define AWAIT_S 2.0  /* between a child's signal and the run's, at most: both are sent at once, to a busy machine */
#define LOOK_S  2e-3 /* between two looks */

enum { MOST = 3 /* signals that are noted: the next one ends the process, come what may */ };

static const int numbers[] = {SIGINT, SIGTERM};

static struct {
    _Atomic bool is_open, is_armed;
    _Atomic(dmap__bell *) bell;
    _Atomic int signal, count;
    _Atomic double at_s;
    pid_t process; /* that opened it: a copy of it that a task forks is ended by a signal */
} stop;

static void act_by_default(int number) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(number, &action, NULL);
    raise(number); /* it strikes when the handler has returned */
}

static void note(int number) {
    int reason = errno, none = 0;
    if (!atomic_load(&stop.is_armed) || getpid() != stop.process || atomic_fetch_add(&stop.count, 1) + 1 >= MOST) {
        act_by_default(number);
        errno = reason;
        return;
    }
    if (atomic_load(&stop.at_s) <= 0)
        atomic_store(&stop.at_s, dmap__clock_now());
    atomic_compare_exchange_strong(&stop.signal, &none, number);
    dmap__bell *bell = atomic_load(&stop.bell);
    if (bell)
        dmap__bell_ring(bell);
    errno = reason;
}

void dmap__stop_signal_open(void) {
    struct sigaction noted = {.sa_handler = note, .sa_flags = SA_RESTART}, before;
    stop.process = getpid();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(numbers[i], &noted, NULL);
    atomic_store(&stop.is_open, true);
}

void dmap__stop_signal_close(void) {
    struct sigaction action = {.sa_handler = SIG_DFL}, now;
    dmap__stop_signal_disarm();
    atomic_store(&stop.is_open, false);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler == note)
            sigaction(numbers[i], &action, NULL);
}

void dmap__stop_signal_arm(dmap__bell *bell) {
    atomic_store(&stop.bell, bell);
    atomic_store(&stop.is_armed, true);
}

void dmap__stop_signal_disarm(void) {
    atomic_store(&stop.is_armed, false);
    atomic_store(&stop.bell, NULL);
}

dmap__stop dmap__stop_signal_get(void) {
    return (dmap__stop){atomic_load(&stop.signal), atomic_load(&stop.count), atomic_load(&stop.at_s)};
}

static bool is_known(int signal) {
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (signal == numbers[i])
            return atomic_load(&stop.is_open);
    return false;
}

bool dmap__stop_signal_is(int signal) {
    return signal && atomic_load(&stop.signal) && is_known(signal);
}

bool dmap__stop_signal_await(int signal) {
    double until_s = dmap__clock_now() + AWAIT_S;
    while (is_known(signal) && !dmap__stop_signal_is(signal) && dmap__clock_now() < until_s)
        dmap__clock_sleep(LOOK_S);
    return dmap__stop_signal_is(signal);
}

void dmap__stop_signal_obey(void) {
    act_by_default(atomic_load(&stop.signal));
}
