/* The handler does it all: it stops the jobs whose groups are on the pages, then this process as the signal would have,
 * and goes on here when that is continued.
 *
 * A job that is being started meanwhile is stopped by its spawner: that sets `job` and then looks at `suspended`, the
 * handler sets `suspended` and then looks at `job`, so one of them sees it. A page is given back only while no handler
 * is about: `handlers` counts them. */
#include "run/job/suspend.h"

#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "run/base/clock.h"

enum { MOST_PAGES = 8192 };

static _Atomic(spawner_page *) pages[MOST_PAGES];
static _Atomic int n_pages, handlers; /* n_pages: beyond it there are none */
static _Atomic int64_t suspended_ns;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void tell_all(int signal, int suspended) {
    for (int i = 0; i < atomic_load(&n_pages); i++) {
        spawner_page *page = atomic_load(&pages[i]);
        if (!page)
            continue;
        atomic_store(&page->suspended, suspended);
        pid_t job = atomic_load(&page->job);
        if (job > 0)
            kill(-job, signal);
    }
}

/* Stops this process as if there were no handler: not at all, if nobody could continue it. */
static void stop_here(int number) {
    struct sigaction usual = {.sa_handler = SIG_DFL}, ours;
    sigset_t this, before;
    sigemptyset(&this);
    sigaddset(&this, number);
    sigaction(number, &usual, &ours);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &this, &before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    sigaction(number, &ours, NULL);
}

static void suspend(int number) {
    int64_t began = now_ns();
    atomic_fetch_add(&handlers, 1);
    tell_all(SIGSTOP, 1);
    stop_here(number);
    tell_all(SIGCONT, 0);
    atomic_fetch_add(&suspended_ns, now_ns() - began);
    atomic_fetch_sub(&handlers, 1);
}

void run_suspend_install(void) {
    static const int numbers[] = {SIGTSTP, SIGTTIN, SIGTTOU};
    struct sigaction ours = {.sa_handler = suspend}, before;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaddset(&ours.sa_mask, numbers[i]);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &ours, NULL);
}

bool run_suspend_add(spawner_page *page) {
    for (int i = 0; i < MOST_PAGES; i++) {
        spawner_page *none = NULL;
        if (!atomic_compare_exchange_strong(&pages[i], &none, page))
            continue;
        for (int n = atomic_load(&n_pages); n <= i && !atomic_compare_exchange_weak(&n_pages, &n, i + 1);)
            continue;
        return true;
    }
    return false;
}

void run_suspend_remove(spawner_page *page) {
    for (int i = 0; i < atomic_load(&n_pages); i++) {
        spawner_page *expected = page;
        atomic_compare_exchange_strong(&pages[i], &expected, NULL);
    }
    while (atomic_load(&handlers) > 0)
        sched_yield();
}

double run_suspend_clock(void) {
    return run_clock() - (double)atomic_load(&suspended_ns) * 1e-9;
}
