/* How a child ends: whatever its function does, exit() comes to leave_by_exit before any handler of the parent's.
 *
 * This file alone of the library ends processes, and names standard output: those of children. */
#include "proc/child_end.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

#include "proc/forkserver_client.h"
#include "proc/process_system.h"

static bool owns_all_streams;

/* Of a program that is compiled for coverage, if its linker was told to keep it (process.h): its counters are written
 * at the end of a process, by a handler that a child has not. */
void __gcov_dump(void) __attribute__((weak));

_Noreturn void dmap__child_leave(int code) {
    _exit(code);
}

_Noreturn void dmap__child_give_up(int ready, dmap__child_step step, int number) {
    dmap__child_trouble trouble = {(int32_t)step, number};
    if (!dmap__write_all(ready, &trouble, sizeof trouble))
        _exit(126);
    _exit(127);
}

/* The parent may have died meanwhile: that is not this process's end, unless it is a daemon. */
void dmap__child_say_ready(int ready) {
    static const dmap__child_trouble none = {DMAP__STEP_NONE, 0};
    signal(SIGPIPE, SIG_IGN);
    dmap__write_all(ready, &none, sizeof none);
    signal(SIGPIPE, SIG_DFL);
    close(ready);
}

static void leave_by_exit(int code, void *unused) {
    (void)unused;
    dmap__forkserver_close();
    if (__gcov_dump)
        __gcov_dump();
    fflush(owns_all_streams ? NULL : stdout);
    fflush(stderr);
    _exit(code & 0xff);
}

static void leave_with_thread(void *unused) {
    (void)unused;
    exit(0);
}

/* A function that ends its thread (pthread_exit) ends the process, as if it had no other thread. It may: its own, or
 * one of a library. Whoever waits for the process would wait for ever. */
_Noreturn void dmap__child_run(dmap_process_fn *run, void *argument, size_t size, bool owns_streams) {
    int code;
    owns_all_streams = owns_streams;
    on_exit(leave_by_exit, NULL);
    pthread_cleanup_push(leave_with_thread, NULL);
    code = run(argument, size);
    pthread_cleanup_pop(0);
    exit(code);
}

void dmap__child_reset_signals(void) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &standard, NULL);
}

void dmap__child_unblock_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void dmap__child_forget_streams(void) {
    __fpurge(stdin);
    __fpurge(stdout);
    __fpurge(stderr);
}
